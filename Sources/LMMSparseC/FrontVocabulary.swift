// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Who reads the messages: settings are written as there.
enum Front: String, CaseIterable {
  /// Members of this interface's JSON.
  case options
  case python, r

  /// A setting and perhaps a value.
  fileprivate func assigned(_ name: String, _ value: Value? = nil) -> String {
    switch self {
    case .options: "\"\(name)\"" + (value.map { ": " + text($0) } ?? "")
    case .python: name + (value.map { "=" + text($0) } ?? "")
    case .r: name + (value.map { " = " + text($0) } ?? "")
    }
  }

  fileprivate enum Value {
    case text(String)
    case texts([String])
    case flag(Bool)
    indirect case member(String, Value)
  }

  private func text(_ value: Value) -> String {
    switch (value, self) {
    case (.text(let text), _): inDoubleQuotes(text)
    case (.texts(let all), .r) where all.count == 1: inDoubleQuotes(all[0])
    case (.texts(let all), .r): "c(" + all.map { inDoubleQuotes($0) }.joined(separator: ", ") + ")"
    case (.texts(let all), _): "[" + all.map { inDoubleQuotes($0) }.joined(separator: ", ") + "]"
    case (.flag(let flag), .options): "\(flag)"
    case (.flag(let flag), .python): flag ? "True" : "False"
    case (.flag(let flag), .r): flag ? "TRUE" : "FALSE"
    case (.member(let name, let value), .r): "list(\(name) = \(text(value)))"
    case (.member(let name, let value), _): "{\(inDoubleQuotes(name)): \(text(value))}"
    }
  }
}

/// The words of messages for those who call this interface, or a front on it.
struct FrontVocabulary: Vocabulary {
  private let front: Front

  init(_ front: Front) { self.front = front }

  func words(for setting: Setting) -> String {
    switch setting {
    case .categoricalColumn(let column): front.assigned("factor", .texts([column]))
    case .missingText(let text): front.assigned("missing", text.map { .texts([$0]) })
    case .encoding(let encoding): front.assigned("encoding", encoding.map { .text($0.rawValue) })
    case .decimalComma: front.assigned("decimal", .text(","))
    case .separator(let mark): front.assigned("separator", mark.map { .text(String($0)) })
    case .omitsMissing(let omits):
      front == .r
        ? front.assigned("na.action", .text(omits ? "na.omit" : "na.fail"))
        : front.assigned("na", .text(omits ? "omit" : "fail"))
    case .threads: front.assigned("threads")
    case .levels: front.assigned("levels")
    case .contrasts(let coding):
      front.assigned("contrasts", coding.map { .member("COLUMN", .text($0.word)) })
    case .restrictedLikelihood: front.assigned(front == .r ? "REML" : "reml", .flag(true))
    case .clusters(let column): front.assigned("cluster", column.map { .text($0) })
    case .responseColumns: front.assigned("responses")
    case .sparseFixed(let choice): front.assigned("sparse_fixed", choice.map { .text($0) })
    case .residualBy: front.assigned("residual_by")
    case .absorbedFactors: front.assigned("absorb")
    case .residual(let term): front.assigned("residual", term.map { .text($0) })
    case .start: front.assigned("start")
    case .optimizer: front.assigned("optimizer")
    case .maximumEvaluations: front.assigned("max_evaluations")
    case .solver(let name): front.assigned("solver", name.map { .text($0) })
    case .accuracy: front.assigned("accuracy")
    case .knownTheta: front.assigned("theta")
    case .knownSigma: front.assigned("sigma")
    case .held: front.assigned("hold")
    case .covary: front.assigned("covary")
    case .conditionalModes: "conditional modes"
    case .degreesOfFreedom(let methods):
      methods.isEmpty
        ? front.assigned("ddf")
        : joinedAsChoice(methods.map { front.assigned("ddf", .text($0)) })
    case .coefficientCovariance(let kinds):
      kinds.isEmpty
        ? front.assigned("vcov")
        : joinedAsChoice(kinds.map { front.assigned("vcov", .text($0)) })
    case .boundary(let method): front.assigned("boundary", .text(method))
    case .intervals(let method): front.assigned("method", .text(method))
    case .bootstrapLimits(let kind): front.assigned("interval", .text(kind))
    case .gridValues(let name, let values):
      front.assigned(
        "at",
        name.map {
          .member($0, .texts(values?.split(separator: ",").map(String.init) ?? ["VALUE"]))
        })
    case .cellWeights(let weights): front.assigned("cell_weights", .text(weights))
    case .random(let part):
      front == .r ? (part == "none" ? "re.form = NA" : "re.form") : front.assigned("random", .text(part))
    case .allowsNewLevels:
      front.assigned(front == .r ? "allow.new.levels" : "allow_new_levels", .flag(true))
    case .drawnEffects(let effects):
      front == .r ? "use.u = \(effects == "kept" ? "TRUE" : "FALSE")" : front.assigned("random", .text(effects))
    case .inputColumns: "other names for the columns of the rows"
    case .data: front.assigned("data")
    case .simulation(let statement, let text):
      front.assigned("\(statement)", text.map { .text($0) })
    }
  }

  func words(for action: Action) -> String {
    switch (action, front) {
    case (.saveCrossProducts, .options): "lmm_save_products"
    case (.saveCrossProducts, _): "crossprod() and its save()"
    case (.saveFit, .options): "lmm_save"
    case (.saveFit, .python): "Fit.save()"
    case (.saveFit, .r): "save_lmm()"
    case (.fitCrossProducts(let file), .options):
      "lmm_load_products of \(file), lmm_fit_products and lmm_save"
    case (.fitCrossProducts(let file), .python):
      "load_products(\(inDoubleQuotes(file))).fit().save(\"MODEL.lmm\")"
    case (.fitCrossProducts(let file), .r): "slmer(FORMULA, \(inDoubleQuotes(file)))"
    case (.drawProfiles, _): front.assigned("method", .text("profile"))
    case (.testRandomEffects, .options): "the command ranova"
    case (.testRandomEffects, _): "ranova()"
    case (.saveReplicates, _): "study --replicates-file of the command-line program"
    case (.readCovariances, _): "vcov"
    case (.readCoefficients, .options): "\"fixed\""
    case (.readCoefficients, _): "fixef()"
    case (.unpack(let program), _): "Unpack it: \(program) FILE > TABLE"
    }
  }
}
