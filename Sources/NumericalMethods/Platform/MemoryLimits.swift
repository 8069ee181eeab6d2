// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// What limits the memory that a process can still take: the machine, the control groups it is in,
/// its own limit of address space.
package struct MemoryLimits {
  /// The text of a file of the system, nil if it is not there.
  private let text: (_ path: String) -> String?
  /// Bytes of address space the process may have, nil: no limit.
  private let addressSpace: Int?

  package init(addressSpace: Int?, text: @escaping (_ path: String) -> String?) {
    (self.addressSpace, self.text) = (addressSpace, text)
  }

  /// The limits of this process.
  package static var current: MemoryLimits {
    var limit = rlimit()
    let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0
    let isLimited = isKnown && limit.rlim_cur < UInt(Int.max)
    return MemoryLimits(addressSpace: isLimited ? Int(limit.rlim_cur) : nil, text: systemText)
  }

  /// Bytes that can be taken before one of the limits is hit; nil if nothing is known.
  package var available: Int? {
    ([machine, ownAddressSpace] + controlGroups).compactMap { $0 }.min().map { max($0, 0) }
  }

  /// What the kernel says can be had without swapping.
  private var machine: Int? {
    number(after: "MemAvailable:", in: "/proc/meminfo").map { $0 * 1024 }
  }

  /// What the limit of address space leaves; nil without one.
  package var ownAddressSpace: Int? {
    guard let addressSpace else { return nil }
    return addressSpace - 1024 * (number(after: "VmSize:", in: "/proc/self/status") ?? 0)
  }

  /// The room in the groups this process is in and in those above them.
  private var controlGroups: [Int?] {
    let lines = (text("/proc/self/cgroup") ?? "").split(separator: "\n")
    return lines.flatMap { line -> [Int?] in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return [] }
      if parts[0] == "0" {
        return folders(of: parts[2]).map {
          room("/sys/fs/cgroup" + $0, "memory.max", "memory.current", "inactive_file")
        }
      }
      guard parts[1].split(separator: ",").contains("memory") else { return [] }
      return folders(of: parts[2]).map {
        room(
          "/sys/fs/cgroup/memory" + $0, "memory.limit_in_bytes", "memory.usage_in_bytes",
          "total_inactive_file")
      }
    }
  }

  /// A folder and those it is in, the root last.
  private func folders(of path: Substring) -> [String] {
    let names = path.split(separator: "/")
    return (0...names.count).reversed().map { count in
      "/" + names.prefix(count).map { $0 + "/" }.joined()
    }
  }

  /// Limit less use; what is used for files that nobody looks at goes when it is needed.
  private func room(_ folder: String, _ limit: String, _ use: String, _ cache: String) -> Int? {
    guard let limit = number(in: folder + limit), limit < 1 << 60,
      let use = number(in: folder + use)
    else { return nil }
    return limit - use + (number(after: cache, in: folder + "memory.stat") ?? 0)
  }

  private func number(in path: String) -> Int? {
    text(path).flatMap { Int($0.prefix { $0.isNumber }) }
  }

  /// The number behind a name at the beginning of a line.
  private func number(after name: String, in path: String) -> Int? {
    for line in (text(path) ?? "").split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == "\t" }
      if words.count > 1, words[0] == name { return Int(words[1]) }
    }
    return nil
  }
}

/// Bytes that this process can still take, at least 1; 0 if unknown.
package func availableMemory() -> Int {
  MemoryLimits.current.available.map { max($0, 1) } ?? physicalMemory()
}

/// Throws where so many bytes cannot be had; to be asked before much is allocated, for an allocation
/// that fails ends the program.
///
/// Requests of a few MiB always pass: to look takes longer than to make them.
///
/// - Parameters:
///   - what: what the memory is for, plural, without its verb.
///   - remedy: what the user can do, a sentence.
/// - Throws: `MemoryShortage`
package func requireMemory(
  _ bytes: Double, for what: @autoclosure () -> String, remedy: @autoclosure () -> String
) throws(MemoryShortage) {
  guard bytes > 16e6 else { return }
  let available = availableMemory()
  guard available > 0, bytes > Double(available) else { return }
  throw MemoryShortage(what: what(), needed: bytes, available: available, remedy: remedy())
}

/// More memory was wanted than there is.
public struct MemoryShortage: Error, Sendable, Equatable, CustomStringConvertible {
  package let what: String
  /// Bytes.
  package let needed: Double
  package let available: Int
  package let remedy: String

  public var description: String {
    "\(what) need \(Self.size(needed)) of memory, and \(Self.size(Double(available))) can be had. \(remedy)"
  }

  /// In MiB or GiB, to one decimal, rounded up.
  private static func size(_ bytes: Double) -> String {
    let mebibytes = bytes / 1_048_576
    let (value, unit) = mebibytes < 1024 ? (mebibytes, "MiB") : (mebibytes / 1024, "GiB")
    return value < 1e6 ? "\((value * 10).rounded(.up) / 10) \(unit)" : "\(value.rounded()) \(unit)"
  }
}

/// The beginning of a file that the kernel makes up.
func systemText(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: 1 << 14)
  let count = read(descriptor, &bytes, bytes.count)
  return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
}
