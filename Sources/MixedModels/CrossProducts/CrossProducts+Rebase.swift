// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension RawBasis {
  /// The same columns, but for shifts and scales: cross-products can be taken from one to the
  /// other.
  func isCompatible(with other: RawBasis) -> Bool {
    var (a, b) = (self, other)
    a.removeCentring()
    b.removeCentring()
    return a == b
  }

  private mutating func removeCentring() {
    for k in atoms.indices { (atoms[k].shift, atoms[k].scale) = (0, 1) }
    predictor = predictor.map { _ in 0 }
    responseScale = 1
    wantsExtendedSums = false
    groupMeans = [:]
  }

  /// The monomials of a block in this basis as combinations of those in `old`, m × m.
  func change(of block: ColumnBlock, from old: RawBasis) -> DenseMatrix {
    let index = Dictionary(uniqueKeysWithValues: block.monomials.enumerated().map { ($1, $0) })
    var change = DenseMatrix(rows: block.monomials.count, columns: block.monomials.count)
    for (k, monomial) in block.monomials.enumerated() {
      var terms: [(powers: [Monomial.Power], value: Double)] = [([], 1)]
      for power in monomial.powers {
        let polynomial = atoms[power.atom].polynomials(in: old.atoms[power.atom])[power.degree]
        terms = terms.flatMap { powers, value in
          polynomial.enumerated().map { degree, coefficient in
            (
              degree == 0 ? powers : powers + [.init(atom: power.atom, degree: degree)],
              value * coefficient
            )
          }
        }
      }
      for (powers, value) in terms { change[k, index[Monomial(powers: powers)]!] += value }
    }
    return change
  }

  /// All columns of a directory in this basis as combinations of those in `old`; with `response`, y
  /// in column 0.
  func change(
    of blocks: [ColumnBlock], _ directory: ColumnDirectory, from old: RawBasis, response: Bool
  ) -> DenseMatrix {
    var change = DenseMatrix(rows: directory.count, columns: directory.count)
    let byBlock = blocks.map { self.change(of: $0, from: old) }
    for run in directory.runs {
      let block = byBlock[run.block]
      for i in 0..<block.rows {
        for j in 0..<block.columns { change[run.start + i, run.start + j] = block[i, j] }
      }
    }
    guard response else { return change }
    // y_new = (scale_old y_old + predictor_old − predictor_new) / scale_new
    change[0, 0] = old.responseScale / responseScale
    let block = byBlock[0]
    for j in 0..<block.columns {
      let new = (0..<block.rows).reduce(0) { $0 + predictor[$1] * block[$1, j] }
      change[0, 1 + j] = (old.predictor[j] - new) / responseScale
    }
    return change
  }
}

extension Atom {
  /// T₀ … T_degree of this atom's t as combinations of those of `old`'s.
  fileprivate func polynomials(in old: Atom) -> [[Double]] {
    if spline != nil { return (0...degree).map { k in (0...k).map { $0 == k ? 1 : 0 } } }
    return Chebyshev.composed(degree: degree, a: old.scale / scale, b: (old.shift - shift) / scale)
  }
}

extension CrossProducts {
  /// The same rows in another basis.
  func rebased(to new: RawBasis) -> CrossProducts {
    guard new != basis else { return self }
    var specification = specification
    specification.basis = new
    var result = CrossProducts(specification)
    result.copyCounts(from: self)
    let x = new.change(of: basis.fixed, fixed.directory, from: basis, response: true)
    result.fixed = fixed.transformed(by: x)
    let z = groups.indices.map { g in
      new.change(of: basis.groups[g].blocks, groups[g].directory, from: basis, response: false)
    }
    for g in groups.indices { result.groups[g] = groups[g].transformed(z: z[g], x: x) }
    result.patterns = patterns.map { $0.transformed(by: x) }
    result.clusters = clusters?.transformed(z: x, x: DenseMatrix(rows: 0, columns: 0))
    for (pair, (g, h)) in groupPairs.enumerated() {
      result.pairs[pair] = pairs[pair].transformed(rows: z[g], columns: z[h])
    }
    result.parts = parts.map { part in
      var part = part
      part.fixed = part.fixed.transformed(by: x)
      for g in groups.indices { part.groups[g] = part.groups[g].transformed(z: z[g], x: x) }
      for (pair, (g, h)) in groupPairs.enumerated() {
        part.pairs[pair] = part.pairs[pair].transformed(rows: z[g], columns: z[h])
      }
      return part
    }
    result.moments = zip(moments, basis.atoms.indices).map { moment, atom in
      guard basis.atoms[atom].needsMoments else { return moment }
      return moment.transformed(by: new.atoms[atom].polynomials(in: basis.atoms[atom]))
    }
    return result
  }
}

extension AtomMoments {
  fileprivate func transformed(by polynomials: [[Double]]) -> AtomMoments {
    let width = degree + 1
    var result = AtomMoments(degree: degree)
    for i in 0..<width {
      for j in 0..<width {
        for (k, a) in polynomials[i].enumerated() {
          for (l, b) in polynomials[j].enumerated() {
            result.products[i * width + j] += a * products[k * width + l] * b
          }
        }
      }
    }
    return result
  }
}
