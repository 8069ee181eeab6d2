// SPDX-License-Identifier: GPL-2.0-or-later

/// The library's words: its properties, cases and methods as Swift writes them.
public struct SwiftVocabulary: Vocabulary {
  public init() {}

  public func words(for setting: Setting) -> String {
    switch setting {
    case .categoricalColumn(let column):
      assigning("ReadingOptions.categoricalColumns", array([column]))
    case .missingText(let text):
      assigning("ReadingOptions.missingTexts", text.map { array([$0]) })
    case .encoding(let encoding): assigning("ReadingOptions.encoding", encoding.map { ".\($0)" })
    case .decimalComma: assigning("ReadingOptions.decimalComma", "true")
    case .separator(let mark):
      assigning("ReadingOptions.separator", mark.map { "UInt8(ascii: \(literal(String($0))))" })
    case .threads: "ReadingOptions.threads"
    case .omitsMissing(let omits): assigning("FitOptions.omitsMissing", "\(omits)")
    case .levels: "FitOptions.levels"
    case .contrasts(nil): "FitOptions.contrasts"
    case .contrasts(let coding?): assigning("FitOptions.contrasts[\"COLUMN\"]", ".\(coding)")
    case .residual(let term):
      assigning("FitOptions.residual", term.map { "ResidualTerm(\(literal($0)))" })
    case .restrictedLikelihood: assigning("FitOptions.criterion", ".reml")
    case .clusters(let column): assigning("FitOptions.clusters", column.map(literal))
    case .responseColumns: "the columns of ResponsesFormula"
    case .residualBy: "residualBy"
    case .absorbedFactors: "absorbing"
    case .sparseFixed(let choice): assigning("FitOptions.sparseFixed", choice.map { ".\($0)" })
    case .start: "FitOptions.start"
    case .optimizer: "FitOptions.optimizer"
    case .maximumEvaluations: "FitOptions.maximumEvaluations"
    case .solver(let name): assigning("FitOptions.solver", name.map(literal))
    case .accuracy: "FitOptions.accuracy"
    case .knownTheta: "FitOptions.knownTheta"
    case .knownSigma: "FitOptions.knownSigma"
    case .held: "FitOptions.held"
    case .covary: "FitOptions.covaryingFactors"
    case .conditionalModes: "FitOptions.wantsConditionalModes"
    case .degreesOfFreedom(let methods): choice("DegreesOfFreedomMethod", methods)
    case .coefficientCovariance(let kinds): choice("CoefficientCovariance", kinds.map { $0.lowercased() })
    case .boundary(let method): choice("BoundaryMethod", [method])
    case .intervals(let method):
      "FittedModel." + (method == "wald" ? "waldIntervals(level:_:)" : "\(method)(_:)")
    case .bootstrapLimits(let kind): choice("BootstrapInterval.Kind", [kind])
    case .gridValues(let name, let values):
      assigning(
        "MeansOptions.values" + (name.map { array([$0]) } ?? ""),
        values.map { array($0.split(separator: ",").map(String.init)) })
    case .cellWeights(let weights): choice("MeansWeights", [weights])
    case .random(let part): assigning("PredictionOptions.random", ".\(part)")
    case .allowsNewLevels: "PredictionOptions.allowsNewLevels"
    case .drawnEffects(let effects): choice("NewResponses.RandomEffects", [effects])
    case .inputColumns(let columns): choice("RowTable.InputColumns", [columns])
    case .data: "data:"
    case .simulation(let statement, let text):
      assigning("SimulationSettings.\(statement)", text.map { array([$0]) })
    }
  }

  public func words(for action: Action) -> String {
    switch action {
    case .saveCrossProducts: "CrossProducts.write(to:)"
    case .saveFit: "FittedModel.save(to:)"
    case .fitCrossProducts(let file):
      "FittedModel(CrossProducts(contentsOf: \(literal(file)))).save(to: \"MODEL.lmm\")"
    case .drawProfiles: "ProfileFigure"
    case .testRandomEffects: "FittedModel.randomTermDeletions()"
    case .saveReplicates: "StudyReplicates"
    case .readCovariances: "Fit.vcov"
    case .readCoefficients: "Fit.fixedEffects"
    case .unpack(let program): "Unpack it: \(program) FILE > TABLE"
    }
  }

  private func assigning(_ property: String, _ value: String?) -> String {
    property + (value.map { " = \($0)" } ?? "")
  }

  /// `Type.one, .another or .third`.
  private func choice(_ type: String, _ names: [String]) -> String {
    type + (names.isEmpty ? "" : joinedAsChoice(names.map { "." + camelCase($0) }))
  }

  private func array(_ texts: [String]) -> String {
    "[" + texts.map(literal).joined(separator: ", ") + "]"
  }

  private func literal(_ text: String) -> String { inDoubleQuotes(text) }

  /// `kenwardRoger` of `kenward-roger`.
  private func camelCase(_ name: String) -> String {
    let words = name.split(separator: "-")
    return words.prefix(1).joined()
      + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}

/// `a, b or c`.
package func joinedAsChoice(_ words: [String]) -> String {
  guard let last = words.last, words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " or " + last
}
