// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A block of doubles for every level, all zero at first, in pages that are made as levels turn up.
///
/// Growing copies nothing, and a page can be given back while others are still wanted.
final class LevelBlocks: @unchecked Sendable {  // shared for reading only
  /// Doubles per level.
  let stride: Int
  /// Levels per page, a power of two but for the only page of a fixed number of levels.
  let pageLevels: Int
  /// Of `pageLevels` its logarithm to base two, where pages are added.
  let shift: Int
  private var pages: [UnsafeMutablePointer<Double>?] = []

  /// Pages of about one MiB.
  init(stride: Int) {
    self.stride = stride
    var shift = 0
    while (2 << shift) * stride <= 1 << 17, shift < 16 { shift += 1 }
    self.shift = shift
    pageLevels = 1 << shift
  }

  /// One page for a known number of levels.
  init(stride: Int, levels: Int) {
    self.stride = stride
    shift = Int.bitWidth - 1
    pageLevels = max(levels, 1)
    pages = [allocate()]
  }

  deinit { for page in pages.indices { release(page) } }

  var pageCount: Int { pages.count }

  /// The pages' memory, nil where it was given back.
  var addresses: [UnsafeMutablePointer<Double>?] { pages }

  @inline(__always)
  func place(of level: Int) -> (page: Int, offset: Int) {
    let page = canGrow ? level >> shift : 0
    return (page, (level - page * pageLevels) * stride)
  }

  func reserve(_ levels: Int) {
    precondition(canGrow, "these blocks cannot grow")
    while pages.count << shift < levels { pages.append(allocate()) }
  }

  func release(_ page: Int) {
    guard let memory = pages[page] else { return }
    if isMapped { munmap(memory, byteCount) } else { free(memory) }
    pages[page] = nil
  }

  /// The same blocks, the first `levels` of them, in pages of their own.
  func copy(levels: Int) -> LevelBlocks {
    let copy = LevelBlocks(stride: stride)
    copy.reserve(levels)
    for level in 0..<levels {
      let (from, to) = (place(of: level), copy.place(of: level))
      guard let source = pages[from.page] else { continue }
      (copy.pages[to.page]! + to.offset).update(from: source + from.offset, count: stride)
    }
    return copy
  }

  private var byteCount: Int { max(1, pageLevels * stride) * MemoryLayout<Double>.stride }

  /// Large pages come from the system and go back there, whatever the allocator would keep.
  private var isMapped: Bool { canGrow && byteCount >= 1 << 19 }

  private var canGrow: Bool { shift < Int.bitWidth - 1 }

  private func allocate() -> UnsafeMutablePointer<Double> {
    let memory: UnsafeMutableRawPointer?
    if isMapped {
      let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
      memory = mapped == MAP_FAILED ? nil : mapped
    } else {
      // Written at once: fresh memory that is read first costs two page faults, and `calloc`, which
      // the compiler makes of `malloc` and `memset`, writes none.
      var aligned: UnsafeMutableRawPointer?
      memory = posix_memalign(&aligned, 64, byteCount) == 0 ? aligned : nil
      if let memory { memset(memory, 0, byteCount) }
    }
    guard let memory else {
      // Nothing here can go on or be given back; what is left is to say so and not to trap.
      let message =
        "error: out of memory: no \(byteCount) bytes more for the levels of a factor. Use fewer levels or columns, or a larger machine.\n"
      _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
      exit(EXIT_FAILURE)
    }
    return memory.bindMemory(to: Double.self, capacity: byteCount / MemoryLayout<Double>.stride)
  }
}
