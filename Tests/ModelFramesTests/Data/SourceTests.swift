// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Synchronization
import TestSupport
import Testing

@Suite struct SourceTests {
  /// What `transform` sees, chunk by chunk.
  struct Seen: Equatable, Sendable {
    var index: Int
    var rows: [[String?]]
    var numbers: [Double]
    var labels: [String]
  }

  func chunks(_ sources: [DataSource], threads: Int, chunkBytes: Int) throws -> [Seen] {
    var options = ReadingOptions()
    options.threads = threads
    options.chunkBytes = chunkBytes
    let reader = try TableReader(sources, options: options)
    let requests = [
      ColumnRequest(name: "t", wantsNumbers: false, wantsLabels: true),
      ColumnRequest(name: "n", wantsNumbers: true, wantsLabels: true),
    ]
    var seen: [Seen] = []
    try reader.read(
      requests,
      transform: {
        Seen(
          index: $0.index, rows: labelRows($0), numbers: $0.columns[1].numbers,
          labels: $0.columns[0].labels.labels)
      }
    ) { seen.append($0) }
    return seen
  }

  /// 2000 rows, with quoted line ends and separators here and there.
  let text: [UInt8] = {
    var generator = SplitMix64(seed: 3)
    var text = "n,skipped,t\n"
    for row in 0..<2000 {
      let label = ["x", "\"y\nz\"", "\"a,b\"", "\"\"\"\"", "long label of some words"]
        .randomElement(using: &generator)!
      text += "\(row).5,\(row % 7 == 0 ? "\"q\n\"" : "-"),\(label)\n"
    }
    return Array(text.utf8)
  }()

  @Test(arguments: [50, 64, 1000, 4096, 1 << 20])
  func `chunks do not depend on threads or on the kind of source`(chunkBytes: Int) throws {
    let expected = try chunks(
      [.bytes(text, name: "t")], threads: 1, chunkBytes: chunkBytes)
    #expect(expected.flatMap(\.numbers) == (0..<2000).map { Double($0) + 0.5 })
    #expect(expected.map(\.index) == Array(0..<expected.count))
    #expect(expected.count >= text.count / chunkBytes)
    for threads in [0, 2, 3, 8] {
      #expect(
        try chunks([.bytes(text, name: "t")], threads: threads, chunkBytes: chunkBytes) == expected)
    }
    let file = TemporaryFile(text)
    #expect(try chunks([.file(file.path)], threads: 2, chunkBytes: chunkBytes) == expected)
    let zipped = storedGzip(Array(text[..<5000])) + storedGzip(Array(text[5000...])) + [0, 0, 0]
    let zippedFile = TemporaryFile(zipped)
    #expect(try chunks([.file(zippedFile.path)], threads: 2, chunkBytes: chunkBytes) == expected)
    #expect(
      try chunks([.bytes(zipped, name: "t")], threads: 1, chunkBytes: chunkBytes) == expected)
    for (bytes, step) in [(text, 777), (zipped, 1001)] {
      let pipe = Pipe(bytes, step: step)
      #expect(try chunks([.file(pipe.path)], threads: 2, chunkBytes: chunkBytes) == expected)
      pipe.finish()
    }
  }

  @Test func `compressed data are read`() throws {
    // printf 'a,b\n1,x\n2,y\n2,y\n2,y\n2,y\n' | gzip -9n
    let hex = "1f8b08000000000002034bd449e232d4a9e032d2a944c100bddd611218000000"
    var bytes: [UInt8] = []
    var rest = hex[...]
    while !rest.isEmpty {
      bytes.append(UInt8(rest.prefix(2), radix: 16)!)
      rest = rest.dropFirst(2)
    }
    let table = try readTable([.bytes(bytes, name: "t.csv")])
    #expect(table.rows == [["1", "x"], ["2", "y"], ["2", "y"], ["2", "y"], ["2", "y"]])
  }

  @Test func `several sources are one table, whatever the order of their columns`() throws {
    let table = try readTable([
      .bytes(Array("a,b\n1,x\n".utf8), name: "1"),
      .bytes(Array("b;extra;a\r\ny;0;2".utf8), name: "2"),
      .bytes(Array("a,b\n".utf8), name: "3"),
      .bytes(storedGzip(Array("b\ta\nz\t3\n".utf8)), name: "4"),
    ])
    #expect(table.rows == [["1", "x"], ["2", "y"], ["3", "z"]])
  }

  @Test func `files and bytes can be read again, pipes cannot`() throws {
    let file = TemporaryFile(Array("a\n1\n2\n".utf8))
    let request = ColumnRequest(name: "a", wantsNumbers: true, wantsLabels: false)
    let reader = try TableReader([.file(file.path)])
    for _ in 0..<3 {
      var numbers: [Double] = []
      try reader.read([request], transform: { $0.columns[0].numbers }) { numbers += $0 }
      #expect(numbers == [1, 2])
    }
    #expect(DataSource.file(file.path).canBeReadAgain)
    #expect(!DataSource.standardInput.canBeReadAgain)
    #expect(!DataSource.file("/dev/null").canBeReadAgain)
    #expect(DataSource(argument: "-") == .standardInput)
    #expect(DataSource(argument: "x.csv") == .file("x.csv"))
  }

  @Test func `a pipe is refused a second pass`() throws {
    let pipe = Pipe(Array("a\n1\n2\n".utf8), step: 2)
    let request = ColumnRequest(name: "a", wantsNumbers: true, wantsLabels: false)
    let reader = try TableReader([.file(pipe.path)])
    try reader.read([request], transform: { $0.rowCount }) { #expect($0 == 2) }
    #expect(
      message { try reader.read([request], transform: { $0.rowCount }) { _ in } }
        .contains("can be read only once"))
    pipe.finish()
  }

  @Test func `progress counts rows and bytes`() throws {
    var options = ReadingOptions()
    options.chunkBytes = 1000
    let reader = try TableReader([.bytes(text, name: "t")], options: options)
    var last: ReadingProgress?
    var calls = 0
    reader.progress = {
      #expect($0.rows > last?.rows ?? 0 && $0.bytes >= last?.bytes ?? 0)
      last = $0
      calls += 1
    }
    try reader.read([], transform: { $0.rowCount }) { _ in }
    #expect(last?.rows == 2000 && last?.bytes == text.count && last?.totalBytes == text.count)
    #expect(calls > 30)
  }

  @Test func `results wait for their turn, and few are made ahead`() throws {
    var options = ReadingOptions()
    options.chunkBytes = 200
    options.threads = 4
    let reader = try TableReader([.bytes(text, name: "t")], options: options)
    let counter = LiveCounter()
    var consumed = 0
    try reader.read(
      [],
      transform: { chunk in
        counter.add(1)
        if chunk.index % 5 == 0 { for _ in 0..<1000 { counter.add(0) } }
        return chunk.index
      }
    ) {
      #expect($0 == consumed)
      consumed += 1
      counter.add(-1)
    }
    #expect(consumed > 100)
    #expect(counter.most <= 2 * 4 + 3)
  }
}

/// Counts what is alive, from any thread.
final class LiveCounter: Sendable {
  private let counts = Mutex((live: 0, most: 0))

  var most: Int { counts.withLock { $0.most } }

  func add(_ n: Int) {
    counts.withLock {
      $0.live += n
      $0.most = max($0.most, $0.live)
    }
  }
}
