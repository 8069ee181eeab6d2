// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// A variable of this process' environment; nil if it is not set.
package func environmentVariable(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}

/// The environment of a program that is to be started: this process' own with other settings.
package struct Environment {
  /// `NAME=value` each, ended by nil, as `execve` wants it.
  package let entries: [UnsafeMutablePointer<CChar>?]

  package init(with settings: [(String, String)]) {
    var kept: [UnsafeMutablePointer<CChar>?] = []
    var next = environ
    while let entry = next.pointee {
      let isReplaced = settings.contains { strncmp(entry, $0.0 + "=", $0.0.utf8.count + 1) == 0 }
      if !isReplaced { kept.append(strdup(entry)) }
      next += 1
    }
    entries = kept + settings.map { strdup("\($0.0)=\($0.1)") } + [nil]
  }

  package func free() { entries.forEach { Glibc.free($0) } }
}

/// The path of the program that this process runs; nil if unknown.
package var ownProgram: String? {
  guard let path = realpath("/proc/self/exe", nil) else { return nil }
  defer { free(path) }
  return String(cString: path)
}
