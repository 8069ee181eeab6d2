// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames

/// Why a model cannot be fitted to these data. `description` tells the user what to do.
public enum FitError: Error, Sendable, Equatable {
  case noRandomTerm(String)
  case explainedByAbsorbed(group: String, factors: [String], column: String)
  /// The same for factors of the fixed part that are kept as sparse columns.
  case explainedByFixed(group: String, factors: [String], column: String)
  /// A factor that cannot be kept as sparse columns, and why.
  case sparseFixed(String, String)
  /// A term that makes more dense columns than anybody waits for unasked.
  case manyDenseColumns(term: String, factor: String, count: Int)
  case emptyRandomTerm(String)
  case tooManyColumns
  /// `first` is the first value that is no number, if it is known.
  case textUsedAsNumber(column: String, expression: String, first: FirstText? = nil)
  /// Prior weights that are no column, and why they are no arithmetic on columns either.
  case weights(String, problem: String)
  /// `empty` are the columns without a value in any row.
  case noRows(omitted: Int, empty: [String] = [])
  case oneLevel(group: String)
  case asManyLevelsAsRows(group: String, levels: Int, rows: Int)
  case tooManyRandomEffects(group: String, effects: Int, rows: Int)
  /// Covariance parameters that none of the error contrasts, n − p of them, tells apart.
  case nothingDetermined([String], contrasts: Int)
  /// Terms with parameters that the data do not determine, where there is no simpler model to fit.
  case termsNotDetermined([String])
  case constantResponse(String)
  case tooFewRows(rows: Int, columns: Int)
  case oneLevelFactor(String)
  case unknownLevel(column: String, level: String, known: [String])
  case unlistedLevel(column: String, level: String)
  case contrast(String)
  case polynomialDegree(String, distinct: Int)
  case constantScale(String)
  /// Why a spline cannot be had and what to do, a sentence without its full stop.
  case spline(String)
  /// Why means by groups cannot be had and what to do, a sentence without its full stop.
  case groupMeans(String)
  case zeroResidualVariance
  /// Of a term with a structure, as it is written.
  case noResidual(beside: String)
  /// What has squares beyond the range of a double, about its size, and what to give in another unit:
  /// the same where nil.
  case outOfRange(String, size: Double, changes: String?)
  case start(given: Int, needed: [String])
  /// Names of θ, there and here.
  case startOfOtherModel(has: [String], needed: [String])
  case unknownOptimizer(String, known: [String])
  case unknownSolver(String)
  /// Bytes; `core` is the number of unknowns of the least demanding system that would have to be
  /// factored.
  case outOfMemory(needed: Int, available: Int, core: Int)
  /// Bytes of the levels so far, bytes that more of them or the next step need, bytes left, and the
  /// factors with their numbers of levels.
  case levelsOutOfMemory(held: Int, needed: Int, available: Int, levels: String)
  /// What needs memory that cannot be had, how much, and what to do.
  case memoryShortage(String)
  /// How the parts differ, a sentence without its full stop.
  case differentModels(String)
  /// A formula that cross-products were not made for; `held` is theirs.
  case notInCrossProducts(name: String, held: String, lacking: String)
  /// An order of levels or contrasts for a column that is no factor of the cross-products.
  case notAFactor(column: String, name: String)
  /// Steps after which the matrix-free method gave up.
  case slowSpectrum(steps: Int)
  /// Of the matrix-free method, for the accuracy wanted.
  case tooManyProbes(wanted: Double, limit: Int)
  /// Strata of the residual variance, and what is wrong with them, without a full stop.
  case strata(String, String)
  /// The term of residuals that are correlated in time, and what is wrong with it, without a full stop.
  case serial(String, String)
  /// A term whose levels are correlated along axes, and what is wrong with it, without a full stop.
  case axes(String, String)
  /// Factors whose effects were to have a covariance, and what is wrong with that, without a full stop.
  case covarying([String], String)
  /// A structure of the residuals with random effects in the formula.
  case residualBesideRandomTerms(String)
  /// Its text, and the absorbed factors' names.
  case residualBesideAbsorbed(String, [String])
  case residualOfManyResponses
  case notConverged(String)
  case numerical(String)
}

/// A value of a column that made it text, and where it stands.
public struct FirstText: Sendable, Equatable {
  let value: String
  let place: RowPlace

  init(_ first: (label: String, place: RowPlace)) { (value, place) = first }

  fileprivate var description: String { "“\(value)” in \(place)" }

  fileprivate var remedy: String {
    hasDecimalComma(value)
      ? "Read decimals with a comma: \(Setting.decimalComma)"
      : "If “\(value)” means missing, add \(Setting.missingText()); else use the column as a factor, or correct its values"
  }
}

extension FitError: CustomStringConvertible {
  public var description: String {
    let sentence = message.description
    return sentence.hasSuffix(".") ? sentence : sentence + "."
  }

