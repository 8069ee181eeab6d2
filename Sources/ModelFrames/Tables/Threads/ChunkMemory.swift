// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Glibc)
  import Glibc
#endif

/// Tells the allocator, at first use, to keep the memory of a finished chunk for the next one.
///
/// Otherwise it goes back to the system after every chunk, and a quarter of the time is spent on
/// getting it again.
/// Large arrays, which are no chunk's, still go back at once.
let chunkMemoryIsKept: Bool = {
  #if canImport(Glibc)
    // The module map of the C library leaves malloc.h out.
    typealias Option = @convention(c) (Int32, Int32) -> Int32
    guard let symbol = dlsym(nil, "mallopt") else { return false }
    let mallopt = unsafeBitCast(symbol, to: Option.self)
    let (trimThreshold, mapThreshold): (Int32, Int32) = (-1, -3)  // M_TRIM_…, M_MMAP_THRESHOLD
    return mallopt(mapThreshold, 4 << 20) == 1 && mallopt(trimThreshold, 64 << 20) == 1
  #else
    return false
  #endif
}()
