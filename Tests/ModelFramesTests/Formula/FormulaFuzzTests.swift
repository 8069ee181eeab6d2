// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import TestSupport
import Testing

@Suite struct FormulaFuzzTests {
  /// Formulas that read, or fail to, in some unusual way.
  static let corpus: [String] = [
    "y ~ x + (1 | g)", "y~x*z+(x*z||a/b/c)+(0+x|d:e)-1", "log(y) ~ poly(x, 2) + scale(z) + (1|g)",
    "y ~ I(x > 0 & f == \"b\") * relevel(factor(f), ref = 'c') + offset(log(n)) + (1 | g/h)",
    "`a b` ~ `c``d` + `é\\`ü` + (1|`g\ng`)", "y ~ ((((x))))+((((1|g))))", "y ~ -(-(-(-x)))",
    "y ~ (a + b + c + d)^3 - a:b:c + a %in% b / c", "y ~ I(f %in% c('a', -1, TRUE, 2L))",
    "y\n~\nx\r\n+\tz\u{A0}+ (1\u{2003}| g)", "y ~ x # comment", "y ~ \"\u{0}\"",
    "y ~ I(a == \"\\u{1F600}\")",
    "y ~ 1e", "y ~ 1e999 * x", "y ~ I(1e999 * x)", "y ~ 0x", "y ~ 0xFFp3", "y ~ 1.2.3", "y ~ .5x",
    "y ~ ...", "y ~ ..1 + .x._", "y ~ `", "y ~ '\\", "y ~ '\\u{110000}'", "y ~ '\\xZZ'", "~", "~~",
    "()", "y ~ ()", "y ~ f()", "y ~ ,", "y ~ log(,)", "y ~ log(x,)", "y ~ log(x = x, x = x)",
    "y ~ I()", "y ~ I(I(I(x)))", "y ~ poly(poly(x))", "y ~ factor(factor(x))", "y ~ relevel(x)",
    "y ~ relevel(relevel(x, 'a'), 'b')", "y ~ relevel('a', 'b')", "y ~ offset()", "y ~ offset(1)",
    "y ~ offset(offset(x))", "y ~ offset(x)^2", "(y) ~ (1|((g)))", "y ~ (1|g) | h", "y ~ (|g)",
    "y ~ (1|)", "y ~ (1||g||h)", "y ~ ((1|g)|h)", "y ~ (1|(1|g))", "y ~ (offset(x)|g)",
    "y ~ (1|g/h/g)", "y ~ (1|g/(h/k))", "y ~ (1|-g)", "y ~ (1|!g)", "y ~ (1|'g')", "y ~ !(1|g)",
    "y ~ (1|g)^2", "y ~ (1|g)(x)", "y ~ x(1|g)", "y ~ a<b<c", "y ~ a==b==c", "y ~ !a == !b",
    "y ~ a == !b & c", "y ~ a * !b + c", "y ~ a^-b", "y ~ x^-1", "y ~ x^99999999999999999999",
    "y ~ x^1e308", "y ~ (a*b)^1e9", "y ~ x%", "y ~ x %% 2", "y ~ %in% x", "y ~ x %in%", "y ~ a::b",
    "y ~ a$b", "y ~ a@b", "y ~ a{b}", "y ~ a;b", "y ~ a\\b", "y ~ “x”", "y ~ x − 1",
    "y ~ pi + I(pi*x)",
    "pi ~ x", "I(pi) ~ x", "y ~ TRUE", "y ~ I(TRUE)", "y ~ NA", "y ~ Inf", "y ~ I(x*Inf)", "y ~ T",
    "y ~ if", "y ~ 𝒳 + x̂ + 数",
    "y ~ 👩‍👩‍👧‍👦", "y ~ \u{202E}x", "y ~ x\u{301}\u{301}", "\u{FEFF}y ~ x",
    "y ~ x:y", "log(y) ~ log(y)", "y ~ log(y)", "y ~ a - a - a", "y ~ 1 + 0 - 1 - 0", "y ~ a:a:a",
  ]

  private static let tokens: [String] = [
    "y", "x", "a", "b", "g", "`a b`", "f", "0", "1", "2", "-1", "3.5", "1e5", "'t'", "\"q\"", "~",
    "+", "-", "*", "/", ":", "^", "^2", "%in%", "%%", "%/%", "(", ")", "(", ")", "|", "||", "&",
    "!",
    "==", "<", ">=", ",", "=", "I(", "log(", "poly(", "scale(", "factor(", "relevel(", "offset(",
    "c(", "(1|g)", "(x|a/b)", "ar1(", "cs(x | g, hom = TRUE)", "diag(0 + f | g)", ", ref = 'b'", ", 2", "TRUE", "pi", " ", "\n", "\t", ".", "é", "体",
  ]

