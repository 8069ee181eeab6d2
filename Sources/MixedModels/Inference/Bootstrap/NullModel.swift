// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// A smaller model written in the columns of a larger one, so that one response drawn by the larger
/// one's cross-products gives the products of both.
struct NullModel {
  let model: LinearMixedModel
  /// The covariance parameters of the smaller model's fit.
  let φ: [Double]
  /// In units of the response.
  let sigma: Double
  /// Working columns of every group of the larger model that span the smaller one's; none where the
  /// group is absent.
  let maps: [DenseMatrix]
  /// The smaller model's working columns of X as combinations of the larger one's.
  let fixedMap: DenseMatrix

  /// Of a model that was made from the larger one: by `LinearMixedModel.reduction(to:)`, with the same
  /// columns of X.
  init(reduced model: LinearMixedModel, maps: [DenseMatrix], φ: [Double], sigma: Double) {
    (self.model, self.maps, self.φ, self.sigma) = (model, maps, φ, sigma)
    fixedMap = .identity(model.fixedEffectCount)
  }

  /// Columns are matched by their names, and the match is tested: the fit's criterion must come out.
  ///
  /// - Throws: `InferenceError` where the columns cannot be matched; `FitError`, `CholmodError`.
  init(_ smaller: FittedModel, in larger: FittedModel) throws {
    let pieces = try Self.pieces(
      smaller.model, in: larger.model, covarying: larger.options.covaryingFactors)
    let (random, maps) = try larger.model.reduction(
      to: pieces, determinedBy: smaller.options.criterion)
    let qr = try Self.fixedColumns(smaller.model, in: larger.model)
    self.maps = maps
    fixedMap = qr.q
    model = random.replacingFixedPart(by: qr.q, R: qr.r)
    let (blocks, own) = (model.covariance.blocks, smaller.model.covariance.blocks)
    guard blocks.count == own.count, zip(blocks, own).allSatisfy({ $0.hasForm(of: $1) }) else {
      throw Self.mismatch()
    }
    φ = model.covariance.working(smaller.fit.theta.values)
    sigma = smaller.fit.sigma
    let response = products(of: larger.model.response)
    let same = model.replacingResponse(response)
    let kind = smaller.options.criterion
    let solver = EquationsPlan.exactSolver(insteadOf: smaller.options.solver)
    let found = try Refitting(same, kind: kind, start: φ, solver: solver).criterion(same)
    let expected = smaller.comparableCriterion
    let difference = abs(found - model.shift(kind) - expected)
    let error = smaller.fit.solver.criterionStandardError ?? 0
    guard difference < 1e-5 + 1e-9 * Double(model.observations) + 6 * error else {
      throw Self.mismatch()
    }
  }

  private static func mismatch(_ name: String? = nil) -> InferenceError {
    let found = name.map { "“\($0)” is not among the larger model's" } ?? "some differ in content"
    return .refused(
      "the bootstrap test needs the smaller model's columns among those of the larger one, with the same names: \(found). Write both formulas with the same variables and contrasts."
    )
  }

  /// Every term of the smaller model as columns of a term of the larger one.
  private static func pieces(
    _ smaller: LinearMixedModel, in larger: LinearMixedModel, covarying: [String]
  ) throws -> [(term: Int, columns: [Int])] {
    let both = covarying.joined(separator: ",")
    return try smaller.terms.map { term in
      let isOne = covarying.contains(term.groupName)
      let groupName = isOne ? both : term.groupName
      let columns = term.columns.map {
        isOne ? LinearMixedModel.covaryingColumn($0, of: term.groupName) : $0
      }
      let hosts = larger.terms.indices.filter { t in
        larger.terms[t].groupName == groupName
          && Set(larger.terms[t].columns.map(Label.init)).isSuperset(of: columns.map(Label.init))
      }
      let host = hosts.min {
        larger.terms[$0].columns.count < larger.terms[$1].columns.count
      }
      guard let host else {
        throw mismatch("(\(term.columns.joined(separator: ", ")) | \(term.groupName))")
      }
      return (host, columns.map { larger.terms[host].columns.firstIndex(ofLabel: $0)! })
    }
  }

  /// The smaller model's reported columns as combinations of the larger one's working columns.
  private static func fixedColumns(
    _ smaller: LinearMixedModel, in larger: LinearMixedModel
  ) throws -> ColumnOrderedQR {
    let known = larger.fixed.kept.map { larger.fixed.names[$0] }
    let columns = try smaller.fixed.kept.map { k in
      let name = smaller.fixed.names[k]
      guard let place = known.firstIndex(ofLabel: name) else { throw mismatch(name) }
      return place
    }
    let all = Array(0..<larger.fixedEffectCount)
    return ColumnOrderedQR(larger.fixed.R.submatrix(rows: all, columns: columns), tolerance: 0)
  }

