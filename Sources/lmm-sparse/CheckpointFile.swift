// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
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

  private static let interval = 5.0

  /// - Throws: `OutputError` if the file cannot be written or is one of `inputs`.
  init(path: String, inputs: [String]) throws(OutputError) {
    self.path = path
    destination = try ReportDestination(path: path, inputs: inputs)
  }

  /// What the file holds; nothing if there is none yet.
  ///
  /// - Throws: `InferenceError` if it belongs to another run, `OutputError` if it cannot be read.
  func replicates(fingerprint: String, names: [String]) throws -> [BootstrapReplicate] {
    guard FileIdentity(path: path) != nil else { return [] }
    guard let text = contents() else { throw OutputError(path: path, reason: systemWords()) }
    guard !text.isEmpty else { return [] }
    return try BootstrapRecords.replicates(
      checkpoint: text, file: path, fingerprint: fingerprint, names: names)
  }

  /// Writes all replicates if the last time is some seconds ago, or it is the last.
  ///
  /// - Throws: `OutputError`.
  func keep(
    _ replicates: [BootstrapReplicate], fingerprint: String, names: [String], isLast: Bool
  ) throws {
    guard isLast || monotonicSeconds() - lastKept >= Self.interval else { return }
    try destination.write(
      BootstrapRecords.checkpoint(replicates, fingerprint: fingerprint, names: names))
    lastKept = monotonicSeconds()
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