  /// Reads `text`; checks what must hold for every formula and every error.
  private func check(_ text: String) {
    do throws(FormulaError) {
      let formula = try Formula(text)
      checkTerms(formula.fixed, text)
      for term in formula.randomTerms { checkTerms(term.terms, text) }
      let length = text.count
      let isInside = formula.columnReferences.allSatisfy {
        $0.range.upperBound <= length && !$0.range.isEmpty
      }
      #expect(isInside, "\(text.debugDescription)")
      let listed = Set(formula.columnReferences.map(\.name)).union(formula.dots.isEmpty ? [] : ["."])
      let used = columns(of: formula)
      #expect(used.isSubset(of: listed), "\(text.debugDescription)")
      checkRoundTrip(formula, text)
    } catch {
      let length = error.text.count
      #expect(error.range.upperBound <= length, "\(text.debugDescription)")
      #expect(!error.message.isEmpty)
      let lines = error.description.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count == 1 || lines.count == 3, "\(text.debugDescription)")
    }
  }

  private func columns(of formula: Formula) -> Set<String> {
    var all = formula.response.columns + formula.offsets.flatMap(\.columns)
    for variable in formula.fixed.variables { all += variable.expression.columns }
    for term in formula.randomTerms {
      for variable in term.terms.variables + term.grouping { all += variable.expression.columns }
    }
    return Set(all)
  }

  private func checkTerms(_ terms: ModelTerms, _ text: String) {
    let isOrdered = terms.terms.allSatisfy { term in
      !term.isEmpty && zip(term, term.dropFirst()).allSatisfy { $0 < $1 }
        && term.allSatisfy(terms.variables.indices.contains)
    }
    #expect(isOrdered, "\(text.debugDescription)")
    #expect(Set(terms.terms).count == terms.terms.count)
    #expect(Set(terms.terms.joined()) == Set(terms.variables.indices), "\(text.debugDescription)")
    let codings = terms.codings(isFactor: terms.variables.indices.map { $0 % 2 == 0 })
    #expect(codings.map(\.count) == terms.terms.map(\.count))
  }

  /// What is written from a formula reads as the same formula.
  private func checkRoundTrip(_ formula: Formula, _ text: String) {
    var summands = [formula.fixed.hasIntercept ? "1" : "0"]
    // The first term of a sum must not begin with a sign or !, which would swallow the rest.
    summands += formula.fixed.terms.map { term in
      term.map { "(\(formula.fixed.variables[$0].name))" }.joined(separator: ":")
    }
    summands += formula.offsets.map { "offset(\($0.deparsed))" }
    let written = "\(formula.response.deparsed) ~ \(summands.joined(separator: " + "))"
    do throws(FormulaError) {
      let again = try Formula(written)
      #expect(again.response.deparsed == formula.response.deparsed, "\(text.debugDescription)")
      #expect(again.fixed.hasIntercept == formula.fixed.hasIntercept)
      let labels = Set(formula.fixed.terms.map { Set($0.map { formula.fixed.variables[$0].name }) })
      let labelsAgain = Set(
        again.fixed.terms.map { Set($0.map { again.fixed.variables[$0].name }) })
      #expect(labels == labelsAgain, "\(text.debugDescription)")
      #expect(again.offsets.map(\.deparsed) == formula.offsets.map(\.deparsed))
    } catch {
      Issue.record("\(text.debugDescription) was written as \(written.debugDescription): \(error)")
    }
  }

  @Test(arguments: corpus)
  func `odd formulas are read or refused with a place`(_ text: String) {
    check(text)
  }

  @Test func `every beginning of an odd formula is read or refused`() {
    for text in Self.corpus {
      for count in 0..<text.count { check(String(text.prefix(count))) }
    }
  }

  @Test func `random tokens are read or refused`() {
    var generator = SplitMix64(seed: 20_240_229)
    for _ in 0..<20_000 {
      let count = Int.random(in: 1...14, using: &generator)
      let soup = (0..<count).map { _ in Self.tokens.randomElement(using: &generator)! }
      check(soup.joined())
      check("y ~ " + soup.joined(separator: " "))
    }
  }

  @Test func `damaged formulas are read or refused`() {
    var generator = SplitMix64(seed: 31_415_926)
    for _ in 0..<20_000 {
      var characters = Array(Self.corpus.randomElement(using: &generator)!)
      for _ in 0..<Int.random(in: 1...4, using: &generator) where !characters.isEmpty {
        let place = Int.random(in: characters.indices, using: &generator)
        let other = Int.random(in: characters.indices, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: characters.remove(at: place)
        case 1: characters.swapAt(place, other)
        case 2:
          let token = Self.tokens.randomElement(using: &generator)!
          characters.insert(contentsOf: token, at: place)
        default:
          let piece = characters[min(place, other)...max(place, other)]
          characters.insert(contentsOf: Array(piece), at: place)
        }
      }
      check(String(characters))
    }
  }
}
