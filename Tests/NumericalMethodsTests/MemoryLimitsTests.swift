// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import Testing

@Suite struct MemoryLimitsTests {
  private func available(_ files: [String: String], addressSpace: Int? = nil) -> Int? {
    MemoryLimits(addressSpace: addressSpace) { files[$0] }.available
  }

  private let machine = [
    "/proc/meminfo": "MemTotal:       24000000 kB\nMemFree:  10 kB\nMemAvailable:   16000000 kB\n"
  ]

  @Test func `without other limits it is what the kernel can give`() {
    #expect(available(machine) == 16_000_000 * 1024)
    #expect(available([:]) == nil)
  }

  @Test func `a control group's limit counts, and that of the groups above`() {
    var files = machine
    files["/proc/self/cgroup"] = "0::/jobs/one\n"
    files["/sys/fs/cgroup/jobs/one/memory.max"] = "max\n"
    files["/sys/fs/cgroup/jobs/one/memory.current"] = "900\n"
    #expect(available(files) == 16_000_000 * 1024)
    files["/sys/fs/cgroup/jobs/memory.max"] = "5000000\n"
    files["/sys/fs/cgroup/jobs/memory.current"] = "1000000\n"
    #expect(available(files) == 4_000_000)
    files["/sys/fs/cgroup/jobs/memory.stat"] = "anon 7\nfile 9\ninactive_file 250000\n"
    #expect(available(files) == 4_250_000)
    files["/sys/fs/cgroup/jobs/one/memory.max"] = "800\n"
    #expect(available(files) == 0)
  }

  @Test func `control groups of the first version count, too`() {
    var files = machine
    files["/proc/self/cgroup"] = "7:cpu:/x\n4:memory:/box\n0::/\n"
    files["/sys/fs/cgroup/memory/box/memory.limit_in_bytes"] = "9223372036854771712\n"
    files["/sys/fs/cgroup/memory/box/memory.usage_in_bytes"] = "5\n"
    #expect(available(files) == 16_000_000 * 1024)
    files["/sys/fs/cgroup/memory/box/memory.limit_in_bytes"] = "3000\n"
    files["/sys/fs/cgroup/memory/box/memory.usage_in_bytes"] = "1000\n"
    files["/sys/fs/cgroup/memory/box/memory.stat"] = "total_inactive_file 400\n"
    #expect(available(files) == 2400)
    // Inside a container the group is the root of what can be seen.
    files["/proc/self/cgroup"] = "4:memory:/not/visible\n"
    files["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "2000\n"
    files["/sys/fs/cgroup/memory/memory.usage_in_bytes"] = "500\n"
    #expect(available(files) == 1500)
  }

  @Test func `so does a limit of address space`() {
    var files = machine
    files["/proc/self/status"] = "Name:\tx\nVmPeak:\t 9 kB\nVmSize:\t    1000 kB\n"
    #expect(available(files, addressSpace: 3_000_000) == 1_976_000)
    #expect(available(files, addressSpace: 1_000_000) == 0)
  }

  @Test func `this process can take some memory, and no more than there is`() {
    #expect((1 << 20...physicalMemory()).contains(availableMemory()))
  }
}
