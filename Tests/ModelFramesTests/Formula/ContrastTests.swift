// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct ContrastTests {
  private let levels = ["a", "b", "c", "d"]

  @Test func `treatment contrasts leave out the first level`() throws {
    let (names, values) = try Contrast.treatment.columns(levels: levels)
    #expect(names == ["b", "c", "d"])
    #expect(values == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
  }

  @Test func `sum contrasts end with minus one`() throws {
    let (names, values) = try Contrast.sum.columns(levels: levels)
    #expect(names == ["1", "2", "3"])
    #expect(values == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, -1, -1]])
  }

  @Test func `helmert contrasts compare with the levels before`() throws {
    let (names, values) = try Contrast.helmert.columns(levels: levels)
    #expect(names == ["1", "2", "3"])
    #expect(values == [[-1, -1, -1], [1, -1, -1], [0, 2, -1], [0, 0, 3]])
  }

  @Test func `deviations are treatment contrasts less their means`() throws {
    #expect(try Contrast.deviation.columns(levels: ["a", "b"]).values == [[-0.5], [0.5]])
    let (names, values) = try Contrast(named: "deviation").columns(levels: levels)
    #expect(names == ["b", "c", "d"])
    let rest = -0.25
    #expect(values == [[rest, rest, rest], [0.75, rest, rest], [rest, 0.75, rest], [rest, rest, 0.75]])
  }

  /// `MASS::contr.sdif(c("a", "b", "c", "d"))`.
  @Test func `successive differences are those of MASS`() throws {
    let (names, values) = try Contrast(named: "contr.sdif").columns(levels: levels)
    #expect(names == ["b-a", "c-b", "d-c"])
    #expect(
      values == [
        [-0.75, -0.5, -0.25], [0.25, -0.5, -0.25], [0.25, 0.5, -0.25], [0.25, 0.5, 0.75],
      ])
  }

  /// `contr.poly(7)` of R 4.2.2.
  @Test func `polynomial contrasts are R's`() throws {
    let golden: [[Double]] = [
      [
        -0.566946709513841, -0.377964473009227, -0.188982236504614, 0, 0.188982236504614,
        0.377964473009227, 0.566946709513841,
      ],
      [
        0.545544725589981, 0, -0.327326835353988, -0.436435780471985, -0.327326835353989, 0,
        0.545544725589981,
      ],
      [
        -0.408248290463863, 0.408248290463863, 0.408248290463863, 0, -0.408248290463863,
        -0.408248290463863, 0.408248290463863,
      ],
      [
        0.241746889207614, -0.564076074817766, 0.0805822964025373, 0.483493778415229,
        0.080582296402538, -0.564076074817766, 0.241746889207614,
      ],
      [
        -0.109108945117996, 0.436435780471986, -0.545544725589982, 0, 0.54554472558998,
        -0.436435780471984, 0.109108945117996,
      ],
      [
        0.0328975847479886, -0.197385508487931, 0.493463771219826, -0.657951694959769,
        0.493463771219828, -0.197385508487932, 0.0328975847479886,
      ],
    ]
    let (names, values) = try Contrast.polynomial.columns(levels: (1...7).map(String.init))
    #expect(names == [".L", ".Q", ".C", "^4", "^5", "^6"])
    for column in 0..<6 {
      for row in 0..<7 { #expect(abs(values[row][column] - golden[column][row]) < 1e-14) }
    }
  }

  @Test(arguments: [2, 3, 12, 95])
  func `polynomial contrasts are orthonormal`(count: Int) throws {
    let (names, values) = try Contrast.polynomial.columns(levels: (1...count).map(String.init))
    #expect(names.count == count - 1)
    for a in names.indices {
      #expect(abs(values.reduce(0) { $0 + $1[a] }) < 1e-13)
      if count <= 12 { #expect(values[count - 1][a] > 0) }
      for b in names.indices {
        let product = values.reduce(0) { $0 + $1[a] * $1[b] }
        #expect(abs(product - (a == b ? 1 : 0)) < 1e-13)
      }
    }
  }

  @Test func `a matrix is matched by the names of levels`() throws {
    let contrast = Contrast.matrix(
      levels: ["c", "a", "b"], columns: ["u", "v"], values: [[5, 6], [1, 2], [3, 4]])
    let (names, values) = try contrast.columns(levels: ["a", "b", "c"])
    #expect(names == ["u", "v"])
    #expect(values == [[1, 2], [3, 4], [5, 6]])
  }

  @Test func `what cannot be coded is an error`() {
    let matrix = Contrast.matrix(levels: ["a", "b"], columns: ["u"], values: [[1], [2]])
    #expect(throws: ContrastError.missingLevel("c")) { try matrix.columns(levels: ["a", "c"]) }
    let ragged = Contrast.matrix(levels: ["a", "b"], columns: ["u"], values: [[1], [2, 3]])
    #expect(throws: ContrastError.raggedRow(level: "b", expected: 1, found: 2)) {
      try ragged.columns(levels: ["a", "b"])
    }
    let short = Contrast.matrix(levels: ["a", "b"], columns: ["u"], values: [[1]])
    #expect(throws: ContrastError.wrongShape(rows: 2, found: 1)) {
      try short.columns(levels: ["a", "b"])
    }
    let twice = Contrast.matrix(levels: ["a", "a"], columns: ["u"], values: [[1], [2]])
    #expect(throws: ContrastError.repeatedLevel("a")) { try twice.columns(levels: ["a", "b"]) }
    for contrast in [Contrast.treatment, .sum, .helmert, .polynomial] {
      #expect(throws: ContrastError.tooFewLevels(1)) { try contrast.columns(levels: ["a"]) }
      #expect(throws: ContrastError.tooFewLevels(0)) { try contrast.columns(levels: []) }
    }
    #expect(throws: ContrastError.tooManyLevels(96)) {
      try Contrast.polynomial.columns(levels: (1...96).map(String.init))
    }
  }

  @Test(arguments: [
    ("treatment", Contrast.treatment), ("contr.sum", .sum), ("helmert", .helmert),
    ("poly", .polynomial), ("contr.poly", .polynomial),
  ])
  func `contrasts have R's names`(name: String, contrast: Contrast) throws {
    #expect(try Contrast(named: name) == contrast)
  }

  @Test func `an unknown name is refused`() {
    #expect(throws: ContrastError.unknownName("dummy")) { try Contrast(named: "dummy") }
  }
}
