// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

/// L⁻¹r of a subject's residuals r, of covariance matrix LLᵀ.
@Suite struct `Normalized residuals` {
  private func fitted(_ formula: String, _ file: String, _ residual: String?) throws -> FittedModel {
    var options = FitOptions()
    options.residual = try residual.map { try ResidualTerm($0) }
    if file == "trial.csv" { options.reading.categoricalColumns = ["week"] }
    return try FittedModel(Formula(formula), data: [.file(Files.data(file))], options: options)
  }

  /// A line for every row of the table.
  private func augmented(
    _ fitted: FittedModel, _ rows: DataSource
  ) throws -> (header: [String], rows: [[Substring]], notes: [String]) {
    var bytes: [UInt8] = []
    let notes = try RowTable(LinearPredictor(fitted), RowColumn.ofRows(fitted)).write([rows]) { bytes += $0 }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    return (lines[0].map(String.init), Array(lines.dropFirst()), notes)
  }

  /// nlme 3.1: residuals(lme(Reaction ~ Days, random = ~ 1 | Subject, correlation = corAR1(form = ~ Days | Subject)),
  /// type = "normalized").
  @Test func `are nlme's beside random effects`() throws {
    let fitted = try fitted("Reaction ~ Days + (1 | Subject)", "sleepstudy.csv", "ar1(Days | Subject)")
    let table = try augmented(fitted, .file(Files.data("sleepstudy.csv")))
    let place = try #require(table.header.firstIndex(of: ".normres"))
    let values = table.rows.map { Double($0[place])! }
    for (value, expected) in zip(values, [-0.9180454699, -0.4669158226, -1.0811981010, 1.4510644553]) {
      #expect(abs(value - expected) < 2e-6)
    }
    #expect(table.notes.isEmpty && values.count == 180)
  }

  @Test func `are those of the matrix between visits, in any order of rows`() throws {
    let fitted = try fitted("change ~ baseline + arm * week", "trial.csv", "us(week | arm/patient)")
    let components = try #require(fitted.fit.residual).components
    let text = try String(contentsOfFile: Files.data("trial.csv"), encoding: .utf8).split(separator: "\n")
    let turned = ([text[0]] + text.dropFirst().reversed()).joined(separator: "\n") + "\n"
    for source in [DataSource.file(Files.data("trial.csv")), .bytes(Array(turned.utf8), name: "turned")] {
      let table = try augmented(fitted, source)
      func cells(_ name: String) throws -> [Substring] {
        let place = try #require(table.header.firstIndex(of: name))
        return table.rows.map { $0[place] }
      }
      let (patients, weeks, arms) = (try cells("patient"), try cells("week"), try cells("arm"))
      let residuals = try cells(".resid").map { Double($0) ?? .nan }
      let normalized = try cells(".normres").map { Double($0) ?? .nan }
      for patient in Set(patients) {
        let rows = patients.indices.filter { patients[$0] == patient && !residuals[$0].isNaN }
        guard let first = rows.first else { continue }
        let component = try #require(components.first { $0.name == "Residual:\(arms[first])" })
        let places = rows.map { row in component.columns.firstIndex(of: String(weeks[row]))! }
        var L = DenseMatrix(
          rows: rows.count, columns: rows.count,
          storage: places.flatMap { j in places.map { component.covariances[$0][j] } })
        try DenseCholesky.factorize(&L)
        var r = DenseMatrix(rows: rows.count, columns: 1, storage: rows.map { residuals[$0] })
        DenseCholesky.solveLower(L, &r)
        for (row, expected) in zip(rows, r.storage) { #expect(abs(normalized[row] - expected) < 1e-9) }
      }
    }
  }

  @Test func `rows out of order have none, and say so`() throws {
    let fitted = try fitted("Reaction ~ Days + (1 | Subject)", "sleepstudy.csv", "ar1(Days | Subject)")
    let text = "Reaction,Days,Subject\n250,1,308\n260,0,308\n"
    let table = try augmented(fitted, .bytes(Array(text.utf8), name: "rows"))
    #expect(table.rows.allSatisfy { $0.last == "NA" && Double($0[3]) != nil })
    #expect(table.notes.contains { $0.contains("line 3") && $0.contains("Sort the rows") })
  }

  @Test func `independent residuals have no such column`() throws {
    #expect(RowColumn.ofRows(try fitted("Reaction ~ Days + (1 | Subject)", "sleepstudy.csv", nil)).count == 4)
  }
}
