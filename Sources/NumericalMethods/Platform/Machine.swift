// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// Processors the system schedules on; at least 1.
package func onlineProcessors() -> Int {
  max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1)
}

/// Processors this process may run on (`taskset`, containers with a set of CPUs); at least 1.
package func availableProcessors() -> Int {
  // Declared only for _GNU_SOURCE, which the Glibc module is not built with.
  typealias GetAffinity = @convention(c) (Int32, Int, UnsafeMutableRawPointer) -> Int32
  var mask = [UInt64](repeating: 0, count: 128)
  guard let getAffinity = loadedSymbol("sched_getaffinity", as: GetAffinity.self),
    getAffinity(0, mask.count * 8, &mask) == 0
  else { return onlineProcessors() }
  return max(mask.reduce(0) { $0 + $1.nonzeroBitCount }, 1)
}

/// Bytes of main memory; 0 if unknown.
package func physicalMemory() -> Int {
  let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
  return pages > 0 && size > 0 ? Int(pages) * Int(size) : 0
}

/// Bytes of the largest resident set of this process so far; 0 if unknown.
package func peakResidentMemory() -> Int {
  var usage = rusage()
  guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
  return Int(usage.ru_maxrss) * 1024  // Linux counts in KiB
}

/// Seconds on a clock that only moves forward; differences have a meaning, values have none.
package func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
