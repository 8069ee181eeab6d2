// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// What of the random part a singular fit has estimated as zero, and the formula without it.
struct SingularTerms {
  /// What is known of one term.
  private struct Finding {
    let term: RandomTermSummands
    /// R's names of the term's columns.
    var names: [String]
    /// Among the term's columns: those without variance.
    var zeros: Set<Int> = []
    /// Directions with a variance, where they are fewer than the columns that have one.
    var rank: Int?
    /// Columns that the data do not determine, and that are left out.
    var heldCount = 0

    /// The term with no more directions than have a variance; nil where a formula cannot say it.
    var reducedTerm: String? {
      let label = term.bound.label
      guard let rank, rank > 0, heldCount == 0, !term.bound.isDiagonal, label.hasSuffix(")") else {
        return nil
      }
      return "rr\(label.dropLast()), d = \(rank))"
    }
  }

  private let formula: Formula
  private var findings: [Finding]

  /// lme4's, of standard deviations relative to σ.
  private static let tolerance = 1e-4

  /// - Throws: `FitError`.
  init(
    _ formula: Formula, _ products: CrossProducts, _ options: FitOptions, _ model: LinearMixedModel,
    φ: [Double]
  ) throws {
    self.formula = formula
    findings = try RandomTermSummands.all(DesignBuilder(products: products, options: options))
      .map { Finding(term: $0, names: Array(repeating: "", count: $0.columnCount)) }
    let λ = model.covariance.reportedFactors(φ)
    for (t, block) in model.covariance.blocks.enumerated() {
      let first = block.offset
      guard
        let k = findings.firstIndex(where: {
          $0.term.bound.group == block.group
            && ($0.term.offset..<$0.term.offset + $0.term.columnCount).contains(first)
        })
      else { continue }
      let place = first - findings[k].term.offset
      for (j, name) in model.terms[t].columns.enumerated() { findings[k].names[place + j] = name }
      if let held = model.determination?.held[t], !held.isEmpty {
        findings[k].heldCount += held.count
        continue
      }
      let zeros = (0..<block.size).filter { j in
        euclideanNorm((0..<λ[t].columns).map { λ[t][j, $0] }) * euclideanNorm(block.R.column(j))
          < Self.tolerance
      }
      findings[k].zeros.formUnion(zeros.map { place + $0 })
      let rank = Self.rank(λ[t], block)
      if block.structure == nil, rank < block.size - zeros.count { findings[k].rank = rank }
    }
  }

  private static func rank(_ λ: DenseMatrix, _ block: RelativeCovariance.Block) -> Int {
    let working = block.R * λ
    return symmetricEigenvalues(working * working.transposed)
      .count { max($0, 0).squareRoot() >= tolerance }
  }

  /// In words for the user; none where nothing can be said.
  var messages: [String] {
    (zeroWords.map { [$0] } ?? []) + findings.compactMap { finding in
      guard let rank = finding.rank else { return nil }
      let size = finding.term.columnCount - finding.zeros.count
      let lost = size - rank
      let what =
        "the covariance matrix of \(finding.term.bound.label) has rank \(rank) of \(size): \(lost == 1 ? "one combination of its effects is" : "\(lost) combinations of its effects are") zero at every level"
      return finding.reducedTerm.map { "\(what); \($0) in its place has the same criterion" } ?? what
    }
  }

  private var zeroWords: String? {
    let found = findings.filter { !$0.zeros.isEmpty }
    guard !found.isEmpty else { return nil }
    let places = found.map { finding -> String in
      let label = finding.term.bound.label
      guard finding.zeros.count < finding.names.count else { return label }
      return "\(finding.zeros.sorted().map { finding.names[$0] }.joined(separator: ", ")) in \(label)"
    }
    let isOne = found.reduce(0) { $0 + $1.zeros.count } == 1
    let what =
      "the variance\(isOne ? "" : "s") of \(places.joined(separator: " and of ")) \(isOne ? "is" : "are") zero"
    return simplerModel.map { "\(what), and \($0) has the same criterion" } ?? what
  }

  /// The model without what is zero, as far as a formula can say it; nil where it cannot.
  private var simplerModel: String? {
    var isSimpler = false
    let terms = findings.compactMap { finding -> String? in
      let all = finding.term.summands
      var kept = Set(all.indices)
      if finding.zeros.count + finding.heldCount == finding.names.count {
        isSimpler = true
        return nil
      }
      while let next = kept.sorted(by: >).first(where: { s in
        finding.zeros.isSuperset(of: all[s].columns) && finding.term.canLeave(s, of: kept)
      }) {
        kept.remove(next)
        isSimpler = true
      }
      return finding.term.text(keeping: kept, isDiagonal: finding.term.bound.isDiagonal)
    }
    guard isSimpler else { return nil }
    return terms.isEmpty
      ? "the model without random effects" : "“\(formula.text(withRandomTerms: terms))”"
  }
}
