// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a bootstrap keeps its replicates, so that it can go on after an interrupt: a file that is
/// replaced as a whole every few seconds.
final class CheckpointFile {
  private let path: String
  private let destination: ReportDestination
  private var lastKept = monotonicSeconds()
  /// Replicates that the file holds.
  private var count = 0

  private static let interval = 5.0

  /// - Throws: `OutputError` for a pipe or device, which could not be read first.
  init(path: String, destination: ReportDestination) throws(OutputError) {
    if let status = FileStatus(path: path), !status.isRegular {
      throw OutputError(path: path, reason: "it is no file, and replicates are read from it first")
    }
    (self.path, self.destination) = (path, destination)
  }

  /// What the file holds; nothing if there is none yet.
  ///
  /// - Throws: `InferenceError` if it belongs to another run, `OutputError` if it cannot be read.
  func replicates(fingerprint: String, names: [String]) throws -> [BootstrapReplicate] {
    guard FileStatus(path: path) != nil else { return [] }
    guard let text = contents() else { throw OutputError(path: path, reason: systemWords()) }
    guard !text.isEmpty else { return [] }
    let replicates = try BootstrapRecords.replicates(
      checkpoint: text, file: path, fingerprint: fingerprint, names: names)
    count = replicates.count
    return replicates
  }

  /// Writes all replicates if the last time is some seconds ago, or it is the last.
  ///
  /// - Returns: How many the file holds then.
  /// - Throws: `OutputError`.
  func keep(
    _ replicates: [BootstrapReplicate], fingerprint: String, names: [String], isLast: Bool
  ) throws -> Int {
    guard isLast || monotonicSeconds() - lastKept >= Self.interval else { return count }
    try destination.write(
      BootstrapRecords.checkpoint(replicates, fingerprint: fingerprint, names: names))
    lastKept = monotonicSeconds()
    count = replicates.count
    return count
  }

  private func contents() -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    return ferror(file) == 0 ? String(decoding: bytes, as: UTF8.self) : nil
  }
}
