// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// Rows that the fit left out stay rows of its data, whatever levels they have.
@Suite struct LeftOutRowsTests {
  /// Group E and the level c of f have missing responses only.
  private static let table = """
    g,f,x,y
    A,a,0,5.72
    A,b,1,6.09
    A,a,2,5.96
    A,b,3,6.67
    B,a,0,6.29
    B,b,1,6.52
    B,a,2,6.55
    B,b,3,6.56
    C,a,0,3.25
    C,b,1,3.71
    C,a,2,3.71
    C,b,3,4.99
    D,c,0,NA
    D,b,1,3.65
    D,a,2,4.06
    D,b,3,6.20
    E,a,0,NA
    E,b,1,NA
    E,a,NA,NA

    """

  private let data = [DataSource.bytes(Array(table.utf8), name: "t.csv")]

  private func augmented(_ columns: [RowColumn]) throws -> [[Double]] {
    let predictor = try LinearPredictor(Formula("y ~ x + f + (1 | g)"), data: data)
    var bytes: [UInt8] = []
    try RowTable(predictor, columns, input: .none).write(data) { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",").map { Double($0) ?? .nan }
    }
  }

  /// R 4.2.2, lme4 1.1-31: fitted(m) and resid(m) of the rows 1, 12, 14 and 16.
  @Test func `a level that has missing responses alone`() throws {
    let rows = try augmented([.fitted, .residual])
    #expect(rows.count == 19)
    let expected = [
      (0, 5.39513655, 0.3248634521), (11, 4.65226332, 0.3377366757),
      (13, 4.42907945, -0.7790794472),
      (15, 5.13813953, 1.0618604738),
    ]
    for (row, fitted, residual) in expected {
      #expect(abs(rows[row][0] - fitted) < 1e-5)
      #expect(abs(rows[row][1] - residual) < 1e-5)
    }
    for row in [12, 16, 17, 18] { #expect(rows[row].filter { !$0.isNaN }.isEmpty) }
  }

  @Test func `leverages are there for the others`() throws {
    let rows = try augmented([.fitted, .leverage, .cooksDistance])
    #expect(rows.indices.filter { rows[$0][1].isNaN } == [12, 16, 17, 18])
  }

  @Test func `where a prediction is asked for, the level is still missed`() throws {
    let predictor = try LinearPredictor(Formula("y ~ x + f + (1 | g)"), data: data)
    func predict(_ rows: String) throws -> [Double] {
      var fitted: [Double] = []
      try predictor.predict([.bytes(Array(rows.utf8), name: "new.csv")]) { fitted += $0.fitted }
      return fitted
    }
    #expect(throws: DataError.self) { try predict("g,f,x\nE,a,1\n") }
    #expect(throws: DataError.self) { try predict("g,f,x\nA,c,1\n") }
    #expect(try predict("g,f,x\nE,a,NA\nA,c,\n").allSatisfy(\.isNaN))
  }
}
