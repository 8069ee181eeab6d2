// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Formulas and values that no structure has.
@Suite struct `Refusals of covariance structures` {
  @Test(arguments: [
    ("Reaction ~ ou(Days | Subject)", "not the levels of one factor"),
    ("Reaction ~ ou(0 + factor(Dose) | Subject)", "is no time"),
    ("Reaction ~ ar1(0 + factor(Days) | Subject, d = 2)", "no number of dimensions"),
    ("Reaction ~ rr(0 + factor(Days) | Subject, hom = TRUE)", "hom says nothing here"),
    ("Reaction ~ rr(Days | Subject, d = 3)", "Take d = 2 or less"),
    ("Reaction ~ fa(Days | Subject)", "Write the term without a word"),
    ("Reaction ~ rr(Days | Subject, d = 0)", "d = 1 or more"),
    ("Reaction ~ hetar1(Days | Subject, hom = TRUE)", "hom says nothing here"),
    ("Reaction ~ us(Days | Subject, hom = TRUE)", "takes a random term alone"),
    ("Reaction ~ Days + homtoep(0 + factor(Days) | Subject)", "180"),
    ("Reaction ~ exp(Days || Subject)", "two bars in exp()"),
  ])
  func `what does not suit is refused`(formula: String, words: String) throws {
    let error = try #require(
      #expect(throws: (any Error).self) { try Fit(Formula(formula), data: [.file(Files.data("sleepstudy_extra.csv"))]) })
    #expect("\(error)".contains(words), "\(error)")
  }

  @Test(arguments: [
    ("toep(0 + Machine | Worker)", [1, 1, 1, 0.9, 0.1], "no covariance matrix has these correlations"),
    ("toep(0 + Machine | Worker)", [1, 1, 1, 1.2, 0.1], "this correlation lies between -1.0 and 1"),
    ("cs(0 + Machine | Worker)", [1, 1, 1, -0.6], "this correlation lies between -0.5 and 1"),
    ("cs(0 + Machine | Worker)", [1, -1, 1, 0.6], "a standard deviation is a number from 0 on"),
  ])
  func `known values that no covariance matrix has are refused`(
    term: String, theta: [Double], words: String
  ) throws {
    var options = FitOptions()
    options.knownTheta = theta
    let error = try #require(
      #expect(throws: (any Error).self) {
        try Fit(
          Formula("score ~ Machine + \(term)"), data: [.file(Files.data("machines.csv"))],
          options: options)
      })
    #expect("\(error)".contains(words), "\(error)")
  }
}
