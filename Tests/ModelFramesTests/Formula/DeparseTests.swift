// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct DeparseTests {
  /// Texts and R 4.2.2's `term.labels` of `~ I(text)`.
  static let golden: [(text: String, label: String)] = [
    ("x%%2", "I(x%%2)"),
    ("x%/%2", "I(x%/%2)"),
    ("x %in% c('a',\"b\")", #"I(x %in% c("a", "b"))"#),
    ("-x^2", "I(-x^2)"),
    ("a^-b", "I(a^-b)"),
    ("a- -b", "I(a - -b)"),
    ("!a==b", "I(!a == b)"),
    ("I(a-11)", "I(I(a - 11))"),
    ("log(x,base=2)", "I(log(x, base = 2))"),
    ("1e5*x", "I(1e+05 * x)"),
    ("100000*x", "I(1e+05 * x)"),
    ("123456*x", "I(123456 * x)"),
    ("0.1*x", "I(0.1 * x)"),
    ("0.0001*x", "I(1e-04 * x)"),
    ("0.00012*x", "I(0.00012 * x)"),
    ("x>1e300", "I(x > 1e+300)"),
    ("1/3*x", "I(1/3 * x)"),
    ("0.1234567890123456789*x", "I(0.123456789012346 * x)"),
    ("f=='it\\'s \"q\"'", #"I(f == "it's \"q\"")"#),
    (#"f=='a\tb\\ü\001'"#, #"I(f == "a\tb\\ü\001")"#),
    ("a&b|c", "I(a & b | c)"),
    ("(a+b)*c", "I((a + b) * c)"),
    ("+a", "I(+a)"),
    ("`a b`+1", "I(`a b` + 1)"),
    ("log(`a b`)", "I(log(`a b`))"),
    ("`if`+1", "I(`if` + 1)"),
    ("x==TRUE", "I(x == TRUE)"),
    ("a**2", "I(a^2)"),
    ("x!=1", "I(x != 1)"),
    ("a==!b", "I(a == !b)"),
    ("sqrt(x)/2", "I(sqrt(x)/2)"),
    ("0x10*x", "I(16 * x)"),
    ("5.*x", "I(5 * x)"),
    (".5*x", "I(0.5 * x)"),
    ("5.e1*x", "I(50 * x)"),
    ("12345678901234567890*x", "I(12345678901234567168 * x)"),
    ("x>Inf", "I(x > Inf)"),
    ("3e10*x", "I(3e+10 * x)"),
    ("15e4*x", "I(150000 * x)"),
    ("123456.7*x", "I(123456.7 * x)"),
    ("x*1L", "I(x * 1)"),
    ("`_x`+1", "I(`_x` + 1)"),
    ("`.1x`+1", "I(`.1x` + 1)"),
    (".x+1", "I(.x + 1)"),
    ("é+1", "I(é + 1)"),
    ("!(a)", "I(!(a))"),
    ("-(1)+a", "I(-(1) + a)"),
    ("x==-1", "I(x == -1)"),
  ]

  @Test(arguments: golden)
  func `expressions are written as R writes them`(_ golden: (text: String, label: String)) throws {
    let formula = try Formula("y ~ I(\(golden.text))")
    #expect(formula.fixed.variables.map(\.name) == [golden.label])
  }

  @Test func `text that would merge with its quotes is escaped`() throws {
    for text in ["I(f == \"\\u{301}a\")", "I(f == \"\\u0600\")", "`\\U{1F3FB}`"] {
      let name = try Formula("y ~ \(text)").fixed.variables[0].name
      #expect(try Formula("y ~ \(name)").fixed.variables[0].name == name)
    }
  }

  @Test(arguments: [
    "a`\u{301}", "a\\\u{301}", "\u{1FEF}", "a\"\u{301}", "\u{301}", "a\r\nb", "\u{D4E}`", "\u{202E} ",
  ])
  func `names are read as they were written, whatever their quotes merge with`(
    _ column: String
  ) throws {
    let escaped = column.unicodeScalars.map { "\\U{\(String($0.value, radix: 16))}" }.joined()
    let name = try Formula("y ~ `\(escaped)`").fixed.variables[0].name
    let again = try Formula("y ~ \(name)")
    #expect(again.fixed.variables[0].name == name)
    let references = again.columnReferences.map { Array($0.name.unicodeScalars) }
    #expect(references.contains(Array(column.unicodeScalars)))
  }

  /// R 4.2.2's `colnames(model.matrix())` show these names.
  @Test(arguments: [
    ("`a b`", "`a b`"), ("`a`", "a"), ("(a)", "a"), ("poly( x,2L)", "poly(x, 2)"),
    ("poly(x,degree=2,raw=TRUE)", "poly(x, degree = 2, raw = TRUE)"),
    ("scale(x,scale=FALSE)", "scale(x, scale = FALSE)"), ("factor(c)", "factor(c)"),
    ("as.factor(c)", "as.factor(c)"), ("relevel(f,ref='b')", "relevel(f, ref = \"b\")"),
    ("a>2", "a > 2"), ("!b", "!b"), ("log((a))", "log((a))"), ("a>2 & b", "a > 2 & b"),
  ])
  func `variables have the names of R's coefficients`(text: String, name: String) throws {
    #expect(try Formula("y ~ \(text)").fixed.variables.map(\.name) == [name])
  }
}
