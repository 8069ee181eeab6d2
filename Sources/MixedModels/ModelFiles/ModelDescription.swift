// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// `lmm-sparse.json`, the first member of a model file: all of the cross-products that is no array.
enum ModelDescription {
  static let member = "lmm-sparse.json"
  static let format = "lmm-sparse model"
  /// Raised with every change that an older program would misread.
  static let version = 4
  /// Of a file that needs no more: without strata a program of the first version reads it as well.
  private static let (versionOfOneA, versionOfStrata, versionOfSteps) = (1, 2, 3)

  /// The earliest that knows all that is in a file.
  private static func version(for basis: RawBasis) -> Int {
    guard basis.serial != nil else { return basis.strata != nil ? versionOfStrata : versionOfOneA }
    return basis.strata != nil ? version : versionOfSteps
  }

  static func json(_ products: CrossProducts) -> JSONValue {
    let specification = products.specification
    let options = specification.options
    let known = specification.columnKinds
    var members: [(String, JSONValue)] = [
      ("format", .string(format)),
      ("version", .integer(version(for: products.basis))),
      ("written_by", .string("lmm-sparse \(softwareVersion)")),
      ("formula", .string(specification.formula.text)),
      ("made_for", .string(specification.origin.text)),
      ("data", .strings(products.data)),
      ("weights", .optional(options.weights)),
      ("offset", .optional(options.offset)),
    ]
    members += strata(products) + steps(products)
    members += [
      ("columns", .sorted(known) { .string($0.word) }),
      ("levels", .sorted(options.levels.filter { known[$0.key] != nil }, JSONValue.strings)),
      ("contrasts", .sorted(options.contrasts.filter { known[$0.key] != nil }, \.json)),
      ("na", .string(options.omitsMissing ? "omit" : "fail")),
      ("missing", .strings(options.missingTexts.sorted())),
      ("nobs", .integer(products.observations)),
      ("nobs_omitted", .integer(products.omittedObservations)),
      ("sum_weights", .number(products.sumOfWeights)),
      ("sum_log_weights", .number(products.sumOfLogWeights)),
      ("column_sums", .sorted(products.columnSums.values, JSONValue.number)),
      ("layout", layout(specification)),
      ("centring", centring(products)),
    ]
    // Files without clusters are those of versions that did not have any.
    if let clusters = options.clusters { members.append(("clusters", .string(clusters))) }
    if !options.splines.isEmpty {
      members.append(("splines", .sorted(options.splines, JSONValue.knots)))
    }
    if !options.setApart.isEmpty {
      members.append(("sparse_fixed", .strings(options.setApart)))
    }
    let means = products.basis.groupMeanSources.map(\.name)
    if !means.isEmpty { members.append(("group_means", .strings(means))) }
    if let residual = options.residual { members.append(("residual", .string(residual.text))) }
    return .object(members)
  }

  /// What tells residual variances apart, and the rows of every stratum; none without strata.
  private static func strata(_ products: CrossProducts) -> [(String, JSONValue)] {
    guard products.basis.strata != nil else { return [] }
    let options = products.specification.options
    let parts = products.parts.prefix(products.strataPartCount)
    return [
      ("residual_by", .optional(options.residualBy)),
      ("strata_nobs", .array(parts.map { .integer($0.observations) })),
      ("strata_extended", .array(parts.map { .bool($0.fixed.isExtended) })),
    ]
  }

  /// The times between rows of a subject that follow each other, and the strata of the two; none where rows are
  /// independent.
  private static func steps(_ products: CrossProducts) -> [(String, JSONValue)] {
    guard products.basis.serial != nil else { return [] }
    let (kinds, parts) = (products.gaps.kinds, products.parts.dropFirst(products.strataPartCount))
    let strata = kinds.map { JSONValue.array($0.strata.map { .integer(Int($0)) }) }
    return [
      ("step_lengths", .numbers(kinds.map(\.length))),
      ("step_counts", .array(products.gaps.steps.map { .integer($0) })),
      ("steps_extended", .array(parts.map { .bool($0.fixed.isExtended) })),
    ] + (products.basis.strata == nil ? [] : [("step_strata", .array(strata))])
  }