  /// What a response's products with the larger model's columns say of the smaller one's.
  func products(of response: ResponseProducts) -> ResponseProducts {
    var z: [[Double]] = []
    for (T, old) in zip(maps, response.z) where T.columns > 0 {
      var new = [Double](repeating: 0, count: old.count / T.rows * T.columns)
      for level in 0..<old.count / T.rows {
        for j in 0..<T.columns {
          for i in 0..<T.rows {
            new[level * T.columns + j] += T.storage[j * T.rows + i] * old[level * T.rows + i]
          }
        }
      }
      z.append(new)
    }
    return ResponseProducts(
      z: z, x: fixedMap.multipliedByTransposeOnLeft(response.x), square: response.square)
  }

  /// Responses of the smaller model by the products of the larger one.
  ///
  /// - Throws: `InferenceError` where crossed factors are too large.
  func simulator(_ larger: LinearMixedModel) throws -> ResponseSimulator {
    var factors = model.covariance.emptyFactors
    model.covariance.factors(φ, into: &factors)
    var next = 0
    let spreads = maps.map { T in
      guard T.columns > 0 else { return T }
      defer { next += 1 }
      return T * DenseMatrix(rows: T.columns, columns: T.columns, storage: factors[next])
    }
    return try ResponseSimulator(
      larger, spreads: spreads, sigma: sigma / larger.fixed.responseScale)
  }
}

extension LinearMixedModel {
  /// From reported columns of X to orthonormal ones, for criteria of models in different columns.
  func shift(_ kind: CriterionKind) -> Double { kind == .reml ? fixed.logDeterminantShift : 0 }

  /// The model with working columns X Q, reported ones X Q R.
  fileprivate func replacingFixedPart(by Q: DenseMatrix, R: DenseMatrix) -> LinearMixedModel {
    let (p, kept) = (fixedEffectCount, Q.columns)
    var map = DenseMatrix(rows: p + 1, columns: kept + 1)
    for j in 0..<kept { for i in 0..<p { map[i, j] = Q[i, j] } }
    map[p, kept] = 1
    let groups = groups.map { group in
      let ℓ = group.size
      let zx = (0..<group.levelCount).flatMap { level in
        let own = group.zx[level * ℓ * (p + 1)..<(level + 1) * ℓ * (p + 1)]
        return (DenseMatrix(rows: ℓ, columns: p + 1, storage: Array(own)) * map).storage
      }
      return RandomEffectsGroup(
        size: ℓ, levels: group.levels, zz: group.zz, zx: zx, rank: group.rank, B: group.B,
        precision: group.precision)
    }
    let none = [Double](repeating: 0, count: kept)
    return LinearMixedModel(
      observations: observations, sumOfLogWeights: sumOfLogWeights, groups: groups,
      fixedLevels: nil, pairs: pairs,
      tail: map.multipliedByTransposeOnLeft(tail * map), covariance: covariance,
      fixed: FixedCoordinates(
        names: (0..<kept).map { "\($0)" }, kept: Array(0..<kept), R: R, B: fixed.B * Q,
        leastSquares: none, predictor: none, level: 0,
        rawPredictor: fixed.rawPredictor.map { _ in 0 },
        responseScale: fixed.responseScale, responseSize: fixed.responseSize),
      terms: terms, knownVariance: knownVariance)
  }

  /// The response itself, with what was taken off it put back, in units of the scaled one.
  fileprivate var response: ResponseProducts {
    let p = fixedEffectCount
    var β = (0..<p).map { fixed.leastSquares[$0] + fixed.predictor[$0] / fixed.responseScale }
    if fixed.level != 0 { β[0] += fixed.R[0, 0] * fixed.level / fixed.responseScale }
    let z = groups.map { group in
      let ℓ = group.size
      return (0..<group.levelCount * ℓ).map { row in
        let (level, i) = (row / ℓ, row % ℓ)
        return (0...p).reduce(0) {
          $0 + group.zx[(level * (p + 1) + $1) * ℓ + i] * ($1 < p ? β[$1] : 1)
        }
      }
    }
    let whole = β + [1]
    let x = tail * whole
    return ResponseProducts(
      z: z, x: Array(x[..<p]), square: zip(x, whole).reduce(0) { $0 + $1.0 * $1.1 })
  }
}

extension FittedModel {
  /// The criterion for orthonormal columns of X.
  var comparableCriterion: Double { fit.criterion - model.shift(options.criterion) }
}
