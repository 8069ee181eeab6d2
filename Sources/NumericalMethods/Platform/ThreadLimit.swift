// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// Threads to start where so many are wanted; 0 wants one per processor.
///
/// Results do not depend on it, so a wish that the system cannot meet is met in part.
package func threadCount(_ wanted: Int) -> Int {
  min(wanted > 0 ? wanted : availableProcessors(), threadLimit)
}

/// The most threads that this process starts for one loop.
///
/// Under a limit of address space it is what a quarter of the room holds: each thread takes a
/// stack, the allocator an arena for it, and OpenBLAS a buffer, which OpenBLAS asks for again for
/// ever where there is no room. So the buffers are had here, before others take the room.
package let threadLimit: Int = {
  guard let room = MemoryLimits.current.ownAddressSpace else { return mostThreads }
  let limit = min(max(room / 4 / bytesPerThread, 1), mostThreads)
  reserveBLASBuffers(min(limit, onlineProcessors()), room: room)
  return min(limit, onlineProcessors())
}()

/// More are never useful, and the system has to serve others too.
private let mostThreads = 1024

/// OpenBLAS' buffer on x86-64 and the smallest of elsewhere; see `blas_memory_alloc`.
private let bufferBytes = 32 << 20

private let bytesPerThread = bufferBytes + (8 << 20) + (64 << 20)

/// Has OpenBLAS take buffers, which it keeps for later calls; no effect on another BLAS.
private func reserveBLASBuffers(_ count: Int, room: Int) {
  typealias Allocate = @convention(c) (Int32) -> UnsafeMutableRawPointer?
  typealias Free = @convention(c) (UnsafeMutableRawPointer?) -> Void
  guard (count + 1) * bufferBytes < room,
    let allocate = loadedSymbol("blas_memory_alloc", as: Allocate.self),
    let free = loadedSymbol("blas_memory_free", as: Free.self)
  else { return }
  let buffers = (0..<count).map { _ in allocate(0) }
  for buffer in buffers { free(buffer) }
}
