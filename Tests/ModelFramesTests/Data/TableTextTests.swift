// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct TableTextTests {
  let plain = WholeTable(header: ["a", "b"], rows: [["1", "x"], ["2", "y"]])

  @Test(arguments: [
    "a,b\n1,x\n2,y\n", "a,b\n1,x\n2,y", "a,b\r\n1,x\r\n2,y\r\n", "a,b\r\n1,x\r\n2,y\r",
    "\u{feff}a,b\n1,x\n2,y\n", "\n\r\na,b\n\n1,x\n\r\n2,y\n\n\n", "a;b\n1;x\n2;y\n",
    "a\tb\n1\tx\n2\ty\n", "a|b\n1|x\n2|y\n", " a ,\tb\n1,x\n2,y\n",
    "\"a\",\"b\"\n\"1\",\"x\"\n\"2\",\"y\"", "a,b\n1,x\n   \n2,y\n",
    "\u{feff}\"a\",b\n1,x\n2,\"y\"\r\n",
  ])
  func `one table in many spellings`(text: String) throws {
    #expect(try readTable(text) == plain)
  }

  @Test func `quoted fields hold separators, line ends and doubled quotes`() throws {
    let table = try readTable("a,b\n\"x,y\",\"1\n2\r\n3\"\n\"say \"\"hi\"\"\",\"\"\"\"\n\"\",z\n")
    #expect(table.rows == [["x,y", "1\n2\r\n3"], ["say \"hi\"", "\""], [nil, "z"]])
  }

  @Test func `a quote inside an unquoted field is a character`() throws {
    let table = try readTable("a,b\n5\"6,x\"\n\"y\",\"\"\n6\"\"7, \"z\"\n")
    #expect(table.rows == [["5\"6", "x\""], ["y", nil], ["6\"\"7", " \"z\""]])
  }

  @Test func `header names may be quoted, and unnamed columns are passed over`() throws {
    let table = try readTable("\"\",\"the, name\",\"say \"\"hi\"\"\",\n1,2,3,4\n")
    #expect(table == WholeTable(header: ["the, name", "say \"hi\""], rows: [["2", "3"]]))
  }

  @Test func `separators are found outside quotes and may be given`() throws {
    #expect(try readTable("\"a,b,c\";d\n1;2\n").header == ["a,b,c", "d"])
    #expect(try readTable("a,b,c\td\n1\t2\n", name: "t.tsv").header == ["a,b,c", "d"])
    #expect(try readTable("a,b,c\td\n1,2,3\n", name: "t.csv").header == ["a", "b", "c\td"])
    #expect(try readTable("a,b;c\n1;2\n") { $0.separator = 59 }.header == ["a,b", "c"])
    #expect(try readTable("a b\n1 2\n") { $0.separator = 32 }.rows == [["1", "2"]])
  }

  @Test func `a table may have one column`() throws {
    #expect(try readTable("a\n1\n\n2\n \n3").rows == [["1"], ["2"], [nil], ["3"]])
  }

  @Test func `labels keep their blanks, but missing values are told without`() throws {
    let table = try readTable("a,b\n x ,NA\n NA,\"NaN\"\n,\"NA\"\n  ,N\n.,NAN\n\"-9\",-99\n") {
      $0.missingTexts = [".", "-9"]
    }
    #expect(
      table.rows == [
        [" x ", nil], [nil, nil], [nil, nil], [nil, "N"], [nil, "NAN"], [nil, "-99"],
      ])
  }
}
