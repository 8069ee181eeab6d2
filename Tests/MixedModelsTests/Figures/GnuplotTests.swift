// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import Reports
import TestSupport
import Testing

/// Whether gnuplot can be run here; the scripts are tested anyway.
let isGnuplotInstalled: Bool = {
  var gnuplot = Gnuplot()
  gnuplot.timeout = 30
  let drawn = try? gnuplot.output(of: "set terminal dumb\nplot x\n")
  return drawn != nil
}()

/// A title, drawn alone.
private struct Titled: Figure {
  let title: String
  // Wide, since gnuplot leaves out a key that has no room.
  let size = FigureSize(width: 900, height: 300)
  let caption = ""

  func draw(_ script: inout GnuplotScript) {
    let points = script.data([[0, 0], [1, .nan], [], [2, 1e-300]])
    script.command("set title \(title)")
    // A tic's label is a format.
    script.command("set xtics (\(tic: title) 0)")
    script.plot(["\(points) using 1:2 with lines title \(title)"])
  }
}

/// Names that mean something to gnuplot, to XML or to a shell.
private let awkwardNames = [
  "a_b^c{d}", "it's", "''", "\"quoted\"", "back\\slash\\n", "`touch /tmp/pwned`", "<&>]]>",
  "@macro",
  "x' ; system('exit 1') ; print '", "%s %d", "naïve Größe σ̂ 数", "tab\tnew\nline\u{0}end", "$data1",
  "#comment", "EOD\nexit", "a'\u{301}`touch /tmp/pwned`", "]]>\u{301}", "50%", "5%g", "%%",
  "x^2, a_b",
  "\u{1B}[31m\u{9B}1m\u{7F}\u{202E}", "\u{301}x", "\u{D4E}'", "$(touch /tmp/pwned)",
]

@Suite struct GnuplotTests {
  @Test(arguments: awkwardNames)
  func textIsNeverACommand(_ name: String) {
    let command: GnuplotCommand = "set title \(name)"
    let bytes = Array(command.text.utf8)
    let start = Array("set title '".utf8)
    #expect(bytes.starts(with: start) && bytes.last == UInt8(ascii: "'"))
    let inside = bytes[start.count...].dropLast()
    #expect(!inside.contains(UInt8(ascii: "'")), "the constant ends early")
    #expect(!inside.contains { $0 < 32 || $0 == 127 }, "a control character")
  }

  @Test(.enabled(if: isGnuplotInstalled), arguments: awkwardNames)
  func awkwardTextIsDrawnAsItIs(_ name: String) throws {
    let svg = String(decoding: try Titled(title: name).drawn(on: .svg), as: UTF8.self)
    let texts = try SVGDocument(svg).texts
    let shown = name.printable.unicodeScalars.reduce(into: "") {
      $0.unicodeScalars.append($1 == "'" ? "’" : $1)
    }
    let drawn = texts.map { $0.replacingOccurrences(of: "]] >", with: "]]>", options: .literal) }
    let same = drawn.filter { $0.unicodeScalars.elementsEqual(shown.unicodeScalars) }
    #expect(same.count == 3, "title, key and tic of \(texts)")
  }

  @Test func longTextIsCut() {
    let long = String(repeating: "x", count: 500)
    let command: GnuplotCommand = "\(long, limit: 20)"
    #expect(command.text == "'" + long.prefix(19) + "…'")
    // One Character of many scalars is long, too.
    let marked: GnuplotCommand = "\("a" + String(repeating: "\u{301}", count: 10_000))"
    #expect(marked.text.unicodeScalars.count < 1000)
  }

  @Test(.enabled(if: isGnuplotInstalled))
  func everyTerminalDraws() throws {
    let figure = Titled(title: "a")
    #expect(try figure.drawn(on: .png).starts(with: [0x89, 0x50, 0x4E, 0x47]))
    #expect(try figure.drawn(on: .pdf).starts(with: Array("%PDF".utf8)))
    #expect(try figure.drawn(on: .svg).starts(with: Array("<?xml".utf8)))
    let text = String(decoding: try figure.drawn(on: .text(columns: 60, rows: 15)), as: UTF8.self)
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count >= 15)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 60 })
  }

  @Test(arguments: [
    ("a/b.svg", FigureTerminal.svg), ("b.PNG", .png), ("x.y.pdf", .pdf), ("f.gp", .script),
  ])
  func terminalIsChosenBySuffix(_ path: String, _ expected: FigureTerminal) throws {
    #expect(try FigureTerminal(path: path) == expected)
  }

  @Test(arguments: ["figure", "svg", "a.svg/b", "figure.jpg", "figure.", ""])
  func otherSuffixesAreRefused(_ path: String) {
    #expect(throws: FigureError.self) { try FigureTerminal(path: path) }
  }

  @Test func aMisspelledSuffixIsUnderstood() throws {
    do {
      _ = try FigureTerminal(path: "f.sgv")
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains("did you mean .svg?"))
    }
  }

  @Test func aMissingProgramIsNamedWithItsPackage() {
    var gnuplot = Gnuplot()
    gnuplot.program = "/nonexistent/gnuplot"
    do {
      _ = try gnuplot.output(of: "plot x")
      Issue.record("drawn")
    } catch {
      #expect(error.description.contains("apt-get install gnuplot-nox"))
    }
  }

  @Test(.enabled(if: isGnuplotInstalled))
  func whatGnuplotSaysIsReported() {
    do {
      _ = try Gnuplot().output(of: "set terminal dumb\nset nonsense 3\n")
      Issue.record("drawn")
    } catch {
      #expect(error.description.contains("unrecognized option"), "\(error)")
    }
  }

  @Test func aRunThatHangsIsEnded() throws {
    let folder = try TemporaryFolder()
    let program = folder.file("slow")
    try "#!/bin/sh\nexec sleep 60\n".write(toFile: program, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    var gnuplot = Gnuplot()
    (gnuplot.program, gnuplot.timeout) = (program, 0.2)
    while true {
      do {
        _ = try gnuplot.output(of: "")
        Issue.record("drawn")
      } catch {
        // A process that another thread has just started may still have the script open for writing.
        if error.description.contains("busy") { continue }
        #expect(error.description.contains("ended"))
      }
      break
    }
  }
}
