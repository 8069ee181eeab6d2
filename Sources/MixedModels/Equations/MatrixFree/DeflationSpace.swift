// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// V, an orthonormal basis of LᵀX₀ for fixed X₀: the space in which the few extreme eigenvectors of E
/// lie, for traces are taken exactly there and by probes elsewhere.
///
/// Whatever V is, tr f(E) = tr Vᵀf(E)V + tr (I − VVᵀ)f(E)(I − VVᵀ); the better it is, the less is left
/// to chance. What is extreme is that intercepts of crossed factors can hardly be told apart: X₀ is 1
/// for one column of one group, 0 elsewhere. Being an explicit function of θ, V has a derivative.
final class DeflationSpace {
  private let system: CrossedSystem
  private let team: ThreadTeam
  let V: Panel
  /// (I + E)V and Vᵀ(I + E)V, its lanes that are no vectors those of the identity.
  let image: Panel
  private(set) var inverseGram = LaneMatrix()
  /// For lanes of X₀: index among the core groups, column.
  let columns: [(member: Int, column: Int)]

  /// - Parameter isEmpty: Whether nothing is to be deflated: where the spectrum is spread out, a few
  ///   extreme eigenvectors do not matter.
  init(_ system: CrossedSystem, _ team: ThreadTeam, isEmpty: Bool = false) {
    (self.system, self.team) = (system, team)
    V = Panel(count: system.coreSize)
    image = Panel(count: system.coreSize)
    // First columns first: those are intercepts, where there are any.
    let widest = system.core.map(\.size).max() ?? 0
    let all = (0..<widest).flatMap { column in
      system.core.indices.filter { system.core[$0].size > column }.map { ($0, column) }
    }
    columns = isEmpty ? [] : Array(all.prefix(8))
  }

  var isEmpty: Bool { columns.isEmpty }

  var algebra: PanelAlgebra { PanelAlgebra(team: team, count: system.coreSize) }

  /// - Throws: `CholmodError.notPositiveDefinite` where X₀ᵀPX₀ is not finite.
  func update(_ core: CoreOperator) throws {
    guard !isEmpty else { return }
    core.forEachPart { part in
      let own = system.core[part.member]
      let (m, first) = (own.size, core.blockStarts[part.member])
      for place in part.places {
        for i in 0..<m {
          var row = Lanes.zero
          for (lane, column) in columns.enumerated() where column.member == part.member {
            if column.column >= i {
              row[lane] = core.L.start[first + place * m * m + i * m + column.column]
            }
          }
          V[own.first + place * m + i] = row
        }
      }
    }
    // Twice, for orthogonality to the last digit.
    for _ in 0..<2 { try orthonormalize() }
  }

  /// V ← V G⁻ᵀ for VᵀV = GGᵀ.
  private func orthonormalize() throws {
    let gram = algebra.gram(V, V)
    var G = DenseMatrix(rows: columns.count, columns: columns.count)
    for j in columns.indices { for i in columns.indices { G[i, j] = gram[i, j] } }
    do { try DenseCholesky.factorize(&G) } catch {
      throw CholmodError.notPositiveDefinite(column: error.column)
    }
    var inverse = DenseMatrix.identity(columns.count)
    G.storage.withUnsafeBufferPointer { G in
      inverse.storage.withUnsafeMutableBufferPointer {
        invertLower(columns.count, G.baseAddress!, into: $0.baseAddress!)
      }
    }
    var M = LaneMatrix()
    for r in columns.indices { for c in r..<columns.count { M[r, c] = inverse[c, r] } }
    algebra.forEach { _, rows in
      for i in rows {
        let x = V[i]
        var sum = Lanes.zero
        for r in 0..<8 { sum += x[r] * M.rows[r] }
        V[i] = sum
      }
    }
  }

  /// Takes (I + E)V, from which solves start.
  func setImage(_ panel: Panel) throws {
    algebra.copy(panel, to: image)
    let gram = algebra.gram(V, image)
    var K = DenseMatrix.identity(8)
    for j in columns.indices {
      for i in columns.indices { K[i, j] = 0.5 * (gram[i, j] + gram[j, i]) }
    }
    do { try DenseCholesky.factorize(&K) } catch {
      throw CholmodError.notPositiveDefinite(column: error.column)
    }
    let inverse = DenseCholesky.inverse(factor: K)
    for r in 0..<8 { for c in 0..<8 { inverseGram[r, c] = inverse[r, c] } }
  }

  /// x ← (I − VVᵀ)x; returns Vᵀx.
  @discardableResult
  func project(_ x: Panel) -> LaneMatrix {
    let coordinates = algebra.gram(V, x)
    algebra.add(-1, V, times: coordinates, to: x)
    return coordinates
  }
}

extension LaneMatrix {
  static func * (a: LaneMatrix, b: LaneMatrix) -> LaneMatrix {
    LaneMatrix(
      rows: a.rows.map { row in
        (0..<8).reduce(Lanes.zero) { $0 + row[$1] * b.rows[$1] }
      })
  }

  var transposed: LaneMatrix {
    var result = LaneMatrix()
    for r in 0..<8 { for c in 0..<8 { result[c, r] = self[r, c] } }
    return result
  }
}
