// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// X and y in working coordinates: X orthonormal, y its ordinary-least-squares residual.
///
/// Taking the least-squares fit off y changes β by a known amount and neither u nor the criterion,
/// and leaves r² = yᵀWy − ‖…‖² little to cancel.
struct FixedAssembly {
  let coordinates: FixedCoordinates
  /// From raw columns to the working ones of `tail`: those of the coordinates, or, beside absorbed factors, where any
  /// that differ by what these explain are as good, the same without constants.
  let B: DenseMatrix
  /// [X y]ᵀW[X y], y last.
  let tail: DenseMatrix
  /// Working y = raw y − X_raw · this.
  let removed: [Double]
  let responseIsConstant: Bool
  let lostDigits: LostDigits

  /// - Parameter absorption: What absorbed factors leave of [y X].
  init(
    _ specification: ModelSpecification, _ builder: DesignBuilder,
    _ absorption: FixedLevelsAssembly? = nil
  ) throws {
    let products = builder.products
    let basis = products.basis
    let all = absorption?.projected ?? products.fixed.matrix  // y is column 0
    let count = all.rows - 1
    var gram = DenseMatrix(rows: count, columns: count)
    for j in 0..<count { for i in 0..<count { gram[i, j] = all[i + 1, j + 1] } }
    let xy = (0..<count).map { all[0, $0 + 1] }
    let yy = all[0, 0]
    let whole = absorption.map { SquaresOfRows($0.products) } ?? SquaresOfRows(xy, yy, gram)

    let design = try builder.columns(
      specification.fixed, blocks: basis.fixed, directory: products.fixed.directory)
    // Raw columns of the directory start behind y.
    let shifted = design.combinations.map { $0.map { (raw: $0.raw - 1, value: $0.value) } }
    let C = DesignColumns(names: design.names, combinations: shifted)
      .matrix(rawCount: count)
    let own = Array(1..<max(all.rows, 1))
    let extended =
      count > Self.largestExtended || absorption != nil
      ? nil : products.fixed.extended?.submatrix(rows: own, columns: own)
    let working = WorkingBasis(
      gram: gram, extended: extended, columns: C,
      constant: specification.fixed.hasIntercept ? 0 : nil,
      whole: absorption == nil ? nil : whole.gram)
    let B = working.B
    let s = basis.responseScale

    var predictor = [Double](repeating: 0, count: count)
    for k in basis.predictor.indices { predictor[k] = basis.predictor[k] }
    // An intercept, or the levels of a factor, take the predictor's level as it is: projecting a mean of 1e9
    // would blur the slopes.
    let constant = working.coordinates(ofSum: design.constant.filter { !design.combinations[$0].isEmpty })
    let level = specification.fixed.hasIntercept ? predictor[0] : 0
    var rest = predictor
    rest[0] -= constant == nil ? level : predictor[0]
    let loss = working.loss.map { extended == nil ? $0 : $0.squareRoot() }
    // What was taken off the response while reading stays off as far as the model can express it.
    var (inside, outside) = Self.parts(of: rest, in: working, gram: gram)
    if let constant { inside = zip(inside, constant).map { $0 + (predictor[0] - level) * $1 } }
    let back = outside.map { $0 / s }
    let gramBack = gram * back
    let ry = zip(xy, gramBack).map { $0 + $1 }
    let ryy = yy + 2 * dot(back, xy) + dot(back, gramBack)

    let c = B.transposed * ry
    let fitted = B * c
    var removed = zip(fitted, back).map { $0 - $1 }
    if absorption != nil { removed[0] = 0 }
    self.removed = removed
    self.B = absorption == nil ? B : FixedLevels.withoutConstant(B)
    let p = B.columns
    var tail = DenseMatrix(rows: p + 1, columns: p + 1)
    let BGB = extended?.projected(B, B).high ?? B.transposed * (gram * B)
    for j in 0..<p { for i in 0..<p { tail[i, j] = (BGB[i, j] + BGB[j, i]) / 2 } }
    let gramFitted = gram * fitted
    // Where columns nearly depend on each other only BᵀGB has digits enough.
    let Xy =
      extended == nil
      ? B.transposed * zip(ry, gramFitted).map { $0 - $1 } : zip(c, BGB * c).map { $0 - $1 }
    for i in 0..<p {
      tail[i, p] = Xy[i]
      tail[p, i] = Xy[i]
    }
    tail[p, p] =
      extended == nil
      ? ryy - 2 * dot(fitted, ry) + dot(fitted, gramFitted)
      : ryy - 2 * dot(c, c) + dot(c, BGB * c)
    self.tail = tail
    let norms = WorkingBasis.norms(whole: whole.gram, gram)
    lostDigits = LostDigits(
      columns: zip(working.kept, loss).map { (design.names[$0], $1) },
      response: LostDigits.factor(
        [1] + removed,
        norms: ([max(whole.yy, 0).squareRoot()] + norms).map { $0 / tail[p, p].squareRoot() }))

    responseIsConstant = whole.isConstant(predictor, scale: s)
    coordinates = FixedCoordinates(
      names: design.names, kept: working.kept, R: working.R, B: B, leastSquares: c,
      predictor: inside, level: level, rawPredictor: zip(predictor, outside).map { $0 - $1 },
      responseScale: s,
      responseSize: whole.rootMeanSquare(predictor, scale: s))
  }