  private var message: MessageText {
    switch self {
    case .explainedByAbsorbed(let group, let factors, let column):
      "the effects of \(column) in (… | \(group)) are wholly explained by the absorbed \(factors.joined(separator: " and ")), so that nothing is left to tell their variance from. Take that column or the term out, as in (0 + x | \(group)), or do not absorb \(factors.count == 1 ? factors[0] : "these factors")."
    case .explainedByFixed(let group, let factors, let column):
      "the effects of \(column) in (… | \(group)) are wholly explained by the fixed effects of \(factors.joined(separator: " and ")), so that nothing is left to tell their variance from. Take that column or the term out, as in (0 + x | \(group)), or make \(factors.count == 1 ? factors[0] : "these factors") random."
    case .sparseFixed(let factor, let reason):
      "“\(factor)” \(reason), so that it cannot be kept as sparse columns. Use \(Setting.sparseFixed("none")), or absorb it, y ~ x | \(factor)"
    case .manyDenseColumns(let term, let factor, let count):
      "“\(term)” has some \(count) columns, and they are dense: only factors that stand by themselves, their products with numbers, and interactions of two factors are kept as sparse columns. Dense ones take memory by the square of their number and time by its cube. Make the effects of \(factor) random, as in (x | \(factor)), merge its levels, or have them whatever they take by \(Setting.sparseFixed("none"))"
    case .noRandomTerm(let formula):
      "no random-effects term in “\(formula)”. Add one such as (1 | group); without any, this is ordinary least squares"
    case .emptyRandomTerm(let group):
      "the random-effects term on \(group) has no columns. Write (1 | \(group)) or (0 + x | \(group))"
    case .tooManyColumns:
      "the formula expands to more than 4096 products of numeric variables. Take some interactions out"
    case .textUsedAsNumber(let column, let expression, let first):
      "column \(column) is text\(first.map { " (\($0.description))" } ?? ""), but “\(expression)” needs numbers. \(first?.remedy ?? "Use it as a factor, or correct its values")"
    case .weights(let text, let problem):
      "the weights “\(text)” are no column, and no arithmetic on columns: \(problem). Name a column, or write one such as 1/v"
    case .noRows(let omitted, let empty):
      omitted == 0
        ? "the data have no rows"
        : empty.count > 0
          ? "no rows are left: \(Self.listed(empty)) \(empty.count == 1 ? "has" : "have") no value in any of the \(omitted) rows. Take \(empty.count == 1 ? "that column" : "those columns") out of the model, or check how the table was exported"
          : "no rows are left: all \(omitted) have a missing value in a column that the model uses"
    case .oneLevel(let group):
      "grouping factor \(group) has one level only; its variance cannot be estimated. Drop the term, or check the column"
    case .asManyLevelsAsRows(let group, let levels, let rows):
      "grouping factor \(group) has as many levels (\(levels)) as there are rows (\(rows)); its variance and σ cannot be told apart. Use a factor with repeated levels"
    case .tooManyRandomEffects(let group, let effects, let rows):
      "the term on \(group) has \(effects) random effects, not fewer than the \(rows) rows; its covariances and σ cannot be told apart. Take columns out of the term"
    case .nothingDetermined(let names, let contrasts):
      "the data cannot tell \(names.joined(separator: ", ")) apart (\(contrasts) \(contrasts == 1 ? "degree of freedom is" : "degrees of freedom are") left by the fixed effects): only their sum is determined. Take random-effects terms or fixed effects out, or use more data"
    case .termsNotDetermined(let terms):
      "the data do not determine the parameters of \(terms.joined(separator: " and ")): other values fit as well, since the fixed effects, other terms or the residual explain what the effects could. Leave a term out, or give it a structure with fewer parameters"
    case .constantResponse(let name):
      "the response \(name) is constant; there is nothing to explain"
    case .tooFewRows(let rows, let columns):
      "\(rows) rows cannot determine \(columns) fixed-effects coefficients and a residual variance. Use fewer terms or more data"
    case .oneLevelFactor(let name):
      "factor \(name) has one level only, so it has no contrasts. Take it out of the formula"
    case .unknownLevel(let column, let level, let known):
      "\(column) has no level “\(level)”; it has \(Self.listed(known))"
    case .unlistedLevel(let column, let level):
      "level “\(level)” of \(column) is not among the levels given. List all levels that occur"
    case .contrast(let message): MessageText(sentence: message)
    case .polynomialDegree(let name, let distinct):
      "\(name) needs more than \(distinct) distinct values, which is all there are. Lower the degree"
    case .spline(let message), .groupMeans(let message): MessageText(sentence: message)
    case .constantScale(let name): "\(name) cannot be scaled: its values are all equal"
    case .zeroResidualVariance:
      "the residual variance is zero, or so small a part of the response's (below 1e-13) that rounding hides it: the model explains the response exactly, so there is no likelihood to maximize. Take terms out, or check whether the response is computed from the covariates"
    case .noResidual(let term):
      "the likelihood is greatest where residuals have no variance: every effect of \(term) has one row, and takes the place of its residual. Give the structure to the residuals themselves (\(Setting.residual())), or leave the term out"
    case .outOfRange(let what, let size, let changes):
      "\(what) is of the size \(Self.magnitude(size)), and the squares of such numbers, which variances are, lie outside of double precision's range (about 1e-308 to 1e308). Give \(changes ?? "it") in another unit, say \((size < 1) == (changes == nil) ? "multiplied" : "divided") by \(Self.magnitude(size < 1 ? 1 / size : size))"
    case .start(let given, let needed):
      "\(Setting.start) has \(given) values, but θ has \(needed.count): \(needed.joined(separator: ", "))"
    case .startOfOtherModel(let has, let needed):
      "\(Setting.start) names a fit with other covariance parameters: it has \(has.joined(separator: ", ")), and θ here has \(needed.joined(separator: ", "))"
    case .unknownOptimizer(let name, let known):
      "no optimizer “\(name)”. There are \(known.joined(separator: ", "))"
    case .unknownSolver(let name):
      "no solver “\(name)”. There are auto, absorb, cholmod and matrix-free"
    case .outOfMemory(let needed, let available, let core):
      "the equations need \(Self.gibibytes(needed)) of memory and \(Self.gibibytes(available)) are left: after absorption \(core) random effects are to be factored together, and about \(Self.fittingCore(available)) would fit if all of them meet. Take out a crossed term, merge or drop rare levels of the crossed factors, or use a machine with more memory"
    case .levelsOutOfMemory(let held, let needed, let available, let levels):
      "the levels of the grouping factors (\(levels)) take \(Self.gibibytes(held)) of memory, \(Self.gibibytes(needed)) more are needed to go on, and \(Self.gibibytes(available)) are left. Use grouping factors with fewer levels, fewer columns in their terms, or a machine with more memory"
    case .memoryShortage(let message): MessageText(sentence: message)
    case .differentModels(let difference):
      "cross-products of different models cannot be added: \(MessageText(sentence: difference)). Make all parts with one formula, the same options, and the same types of columns"
    case .notInCrossProducts(let name, let held, let lacking):
      "\(name) was made for “\(held)” and lacks \(lacking). Use that formula or one with fewer terms, or make the cross-products for this one"
    case .notAFactor(let column, let name):
      "\(column) is no factor of \(name), so it has no levels or contrasts. Make the cross-products with \(Setting.categoricalColumn(column))"
    case .slowSpectrum(let steps):
      "the matrix-free method does not converge in \(steps) steps: the factors are nearly nested or hardly connected, which exact methods are good at. Take \(Setting.solver("absorb")) or \(Setting.solver("cholmod"))"
    case .tooManyProbes(let wanted, let limit):
      "the matrix-free method would need about \(Int(min(wanted, 1e12))) random vectors for the accuracy wanted, more than \(limit). Take a larger \(Setting.accuracy), or \(Setting.solver("absorb")) or \(Setting.solver("cholmod"))"
    case .strata(let name, let problem):
      "\(Setting.residualBy) “\(name)” \(MessageText(sentence: problem))"
    case .serial(let term, let problem):
      "\(Setting.residual(term)) \(MessageText(sentence: problem))"
    case .axes(let term, let problem): "\(term) \(MessageText(sentence: problem))"
    case .covarying(let names, let problem):
      "\(Setting.covary) \(names.joined(separator: ",")): \(MessageText(sentence: problem))"
    case .residualBesideRandomTerms(let term):
      "\(Setting.residual(term)) is for a formula without random effects, and this one has some. Take them out: the covariance matrix of the residuals has what they would add to it. Beside random effects residuals may be ar1 or car1"
    case .residualBesideAbsorbed(let term, let factors):
      "\(Setting.residual(term)) cannot be told beside absorbed factors. Write \(factors.joined(separator: " and ")) as \(factors.count == 1 ? "a fixed effect" : "fixed effects")"
    case .residualOfManyResponses:
      "\(Setting.residual()) is for one response. Fit every response by itself"
    case .notConverged(let message): MessageText(sentence: message)
    case .numerical(let message): MessageText(sentence: message)
    }
  }

  /// Bytes in GiB, to one decimal.
  private static func gibibytes(_ bytes: Int) -> String {
    let tenths = (Double(bytes) / 107_374_182.4).rounded(.up)
    return "\(tenths / 10) GiB"
  }

  /// The largest dense core for so many bytes.
  private static func fittingCore(_ bytes: Int) -> Int {
    Int((0.9 * Double(max(bytes, 0)) / 8).squareRoot())
  }

  /// The power of ten below.
  private static func magnitude(_ size: Double) -> String {
    size > 0 && size.isFinite ? "1e\(Int(log10(size).rounded(.down)))" : "\(size)"
  }

  private static func listed(_ levels: [String]) -> String {
    levels.prefix(8).map { "“\($0)”" }.joined(separator: ", ") + (levels.count > 8 ? ", …" : "")
  }
}

extension FitError {
  /// Whether the matrix-free method is not made for this model, so that another has to be taken.
  var asksForExactEquations: Bool {
    switch self {
    case .slowSpectrum, .tooManyProbes: true
    default: false
    }
  }
}