  /// Which columns A has.
  ///
  /// Follows from the formulas and the columns' kinds: a reader makes it anew
  /// and compares.
  static func layout(_ specification: ModelSpecification) -> JSONValue {
    let basis = specification.basis
    let names = basis.atoms.map(\.expression.deparsed)
    func blocks(_ blocks: [ColumnBlock]) -> JSONValue {
      .array(
        blocks.map { block in
          .object([
            ("cells", .optional(block.cellSet)),
            ("monomials", .strings(block.monomials.map { $0.text(names) })),
          ])
        })
    }
    var members: [(name: String, value: JSONValue)] = [
      ("response", .string(basis.response.deparsed)),
      ("offsets", .strings(basis.offsets.map(\.deparsed))),
      (
        "numbers",
        .array(
          basis.atoms.map {
            .object(
              [
                ("expression", .string($0.expression.deparsed)), ("degree", .integer($0.degree)),
                ("has_moments", .bool($0.needsMoments)),
              ] + ($0.spline.map { [("spline", spline($0))] } ?? []))
          })
      ),
      (
        "cells",
        .array(
          basis.cellSets.map { set in
            switch set {
            case .factor(let f): .object([("factor", .string(basis.factors[f].name))])
            case .product(let a, let b): .object([("product", .array([.integer(a), .integer(b)]))])
            }
          })
      ),
      ("fixed", blocks(basis.fixed)),
      (
        "groups",
        .array(
          basis.groups.map { group in
            .object(
              [("cells", .integer(group.cellSet)), ("blocks", blocks(group.blocks))]
                + (group.isFixed ? [("fixed", .bool(true))] : []))
          })
      ),
    ]
    if let clusters = basis.clusters {
      let nestings = clusters.nestings.map { JSONValue.optional($0) }
      members.append(
        (
          "clusters",
          .object([("cells", .integer(clusters.cellSet)), ("with_groups", .array(nestings))])
        ))
    }
    return .object(members)
  }

  private static func spline(_ basis: SplineBasis) -> JSONValue {
    .object([
      ("natural", .bool(basis.call.isNatural)), ("degree", .integer(basis.call.degree)),
      ("intercept", .bool(basis.call.hasIntercept)), ("knots", .knots(basis.knots)),
    ])
  }

  /// Shifts, scales and what was taken off the response, which the first rows decided.
  private static func centring(_ products: CrossProducts) -> JSONValue {
    let basis = products.basis
    return .object([
      ("shifts", .numbers(basis.atoms.map(\.shift))),
      ("scales", .numbers(basis.atoms.map(\.scale))),
      ("moments", .array(products.moments.map { .numbers($0.products) })),
      ("predictor", .numbers(basis.predictor)),
      ("response_scale", .number(basis.responseScale)),
      ("extended", .bool(products.fixed.isExtended)),
    ])
  }
}

extension JSONValue {
  /// Members in the order of their names: equal dictionaries make equal text.
  static func sorted<Value>(
    _ dictionary: [String: Value], _ value: (Value) -> JSONValue
  ) -> JSONValue {
    .object(dictionary.sorted { $0.key < $1.key }.map { ($0.key, value($0.value)) })
  }
}

extension JSONValue {
  /// The lower boundary, the interior knots, the upper boundary.
  fileprivate static func knots(_ knots: SplineKnots) -> JSONValue {
    .numbers([knots.lower] + knots.interior + [knots.upper])
  }
}

extension Monomial {
  /// `1`, `x`, `T2(x)*z`: T2 is the Chebyshev polynomial of (x − shift) / scale, as `x` alone is
  /// T1; or the second column of a spline.
  fileprivate func text(_ names: [String]) -> String {
    if powers.isEmpty { return "1" }
    return powers.map { $0.degree == 1 ? names[$0.atom] : "T\($0.degree)(\(names[$0.atom]))" }
      .joined(separator: "*")
  }
}

extension Contrast {
  var json: JSONValue {
    switch self {
    case .treatment, .sum, .helmert, .polynomial, .deviation, .successiveDifferences: .string(word)
    case .matrix(let levels, let columns, let values):
      .object([
        ("levels", .strings(levels)), ("columns", .strings(columns)), ("values", .matrix(values)),
      ])
    }
  }

  init(_ json: JSONMember) throws(MalformedMember) {
    guard case .string(let word) = json.value else {
      let rows = try json["values"].elements
      let (levels, columns) = (try json["levels"].distinctStrings, try json["columns"].strings)
      let values = try rows.map { (row) throws(MalformedMember) in try row.doubles }
      guard values.count == levels.count, values.allSatisfy({ $0.count == columns.count }) else {
        throw MalformedMember(name: json.name, "it has another shape than its names")
      }
      self = .matrix(levels: levels, columns: columns, values: values)
      return
    }
    guard let contrast = try? Contrast(named: word) else { throw MalformedMember(name: json.name) }
    self = contrast
  }
}
