// SPDX-License-Identifier: GPL-2.0-or-later

/// Replicates as text: a checkpoint from which a run goes on.
public enum BootstrapRecords {
  private static func header(_ names: [String]) -> String {
    var line = ""
    line.writeRecord((["replicate", "converged", "singular"] + names).map(DelimitedField.text))
    return line
  }

  /// One line: the number from 1, TRUE or FALSE twice, the values.
  package static func line(_ replicate: BootstrapReplicate) -> String {
    var line = ""
    line.writeRecord(
      [
        .integer(replicate.index + 1), .text(replicate.converged ? "TRUE" : "FALSE"),
        .text(replicate.singular ? "TRUE" : "FALSE"),
      ] + replicate.values.map { .number($0) })
    return line
  }

  /// All replicates so far under a title that holds the run's fingerprint.
  public static func checkpoint(
    _ replicates: [BootstrapReplicate], fingerprint: String, names: [String]
  ) -> String {
    var text = title + fingerprint + "\n" + header(names)
    for replicate in replicates { text += line(replicate) }
    return text
  }

  private static let title = "# lmm-sparse bootstrap checkpoint 1 "

  /// The replicates of a checkpoint.
  ///
  /// - Throws: `InferenceError` if it is none, is damaged, or belongs to another run.
  public static func replicates(
    checkpoint text: String, file: String, fingerprint: String, names: [String]
  ) throws -> [BootstrapReplicate] {
    let first = text.utf8.prefix { $0 != UInt8(ascii: "\n") }
    guard first.starts(with: title.utf8) else {
      throw InferenceError.refused(
        "\(file) is no bootstrap checkpoint. Name another file, or remove it to start anew.")
    }
    // A name may hold a line feed, so that the header is more than one line.
    let header = Array((title + fingerprint + "\n" + header(names)).utf8)
    guard text.utf8.starts(with: header) else {
      throw InferenceError.refused(
        "the checkpoint \(file) belongs to another run: the model, the data or the seed differ. Repeat that run's command, or name another file."
      )
    }
    let lines = text.utf8.dropFirst(header.count)
      .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { Substring($0) }
    let headerLines = header.count { $0 == UInt8(ascii: "\n") }
    var seen: Set<Int> = []
    return try lines.indices.dropLast().map { k in
      guard lines.last == "", let replicate = replicate(lines[k], count: names.count),
        seen.insert(replicate.index).inserted
      else {
        throw InferenceError.refused(
          "the checkpoint \(file) is damaged in line \(headerLines + k + 1). Remove it to start anew.")
      }
      return replicate
    }
  }

  private static func replicate(_ line: Substring, count: Int) -> BootstrapReplicate? {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
    guard fields.count == count + 3, let number = Int(fields[0]), number > 0,
      let converged = flag(fields[1]), let singular = flag(fields[2])
    else { return nil }
    let values = fields.dropFirst(3).compactMap { $0 == "NA" ? .nan : Double($0) }
    guard values.count == count else { return nil }
    return BootstrapReplicate(
      index: number - 1, converged: converged, singular: singular, values: values)
  }

  private static func flag(_ text: Substring) -> Bool? {
    text == "TRUE" ? true : text == "FALSE" ? false : nil
  }
}

extension FittedModel {
  /// Tells apart what replicates depend on: the fit to the last bit, and the seed.
  public func bootstrapFingerprint(seed: UInt64) -> String {
    var hash = FingerprintHash()
    hash.add(bits: seed)
    addFingerprint(to: &hash)
    return hash.text
  }

  fileprivate func addFingerprint(to hash: inout FingerprintHash) {
    hash.add(fit.formula)
    hash.add(fit.criterionKind.rawValue)
    hash.add(bits: UInt64(fit.observations))
    let estimates = fit.fixedEffects.compactMap(\.estimate)
    for value in [fit.criterion, fit.sigma] + estimates + φ { hash.add(bits: value.bitPattern) }
  }
}

extension BootstrapComparison {
  /// The same for a test.
  public func fingerprint(seed: UInt64) -> String {
    var hash = FingerprintHash()
    hash.add(bits: seed)
    smaller.addFingerprint(to: &hash)
    larger.addFingerprint(to: &hash)
    return hash.text
  }
}

/// FNV-1a, 64 bits.
private struct FingerprintHash {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(bits: UInt64) {
    for k in 0..<8 { add(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(k)))) }
  }

  mutating func add(_ text: String) {
    for byte in text.utf8 { add(byte) }
    add(UInt8(0))
  }

  private mutating func add(_ byte: UInt8) {
    state = (state ^ UInt64(byte)) &* 0x100_0000_01b3
  }

  var text: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
