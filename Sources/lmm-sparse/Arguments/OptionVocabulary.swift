// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The words of the command line: what messages speak of by its options and commands.
struct OptionVocabulary: Vocabulary {
  func words(for setting: Setting) -> String {
    switch setting {
    case .categoricalColumn(let column): option("--factor", shellWord(column))
    case .missingText(let text): option("--missing", text.map(shellWord))
    case .encoding(let encoding): option("--encoding", encoding?.rawValue)
    case .decimalComma: "--decimal ,"
    case .separator(let mark): option("--separator", mark.map { "'\($0)'" })
    case .threads: "--threads"
    case .omitsMissing(let omits): option("--na", omits ? "omit" : "fail")
    case .levels: "--levels"
    case .contrasts(let coding): option("--contrasts", coding.map { "COLUMN=\($0.word)" })
    case .restrictedLikelihood: "--reml"
    case .clusters(let column): option("--cluster", column.map(shellWord))
    case .residual(let term): option("--residual", term.map(quoted))
    case .responseColumns: "--responses"
    case .residualBy: "--residual-by"
    case .absorbedFactors: "--absorb"
    case .sparseFixed(let choice): option("--sparse-fixed", choice)
    case .start: "--start"
    case .optimizer: "--optimizer"
    case .maximumEvaluations: "--max-evaluations"
    case .solver(let name): option("--solver", name)
    case .accuracy: "--accuracy"
    case .knownTheta: "--theta"
    case .knownSigma: "--sigma"
    case .held: "--hold"
    case .covary: "--covary"
    case .conditionalModes: "--ranef, or the command ranef,"
    case .degreesOfFreedom(let methods):
      option("--ddf", methods.isEmpty ? nil : joinedAsChoice(methods))
    case .coefficientCovariance(let kinds):
      option("--vcov", kinds.isEmpty ? nil : joinedAsChoice(kinds))
    case .boundary(let method): option("--boundary", method)
    case .intervals(let method): option("--method", method)
    case .bootstrapLimits(let kind): option("--interval", kind)
    case .gridValues(let name, let values): option("--at", assignment(name, values))
    case .cellWeights(let weights): option("--cell-weights", weights)
    case .random(let part): option("--random", part)
    case .allowsNewLevels: "--allow-new-levels"
    case .drawnEffects(let effects): option("--random", effects)
    case .inputColumns(let columns): option("--columns", columns)
    case .data: "--data"
    case .simulation(let statement, let text): option(Self.option(of: statement), text.map(quoted))
    }
  }

  private static func option(of statement: Setting.Statement) -> String {
    switch statement {
    case .coefficients: "--beta"
    case .deviations: "--sd"
    case .correlations: "--corr"
    case .sigma: "--sigma"
    case .levels: "--levels"
    case .rowsPer: "--rows-per"
    case .rows: "--rows"
    case .imbalance: "--imbalance"
    case .covariates: "--covariate"
    case .contrasts: "--contrasts"
    case .weights: "--weights"
    }
  }

  func words(for action: Action) -> String {
    switch action {
    case .saveCrossProducts: "lmm-sparse crossprod"
    case .saveFit: "fit and --save"
    case .fitCrossProducts(let file): "lmm-sparse fit FORMULA \(file) --save MODEL.lmm"
    case .drawProfiles: "lmm-sparse plot profile"
    case .testRandomEffects: "lmm-sparse ranova"
    case .saveReplicates: "study --replicates-file"
    case .readCovariances: "--json"
    case .readCoefficients: "lmm-sparse fixef"
    case .unpack(let program): "Unpack it, or pipe it in: \(program) FILE | lmm-sparse … -"
    }
  }

  private func option(_ name: String, _ value: String?) -> String {
    name + (value.map { " " + $0 } ?? "")
  }

  private func assignment(_ name: String?, _ values: String?) -> String? {
    name.map { $0 + (values.map { "=" + $0 } ?? "") }
  }

  /// In single quotes where a shell would take it apart.
  private func quoted(_ text: String) -> String {
    text.contains { " ()|*".contains($0) } ? "'\(text)'" : text
  }
}
