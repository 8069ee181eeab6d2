// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow
import CLMMSparse
import TestSupport
import Testing

/// Streams that are not what they say they are: an error that names the column, and everything is released.
@Suite struct HostileArrowTests {
  private func refusal(
    _ change: (inout [ArrowTestColumn]) -> Void, failsAfter: Int? = nil
  ) throws -> CAnswer {
    var columns: [ArrowTestColumn] = [
      .doubles(Sleepstudy.reaction), .numbers("l", Sleepstudy.days),
      .texts("u", Sleepstudy.labels),
    ]
    change(&columns)
    let stream = ArrowTestStream(
      ["Reaction", "Days", "Subject"], [ArrowTestBatch(columns: columns, length: 180)],
      failsAfter: failsAfter)
    let answer = try #require(refusal { try CModel(stream, Sleepstudy.options) })
    #expect(stream.liveCount == 0)
    return answer
  }

  private func refusal(_ make: () throws -> CModel) throws -> CAnswer? {
    do {
      _ = try make()
      return nil
    } catch let error as Refused {
      return error.answer
    }
  }

  @Test func `wrong lengths, missing buffers and types that cannot be read name the column`() throws {
    let cases: [((inout [ArrowTestColumn]) -> Void, String, String)] = [
      ({ $0[1].length = 179 }, "Days", "it has 179 rows, not 180"),
      ({ $0[1].length = -1 }, "Days", "it has -1 rows"),
      ({ $0[1].offset = -5 }, "Days", "rows"),
      ({ $0[0].buffers[1] = nil }, "Reaction", "its values are not there"),
      ({ $0[0].buffers = [nil] }, "Reaction", "it has 1 buffers, not 2"),
      ({ $0[0].buffers = [] }, "Reaction", "it has 0 buffers, not 2"),
      ({ $0[0].nullCount = 3 }, "Reaction", "values are missing, but not which"),
      ({ $0[2].buffers[2] = nil }, "Subject", "its texts are not there"),
      ({ $0[2].buffers[1] = nil }, "Subject", "its values are not there"),
      ({ $0[1].format = "+l" }, "Days", "values of the Arrow type “+l”, lists, cannot be used"),
      ({ $0[1].format = "tDs" }, "Days", "“tDs”"), ({ $0[1].format = "d:40" }, "Days", "“d:40”"),
      ({ $0[1].format = "" }, "Days", "“”"),
      (
        { $0[2] = .dictionary("i", Array(repeating: 3, count: 180), .texts("u", ["a", "b"])) },
        "Subject", "a place of 3 in a dictionary of 2 values"
      ),
      (
        { $0[2] = .dictionary("c", Array(repeating: -1, count: 180), .texts("u", ["a", "b"])) },
        "Subject", "a place of -1"
      ),
      ({ $0[2] = .dictionary("g", Sleepstudy.days, .texts("u", ["a"])) }, "Subject", "cannot be used"),
    ]
    for (change, column, words) in cases {
      let answer = try refusal(change)
      #expect(answer.code == LMM_FAILED.rawValue)
      #expect(answer.error["code"] as? String == "data")
      #expect(answer.place["column"] as? String == column, "\(answer.text)")
      #expect(answer.message.contains(words), "\(answer.message)")
    }
  }

  @Test func `offsets that go back and views that lead elsewhere name the row`() throws {
    let backwards = try refusal { columns in
      let offset = withUnsafeBytes(of: Int32(-7)) { Array($0) }
      columns[2].buffers[1]!.replaceSubrange(40..<44, with: offset)
    }
    #expect(backwards.place["row"] as? Int == 10)
    #expect(backwards.place["column"] as? String == "Subject")
    let views = try refusal { columns in
      columns[2] = .texts("vu", Sleepstudy.labels.map { $0! + " and ten more" })
      let place = withUnsafeBytes(of: Int32(1_000_000)) { Array($0) }
      columns[2].buffers[1]!.replaceSubrange(16 * 5 + 12..<16 * 5 + 16, with: place)
    }
    #expect(views.place["row"] as? Int == 6)
  }

