// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension ModelDescription {
  /// Cross-products with everything but their arrays.
  ///
  /// - Throws: `ModelFileError`.
  static func products(_ text: String, file: String) throws -> CrossProducts {
    guard let value = JSONParser.value(of: text) else {
      throw ModelFileError(
        file, .inconsistent("\(member) is no JSON, or has a name twice in one object"))
    }
    let json = JSONMember(name: "", value: value)
    do {
      guard try json["format"].string == format else { throw MalformedMember(name: "format") }
      let version = try json["version"].count
      guard version > 0 else { throw MalformedMember(name: "version", "it is 0") }
      guard version <= Self.version else {
        throw ModelFileError(file, .newer(version: version, known: Self.version))
      }
      return try products(json, file)
    } catch let error as MalformedMember {
      throw ModelFileError(file, .inconsistent(error.words(in: member)))
    }
  }

  private static func products(_ json: JSONMember, _ file: String) throws -> CrossProducts {
    var products = CrossProducts(try specification(json, file))
    products.data = try json["data"].strings
    products.observations = try json["nobs"].count
    products.omittedObservations = try json["nobs_omitted"].count
    products.sumOfWeights = try json["sum_weights"].double
    products.sumOfLogWeights = try json["sum_log_weights"].double
    // Files of earlier versions have none.
    if let sums = try json.optional("column_sums") {
      products.columnSums = ColumnSums(
        Dictionary(
          try sums.members.map { (name, sum) throws(MalformedMember) in (name, try sum.double) },
          uniquingKeysWith: { first, _ in first }))
    }
    // Nor this.
    products.fixed.isExtended = (try? json["centring"]["extended"].bool) ?? false
    if products.basis.strata != nil {
      let rows = try json["strata_nobs"].elements
      let extended = try json["strata_extended"].elements
      guard rows.count == extended.count, rows.count <= BoundStrata.most else {
        throw MalformedMember(name: "strata_nobs")
      }
      for (rows, isExtended) in zip(rows, extended) {
        var part = ProductSums(
          emptyOf: products.basis, like: products.groups, pairs: products.groupPairs)
        part.observations = try rows.count
        part.fixed.isExtended = try isExtended.bool
        products.parts.append(part)
      }
    }
    if products.basis.serial != nil { try readSteps(json, &products) }
    let moments = try json["centring"]["moments"].elements
    guard moments.count == products.moments.count else {
      throw MalformedMember(name: "centring.moments")
    }
    for (atom, saved) in moments.enumerated() {
      let values = try saved.doubles
      guard values.count == products.moments[atom].products.count else {
        throw MalformedMember(name: saved.name)
      }
      products.moments[atom].products = values
    }
    return products
  }

  /// The kinds of steps and room for their sums.
  private static func readSteps(_ json: JSONMember, _ products: inout CrossProducts) throws {
    let lengths = try json["step_lengths"].doubles
    let counts = try json["step_counts"].elements
    let extended = try json["steps_extended"].elements
    let strata = try strataOfSteps(json, products, count: lengths.count)
    let kinds = zip(lengths, strata).map { StepKind(length: $0, $1[0], $1[1]) }
    guard lengths.allSatisfy({ $0 > 0 && $0.isFinite }), Set(kinds).count == kinds.count,
      strata.count == lengths.count, counts.count == lengths.count,
      !SerialGaps.areTooMany(lengths: Set(lengths).count, kinds: kinds.count)
    else { throw MalformedMember(name: "step_lengths") }
    products.gaps.kinds = kinds
    guard extended.count == products.gaps.partCount else { throw MalformedMember(name: "steps_extended") }
    products.gaps.steps = try counts.map { try $0.count }
    guard products.gaps.steps.reduce(0, { $0 + min($1, products.observations) }) <= products.observations
    else { throw MalformedMember(name: "step_counts", "there are more steps than rows") }
    for (place, isExtended) in zip(products.gaps.parts, extended) {
      var part = ProductSums(
        emptyOf: products.basis, like: products.groups, pairs: products.groupPairs)
      part.observations = products.gaps.steps[place.kind]
      part.fixed.isExtended = try isExtended.bool
      products.parts.append(part)
    }
  }

  /// The strata of both rows of every kind of steps, in ascending order; zeros without strata.
  private static func strataOfSteps(
    _ json: JSONMember, _ products: CrossProducts, count: Int
  ) throws -> [[Int32]] {
    guard products.basis.strata != nil else { return Array(repeating: [0, 0], count: count) }
    let strataCount = products.parts.count
    return try json["step_strata"].elements.map { pair in
      let codes = try pair.elements.map { try $0.count }
      guard codes.count == 2, codes[0] <= codes[1], codes[1] < strataCount else {
        throw MalformedMember(name: "step_strata")
      }
      return codes.map { Int32($0) }
    }
  }

  private static func specification(
    _ json: JSONMember, _ file: String
  ) throws -> ModelSpecification {
    var kinds: [String: ColumnKind] = [:]
    for (name, word) in try json["columns"].members {
      guard let kind = ColumnKind.byWord[try word.string] else {
        throw MalformedMember(name: word.name)
      }
      kinds[name] = kind
    }
    var specification: ModelSpecification
    do {
      let origin = try Formula(json["made_for"].string)
      guard origin.columnReferences.allSatisfy({ kinds[$0.name] != nil }) else {
        throw MalformedMember(name: "columns")
      }
      specification = try ModelBinder.bind(origin, kinds: kinds, options: try options(json))
      let formula = try Formula(json["formula"].string)
      if formula.text != origin.text {
        specification = try specification.narrowed(to: formula, name: file).specification
      }
    } catch let error as MalformedMember {
      throw error
    } catch {
      throw ModelFileError(file, .inconsistent("its formula cannot be used (\(error))"))
    }
    guard layout(specification).text == (try json["layout"].value.text) else {
      throw ModelFileError(file, .otherLayout(by: try json["written_by"].word))
    }
    try centre(&specification.basis, try json["centring"])
    return specification
  }

  private static func options(_ json: JSONMember) throws -> ModelOptions {
    var levels: [String: [String]] = [:]
    for (name, order) in try json["levels"].members { levels[name] = try order.strings }
    var contrasts: [String: Contrast] = [:]
    for (name, coding) in try json["contrasts"].members { contrasts[name] = try Contrast(coding) }
    let columns = Set(try json["columns"].members.map(\.key))
    for name in Set(levels.keys).union(contrasts.keys).sorted() where !columns.contains(name) {
      throw MalformedMember(name: "levels or contrasts", "there is no column \(name)")
    }
    var residual: ResidualTerm?
    if let text = try json.optional("residual")?.string {
      residual = try? ResidualTerm(text)
      guard let residual,
        SerialWord(rawValue: residual.word) != nil || (try? VisitStructure(residual)) != nil,
        residual.columns.allSatisfy(columns.contains)
      else { throw MalformedMember(name: "residual") }
    }
    let action = try json["na"].string
    guard ["omit", "fail"].contains(action) else { throw MalformedMember(name: "na") }
    return ModelOptions(
      weights: try json["weights"].optionalString, offset: try json["offset"].optionalString,
      clusters: try json.optional("clusters")?.string, splines: try splines(json),
      setApart: try json.optional("sparse_fixed")?.distinctStrings ?? [],
      residualBy: try json.optional("residual_by")?.optionalString,
      levels: levels, contrasts: contrasts, omitsMissing: action == "omit",
      missingTexts: Set(try json["missing"].distinctStrings), residual: residual)
  }

  private static func splines(_ json: JSONMember) throws -> [String: SplineKnots] {
    var splines: [String: SplineKnots] = [:]
    for (name, saved) in try json.optional("splines")?.members ?? [] {
      let knots = try saved.doubles
      guard knots.count >= 2, knots.allSatisfy(\.isFinite), knots.count <= 1000,
        zip(knots, knots.dropFirst()).allSatisfy(<=), knots[0] < knots[1] || knots.count == 2,
        knots[knots.count - 2] < knots[knots.count - 1]
      else { throw MalformedMember(name: saved.name, "they are no knots of a spline") }
      splines[name] = SplineKnots(
        interior: Array(knots.dropFirst().dropLast()), lower: knots[0], upper: knots.last!)
    }
    return splines
  }

  private static func centre(_ basis: inout RawBasis, _ json: JSONMember) throws {
    let (shifts, scales) = (try json["shifts"].doubles, try json["scales"].doubles)
    guard shifts.count == basis.atoms.count, scales.count == basis.atoms.count,
      scales.allSatisfy({ $0 > 0 })
    else { throw MalformedMember(name: json.name) }
    for k in basis.atoms.indices {
      (basis.atoms[k].shift, basis.atoms[k].scale) = (shifts[k], scales[k])
    }
    let predictor = try json["predictor"].doubles
    basis.responseScale = try json["response_scale"].double
    guard predictor.count == basis.predictor.count, basis.responseScale > 0 else {
      throw MalformedMember(name: json.name)
    }
    basis.predictor = predictor
  }
}
