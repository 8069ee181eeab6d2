// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

/// Tables of Tests/CommandLineTests/Faults that once gave wrong numbers without a word, or an error that did not help;
/// each stands for a kind. What does not determine its parameters is in Tests/MixedModelsTests/Determination, what
/// has several minima in Tests/MixedModelsTests/Fit.
@Suite struct OutsideFaultsTests {
  private func run(_ script: String) throws -> ToolProcess {
    try ToolProcess(script: "cd \"$1\"; \(script)", Files.test("CommandLineTests/Faults").path)
  }

  private func expect(_ script: String, _ texts: [String]) throws {
    let run = try run(script)
    for text in texts {
      #expect(
        (run.output + run.errors).range(of: text, options: .regularExpression) != nil,
        "\(script)\nlacks \(text)\n\(run.output)\(run.errors)")
    }
  }

  /// The fit to "y" with weights "w" (lme4 1.1-31, lmerTest 3.1-3: 12.297 degrees of freedom) in units of 1e-6 and 1e9.
  @Test func `weights and responses in any unit`() throws {
    for (response, unit) in [("small", "e-05"), ("big", "")] {
      try expect(
        "$tool fit '\(response) ~ x + (1|g)' weights_units.csv --weights w\(response) --format tidy",
        [
          "\\(Intercept\\),1\\.?94871379\\d*\\.?\\d*\(unit),.*,38\\.405\\d*,12\\.2970",
          "sd__\\(Intercept\\),1\\.?15344828",
        ])
    }
    let texts = ["\"adjusted\": 0\\.596191235372", "\"marginal\": 0\\.205359204636"]
    for weights in ["w1", "w100"] {
      try expect("$tool variance 'y ~ x + (1|g)' --data const_weights_r2.csv --weights \(weights) --json", texts)
    }
    // Of 8 levels, whatever their distances: 7 (lmerTest on y0).
    for response in ["y0", "y3", "y4"] {
      try expect(
        "$tool fit '\(response) ~ x + (1|g)' huge_ratio.csv --format tidy",
        ["\\(Intercept\\),.*,1\\.11\\d*,(7|6\\.9[6-9]\\d*|7\\.0[0-3]\\d*),0\\.30", "x,0\\.6219184.*,0\\.091"])
    }
  }

  /// lme4: 298.1 with 12 levels.
  @Test func `labels are their bytes, in an encoding that is said`() throws {
    try expect(
      "$tool fit 'y ~ x + f + (1|id)' umlaut_l1.csv",
      ["line 2: .* is not UTF-8 text. Name its encoding, --encoding latin1"])
    try expect(
      "$tool fit 'y ~ x + f + (1|id)' umlaut_l1.csv --encoding latin1", ["convergence: 298\\.1\n", "groups:  id, 12\n"])
    try expect("$tool fit 'y ~ x + f + (1|id)' nfc2.csv", ["convergence: 298\\.1\n", "groups:  id, 12\n"])
  }

  /// R: 0.9264 is the residual standard deviation of lm(y ~ sex), the variance of g being zero.
  @Test func `a column that looks logical at first is none`() throws {
    try expect(
      "$tool fit 'y ~ sex + (1|g)' crash_females.csv crash_males.csv",
      ["convergence: 216\\.8\n", "Residual +0\\.8582 +0\\.9264", "\nsexM "])
  }

  /// lme4: 371.8, 6.14.
  @Test func `decimal commas are said or read`() throws {
    let fit = "$tool fit 'score ~ dose + (1|id)' deccomma.csv"
    try expect(fit, ["\"0,25\" in column \"dose\" has a decimal comma. Read decimals with a comma: --decimal ,"])
    try expect(fit + " --decimal ,", ["convergence: 371\\.8\n", "\ndose +6\\.1400 +0\\.8741 69\\.0"])
  }

  /// Right values: what dropping the term takes from the column space (lme4, drop1 of the model that is not aliased).
  @Test func `tests of aliased terms depend on no order`() throws {
    for terms in ["kind + single", "single + kind"] {
      try expect(
        "$tool anova 'y ~ \(terms) + (1|g)' --data aliased.csv --type 2",
        ["\nkind +0\\.035949 0\\.035949 +1 +12 0\\.043084 +0\\.839", "\nsingle +0\n"])
    }
    try expect(
      "$tool anova 'y ~ cat + sub + (1|id)' --data nested_aliased.csv --type 2",
      ["\ncat +0\n", "\nsub .* 2 +37 +12\\.999"])
    try expect(
      "$tool anova 'y ~ f + h + (1|g)' --data reduced_contrast.csv --contrasts f=@linear_contrast.csv --type 3",
      ["\nf .* 1 20\\.163 39\\.396", "\nh .* 1 20\\.482 +0\\.092671"])
    for coding in ["treatment", "sum"] {
      try expect(
        "$tool anova 'y ~ 0 + a + b + (1|block)' --data ni.csv --contrasts a=\(coding) --contrasts b=\(coding)",
        ["\na +16\\.382 +8\\.191 +2 +22 +1\\.644 ", "\nb +59\\.643 +59\\.643 +1 +22 +11\\.971 "])
    }
  }

  /// The deviance rises by 2.24 at most on the way to a correlation of ±1, where the slopes' deviation vanishes.
  @Test func `limits of a correlation reach one where a deviation may vanish`() throws {
    try expect(
      "$tool confint 'distance ~ age + (age|Subject)' --data orthodont_female.csv --method profile",
      [
        "cor_age\\.\\(Intercept\\)\\|Subject -0\\.29816 -1\\.000000\\* +1\\.00000\\*",
        "sd_age\\|Subject +0\\.14667 +0\\.000000\\*",
      ])
  }

  @Test func `what is not estimable is not predicted`() throws {
    let zeroSlope = "../../MixedModelsTests/Determination/Data/zero_slope.csv"
    try expect(
      "$tool predict 'y ~ x + x2 + (1|g)' --train aliased_predict.csv --data aliased_new.csv",
      ["\n1,3,7,7\\.69722", "\n1,3,20,NA\n", "1 row has no prediction"])
    try expect(
      "$tool predict 'y ~ x + x2 + (1|g)' --train \(zeroSlope) --data predict_nonestimable_new.csv",
      ["\n0,1,q,6,g01,NA\n", "1 row has no prediction"])
    try expect("$tool augment 'y ~ x + rare + (1|g)' --data leverage_one.csv --influence", [",R,8\\.064.*,NA\n"])
  }

  @Test func `rows and responses that cannot be used are left out by name`() throws {
    try expect("$tool augment 'y ~ x + (1|g)' --data missing_group.csv", ["\nA,a,0,5\\.72,.*,5\\.461", "(,NA){4}\n"])
    try expect(
      "$tool fit 'cbind(gene_1, gene_txt) ~ x + (1|grp)' mr.csv",
      ["\ngene_1 +371\\.94 1\\.116", "1 of 2 responses could not be fitted, the first of them gene_txt: column gene_txt is text"])
  }

  /// emmeans 1.8.4: 11.888, 13.656, 10.337.
  @Test func `names are those that are printed, and nested means are R's`() throws {
    try expect("$tool contrast 'y ~ `x 1` + f + (1|id)' --data xs.csv --hypothesis '`x 1` = 0'", [" 0\\.65859 +0\\.08354 81\\.71"])
    try expect(
      "$tool emmeans 'y ~ drug/dose + (1|blk)' '~ drug' --data nested_doses.csv --factor dose",
      ["\nA +11\\.888 ", "\nB +13\\.656 ", "\nnone 10\\.337 "])
  }

  @Test(arguments: [
    ("comment.csv", "The header line, \"# exported 2024\", looks like a comment; take it out"),
    ("rowname_short.csv", "line 2: 5 fields, but the header has 4. .*if the first column holds row names, name it"),
    ("space.txt", "The only column is \"id x f y\".*separated by blanks, add --separator"),
    ("oats_wt.txt", "line 1: the names of the columns are separated by blanks"),
    ("sepline.csv", "Linear mixed model fit by REML"),
  ])
  func `headers are understood or explained`(file: String, words: String) throws {
    try expect("$tool fit 'y ~ x + f + (1|id)' \(file)", [words])
  }

  @Test func `notes of a singular fit stand in every format`() throws {
    for format in ["tidy", "glance"] {
      let run = try run("$tool fit 'y ~ x + t + (t|g)' singular.csv --format \(format)")
      #expect(run.errors.hasPrefix("note: boundary (singular) fit"), "\(run.errors)")
    }
  }
}
