// SPDX-License-Identifier: GPL-2.0-or-later

/// Why an archive cannot be read.
package enum ArchiveError: Error, Sendable, Equatable {
  /// The system's words.
  case system(String)
  /// A pipe or a device: an archive is read from its end.
  case notAFile
  case notAnArchive
  /// The directory at the end is not there.
  case incomplete
  /// What does not agree with its checksum, or with what the archive says elsewhere.
  case damaged(String)
  case missing(String)
}