  @Test func `rows and texts behind 2³¹ others are those that are there`() throws {
    let far = 1 << 31
    let whole = try CModel(Sleepstudy.fileOptions).numbers
    func fitted(_ columns: [ArrowTestColumn], offset: Int = 0) throws -> [Double] {
      let stream = ArrowTestStream(
        ["Reaction", "Days", "Subject"],
        [ArrowTestBatch(columns: columns, length: 180, offset: offset)])
      defer { #expect(stream.liveCount == 0) }
      return try CModel(stream, Sleepstudy.options).numbers
    }
    let reaction = ArrowTestColumn.doubles(Sleepstudy.reaction)
    let days = ArrowTestColumn.numbers("c", Sleepstudy.days)
    let labels = ArrowTestColumn.texts("U", Sleepstudy.labels)
    let farReaction = reaction.behind(far, widths: [1, 64])
    let farDays = days.behind(far, widths: [1, 8])
    let farLabels = labels.behind(far, widths: [1, 64, 0])
    #expect(try fitted([farReaction, farDays, farLabels]) == whole)
    // The offset of the batch is that of all its columns.
    let columns = [farReaction, farDays, farLabels].map { column in
      var column = column
      (column.length, column.offset) = (column.offset + 180, 0)
      return column
    }
    #expect(try fitted(columns, offset: far) == whole)
    let codes = ArrowTestColumn.dictionary("s", Sleepstudy.days, .texts("u", (0...9).map { "\($0)" }))
    #expect(throws: Never.self) { try fitted([reaction, days, codes.behind(far, widths: [1, 16])]) }
    // Texts whose bytes begin beyond what 32 bits can say.
    var late = labels
    late.leads = [0, 0, far]
    late.buffers[1] = labels.buffers[1]!.withUnsafeBytes { bytes in
      bytes.bindMemory(to: Int64.self).flatMap { offset in
        withUnsafeBytes(of: offset + Int64(far)) { Array($0) }
      }
    }
    #expect(try fitted([reaction, days, late]) == whole)
    // And a length that no memory has.
    let endless = try refusal { $0[1].length = .max }
    #expect(endless.place["column"] as? String == "Days")
  }

  @Test func `texts that are no UTF-8 are refused`() throws {
    let answer = try refusal { $0[2].buffers[2]![3] = 0xFF }
    #expect(answer.message.contains("is not UTF-8 text"))
    #expect(answer.place["row"] as? Int == 2)
  }

  @Test func `a stream that fails says why`() throws {
    for batches in [0, 1] {
      let answer = try refusal({ _ in }, failsAfter: batches)
      #expect(answer.message.contains(ArrowTestStream.message), "\(answer.text)")
    }
  }

  @Test func `a stream that was released, and one of no tables`() throws {
    var released = ArrowArrayStream()
    let answer = try called { json in
      var model: OpaquePointer?
      return lmm_fit(&released, Sleepstudy.options, &model, json)
    }
    #expect(answer.message.contains("the stream was released before it was read"))
    let none = try #require(refusal { try CModel(ArrowTestStream([:]), Sleepstudy.options) })
    #expect(none.message.contains("has no columns"))
    let twice = ArrowTestStream([
      "Reaction": .doubles([1, 2]), "Days": .doubles([1, 2]), "Days": .doubles([1, 2]),
      "Subject": .texts("u", ["a", "b"]),
    ])
    let answerOfTwo = try #require(refusal { try CModel(twice, Sleepstudy.options) })
    #expect(answerOfTwo.message.contains("two columns are named \"Days\""))
    #expect(twice.liveCount == 0)
  }

  @Test func `infinite numbers and texts among the numbers are refused with their row`() throws {
    let infinite = try refusal { columns in
      var reaction = Sleepstudy.reaction
      reaction[41] = -.infinity
      columns[0] = .doubles(reaction)
    }
    #expect(infinite.place["row"] as? Int == 42)
    #expect(infinite.place["value"] as? String == "-Inf")
  }
}
