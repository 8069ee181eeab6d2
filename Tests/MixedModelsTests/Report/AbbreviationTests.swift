// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Testing

struct AbbreviationTests {
  /// R 4.2.2: abbreviate(name, 6) and abbreviate(name, 11).
  static let short: [(name: String, six: String, eleven: String)] = [
    ("(Intercept)", "(Intr)", "(Intercept)"),
    ("Days", "Days", "Days"),
    ("temperature185", "tmp185", "tempertr185"),
    ("recipeB:temperature185", "rB:185", "rcpB:tmp185"),
    ("I(Days^2)", "I(D^2)", "I(Days^2)"),
    ("log(Days + 1)", "l(D+1)", "log(Days+1)"),
    ("poly(x, 2)1", "p(,2)1", "poly(x, 2)1"),
    ("MachineB", "MachnB", "MachineB"),
    ("eeeeeeeeeee", "eeeeee", "eeeeeeeeeee"),
    ("bcdfghjklmnpqrstvwxyz", "bcdfgh", "bcdfghjklmn"),
    ("VERYLONGUPPERNAME", "VERYLO", "VERYLONGUPP"),
    ("some long name here", "smlnnh", "somlongnmhr"),
    ("Ünïcödé_name_lang", "Üncd__", "Üncd_nm_lng"),
    ("treatmentPlacebo", "trtmnP", "tretmntPlcb"),
    ("time_since_onset", "tm_sn_", "tim_snc_nst"),
    ("scale(age)", "scl(g)", "scale(age)"),
    ("SexMale:age", "SxMl:g", "SexMale:age"),
    ("a.b.c.d.e.f.g.h", "a.....", "a.b.c.d...."),
    ("temperature.L", "tmpr.L", "temperatr.L"),
    ("temperature^4", "tmpr^4", "temperatr^4"),
  ]

  @Test(arguments: short.indices)
  func `names shorten as in R`(index: Int) {
    let (name, six, eleven) = Self.short[index]
    #expect(abbreviations(of: [name], minimumLength: 6) == [six])
    #expect(abbreviations(of: [name], minimumLength: 11) == [eleven])
  }

  @Test func `different names stay different and equal ones equal`() {
    let names = ["abcdefgh1xyz", "abcdefgh1xyw", "abcdefgh1xyz"]
    let short = abbreviations(of: names, minimumLength: 6)
    #expect(short[0] == short[2])
    #expect(short[0] != short[1])
  }

  @Test func `names that differ by blanks alone come to an end`() {
    #expect(abbreviations(of: ["abcdefgh", " abcdefgh"], minimumLength: 4).count == 2)
  }

  @Test func `names of any letters shorten as letter by letter`() {
    var generator = SystemRandomNumberGenerator()
    let letters = Array("aeioubcdBCD  ..:12é")
    for _ in 0..<3000 {
      let stem = String((0..<Int.random(in: 0...6, using: &generator)).map { _ in letters.randomElement()! })
      let names = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        stem + String((0..<Int.random(in: 0...12, using: &generator)).map { _ in letters.randomElement()! })
      }
      for length in [1, 4, 6, 11] {
        #expect(
          abbreviations(of: names, minimumLength: length)
            == plainAbbreviations(of: names, minimumLength: length), "\(names)")
      }
    }
  }

  /// Took a minute for five names of 1000 letters when each length was tried from its beginning.
  @Test(.timeLimit(.minutes(1)))
  func `long names are told apart as soon as short ones`() {
    // Only the last letter, which is the first to go, tells them apart.
    let names = ["b", "c", "d", "f", "g"].map { String(repeating: "abcdefgh", count: 5000) + $0 }
    let short = abbreviations(of: names, minimumLength: 6)
    #expect(Set(short).count == 5)
    #expect(zip(names, short).allSatisfy { $0.last == $1.last })
  }
}