  /// From raw [y X] to working [X y], raw × (p + 1).
  var workingTail: DenseMatrix {
    let (raw, p) = (removed.count, B.columns)
    var C = DenseMatrix(rows: raw + 1, columns: p + 1)
    for j in 0..<p { for k in 0..<raw { C[k + 1, j] = B[k, j] } }
    C[0, p] = 1
    for k in 0..<raw { C[k + 1, p] = -removed[k] }
    return C
  }

  /// Raw columns beyond which products in more digits take too long.
  private static let largestExtended = 500

  /// Working coordinates of the part of a vector of raw coefficients that is in the model's column space, and
  /// the rest of it in raw coefficients, which is 0 where it is rounding.
  private static func parts(
    of raw: [Double], in working: WorkingBasis, gram: DenseMatrix
  ) -> (inside: [Double], outside: [Double]) {
    let image = gram * raw
    let inside = working.B.transposed * image
    let rest = zip(raw, working.B * inside).map { $0 - $1 }
    let square = dot(raw, image)
    let distance = dot(rest, gram * rest)
    // Rounding of B's large coefficients, where its columns nearly depend on each other.
    let ε = 4 * Double.ulpOfOne
    let rounding = ε * ε * (working.loss.max() ?? 1)
    return (inside, distance <= max(1e-18, rounding) * square ? raw.map { _ in 0 } : rest)
  }
}

/// Sums of squares over the rows: [y X]ᵀW[y X] in raw columns, of which the first of X is the constant.
private struct SquaresOfRows {
  let xy: [Double]
  let yy: Double
  let gram: DenseMatrix

  init(_ xy: [Double], _ yy: Double, _ gram: DenseMatrix) {
    (self.xy, self.yy, self.gram) = (xy, yy, gram)
  }

  init(_ all: DenseMatrix) {
    let own = Array(1..<max(all.rows, 1))
    self.init(own.map { all[0, $0] }, all[0, 0], all.submatrix(rows: own, columns: own))
  }

  /// √(yᵀWy / Σw) of the response, predictor + scaled rest.
  func rootMeanSquare(_ predictor: [Double], scale s: Double) -> Double {
    let taken = dot(predictor, gram * predictor)
    return (max(s * s * yy + 2 * s * dot(predictor, xy) + taken, 0) / gram[0, 0]).squareRoot()
  }

  /// Whether the response, predictor + scaled rest, varies by no more than the rounding of its
  /// values.
  func isConstant(_ predictor: [Double], scale: Double) -> Bool {
    var slopes = predictor.map { $0 / scale }
    let level = slopes[0]
    slopes[0] = 0  // the constant cannot make the response vary
    let image = gram * slopes
    let sum = xy[0] + image[0]
    let spread = yy + 2 * dot(slopes, xy) + dot(slopes, image) - sum * (sum / gram[0, 0])
    let rounding = 4 * level.ulp
    return !(spread > gram[0, 0] * rounding * rounding)
  }
}
