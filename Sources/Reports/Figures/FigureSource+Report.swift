// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
package import ModelFrames

extension FigureSource {
  /// Summary, tests and figures as one page of HTML.
  ///
  /// The rows of the fit are read some times; without them their figures are left out, which the
  /// page says. `progress` is told what is being made.
  /// - Throws: `DataError`, `FitError`, `InferenceError`, `FigureError`, `GnuplotError`.
  package func report(
    data: [any TableSource], gnuplot: Gnuplot = Gnuplot(), progress: (String) -> Void = { _ in }
  ) throws -> String {
    progress("tests")
    let tested = try testedFit(data)
    var page = HTMLReport(title: tested.formula)
    page.add("Fit", report: tested.report())
    page.add("As lme4 prints it", folded: tested.page(isVerbose: false))
    progress("intervals")
    try addIntervals(&page)
    try addTests(&page)
    try addVariance(&page)
    if data.isEmpty {
      page.add(
        note:
          "The rows were not at hand, so the figures of rows and residuals are left out. Name the files of the fit after \(Setting.data) to have them."
      )
    }
    for (kind, heading) in figures where !(data.isEmpty && kind.needsRows(of: fitted)) {
      if kind == .profile, !isQuick(searches: 200) {
        page.add(note: "Profiles take long for this model; \(Action.drawProfiles) draws them.")
        continue
      }
      progress("figure: \(heading)")
      do {
        let figure = try figure(kind, data: kind.usesRows ? data : [])
        let svg = try figure.drawn(on: .svg, by: gnuplot)
        page.add(heading, svg: String(decoding: svg, as: UTF8.self), caption: figure.caption)
      } catch FigureError.nothingToDraw(let reason) {
        page.add(note: "\(heading): \(reason)")
      } catch let error as InferenceError {
        page.add(note: "\(heading): \(error)")
      }
    }
    page.add("How it was found", text: tested.computationLines.joined(separator: "\n"))
    return page.text
  }

  /// What a fit of its kind has.
  private var figures: [(FigureKind, String)] {
    var kinds: [(FigureKind, String)] =
      fitted.repeatedModel != nil
      ? [
        (.coefficients, "Coefficients"), (.residuals, "Residuals"), (.qq, "Normal quantile plots"),
        (.profile, "Profiles"), (.variogram, "Variogram of residuals"),
      ] : Self.figures
    if MapFigure.suits(self) { kinds.append((.map, "Map")) }
    if fit.residualStrata != nil || fit.residual != nil {
      kinds.append((.deviations, "Residual standard deviations"))
    }
    if fit.residual != nil { kinds.append((.correlations, "Correlations of residuals")) }
    return kinds + [(.trace, "Search")]
  }

  private static let figures: [(FigureKind, String)] = [
    (.coefficients, "Coefficients"), (.data, "Rows and fit"), (.residuals, "Residuals"),
    (.qq, "Normal quantile plots"), (.caterpillar, "Conditional modes"), (.shrinkage, "Shrinkage"),
    (.profile, "Profiles"),
  ]

  private func testedFit(_ data: [any TableSource]) throws -> Fit {
    var fit = try fitted.finished()
    if !data.isEmpty {
      fit.scaledResiduals = try fitted.scaledResidualPass(of: data).scaledQuantiles()
    }
    return fit
  }

  /// Profile intervals where they are quick, else Wald's.
  private func addIntervals(_ page: inout HTMLReport) throws {
    do {
      if isQuick(searches: 200) {
        page.add("Confidence intervals", report: ConfidenceReport(try fitted.profile()).report())
        return
      }
      let (method, level) = (fitted.options.degreesOfFreedom, 0.95)
      let intervals = try fitted.waldIntervals(level: level, method)
      page.add(
        "Confidence intervals",
        report: ConfidenceReport(wald: intervals, fitted, level: level, method).report())
    } catch let error as InferenceError {
      page.add(note: "There are no confidence intervals: \(error)")
    }
  }

  /// R² and intraclass correlations.
  private func addVariance(_ page: inout HTMLReport) throws {
    do {
      page.add(
        "R² and intraclass correlations", report: try fitted.varianceExplained().report())
    } catch let error as InferenceError {
      page.add(note: "There are no R² and intraclass correlations: \(error)")
    }
  }

  /// F tests of the terms, and tests of the random effects where refits are quick.
  private func addTests(_ page: inout HTMLReport) throws {
    let method = fitted.options.degreesOfFreedom
    do {
      let table = try fitted.anova(type: .marginalMeans, method)
      if table.rows.isEmpty {
        page.add(note: "There are no terms to test: the fixed part is an intercept.")
      } else {
        page.add("Tests of fixed effects", report: table.report())
      }
    } catch let error as InferenceError {
      page.add(note: "There are no F tests of the terms: \(error)")
    }
    guard fitted.repeatedModel == nil else { return }
    guard isQuick(searches: 1) else {
      page.add(
        note: "Tests of the random effects take long for this model; \(Action.testRandomEffects) makes them.")
      return
    }
    do {
      let deletions = try fitted.randomTermDeletions()
      page.add("Tests of random effects", report: deletions.report())
    } catch let error as FitError {
      page.add(note: "There are no tests of the random effects: \(error)")
    } catch let error as InferenceError {
      page.add(note: "There are no tests of the random effects: \(error)")
    }
  }

  /// Whether some searches for every parameter take no more than seconds.
  private func isQuick(searches: Int) -> Bool {
    let evaluations = 40 * searches * fit.parameterCount
    return fit.timing.evaluation * Double(evaluations) < Self.quickSeconds
  }

  private static let quickSeconds = 10.0
}
