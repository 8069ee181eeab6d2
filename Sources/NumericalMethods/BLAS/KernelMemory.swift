// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// The verdict on a kernel, kept in the user's cache: a test takes longer than the program's start.
///
/// It holds for one library file, one model of processor and one version of this program. A kernel that failed
/// is tried again after a day, since a machine that was out of breath fails it, too.
package struct KernelMemory {
  /// What a verdict depends on.
  private let key: String
  private let folder: String?

  /// The verdict on `kernel` by `software`, a name with a version; kept nowhere if `folder` is nil.
  package init(
    kernel: String, instead taken: String, of blas: BLASDescription, on processor: Processor,
    software: String, folder: String? = Self.cache
  ) {
    var file = stat()
    let isKnown = blas.path.map { stat($0, &file) == 0 } ?? false
    let library =
      isKnown ? "\(blas.path!) \(file.st_size) \(file.st_mtim.tv_sec)" : "unknown library"
    key = """
      \(software) tested a kernel of the BLAS; this file may be deleted
      \(blas.name), \(library)
      \(processor.vendor) \(processor.family) \(processor.model) \(processor.stepping) \
      \(processor.vectors.rawValue)
      \(kernel) instead of \(taken)

      """
    self.folder = isKnown ? folder : nil
  }

  /// `$XDG_CACHE_HOME/lmm-sparse` or `~/.cache/lmm-sparse`; nil without a home.
  package static var cache: String? {
    func absolute(_ name: String) -> String? {
      environmentVariable(name).flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    return (absolute("XDG_CACHE_HOME") ?? absolute("HOME").map { $0 + "/.cache" })
      .map { $0 + "/lmm-sparse" }
  }

  /// Machines that share a home keep verdicts apart (FNV-1a).
  private var path: String? {
    let hash = key.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return folder.map { "\($0)/kernel-\(String(hash, radix: 16))" }
  }

  /// What is known; nil if there is nothing, or nothing that holds.
  package var verdict: KernelVerdict? {
    guard let path, let file = open(path), file.text.hasPrefix(key),
      let verdict = KernelVerdict(line: file.text.dropFirst(key.count).prefix { $0 != "\n" })
    else { return nil }
    let day = 86_400
    return verdict == .passed || time(nil) - file.changed < day ? verdict : nil
  }

  /// The text of a small file of this user's, and when it was changed.
  private func open(_ path: String) -> (text: String, changed: Int)? {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    var bytes = [UInt8](repeating: 0, count: 2048)
    guard fstat(descriptor, &status) == 0, status.st_uid == geteuid() else { return nil }
    let count = read(descriptor, &bytes, bytes.count)
    return (String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self), status.st_mtim.tv_sec)
  }

  /// Writes the verdict, whole; where that cannot be, the next run tests again.
  package func keep(_ verdict: KernelVerdict) {
    guard verdict != .untested, let folder, let path else { return }
    // The folder of all caches is made as the XDG specification says: for its owner alone.
    mkdir(String(folder.dropLast("/lmm-sparse".count)), 0o700)
    mkdir(folder, 0o700)
    let text = key + verdict.line + "\n"
    let temporary = "\(path).\(getpid())"
    let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    let count = write(descriptor, text, text.utf8.count)
    close(descriptor)
    if count != text.utf8.count || rename(temporary, path) != 0 { unlink(temporary) }
  }
}
