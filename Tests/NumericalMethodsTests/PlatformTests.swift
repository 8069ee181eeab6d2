// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import Testing

@Suite(.serialized) struct PlatformTests {
  @Test func `the BLAS has a name and at least one thread`() {
    let blas = BLASDescription.current
    #expect(!blas.name.isEmpty)
    #expect(blas.threads >= 1)
    // Products are computed through the linked OpenBLAS, so that is what must be found.
    #expect(blas.name.hasPrefix("OpenBLAS") && !blas.isReference)
  }

  @Test func `the number of BLAS threads can be set`() {
    let before = BLASDescription.current.threads
    setBLASThreads(1)
    #expect(BLASDescription.current.threads == 1)
    setBLASThreads(0)
    #expect(BLASDescription.current.threads == 1)
    setBLASThreads(before)
    #expect(BLASDescription.current.threads == before)
  }

  @Test func `the machine is described within reason`() {
    #expect(onlineProcessors() >= 1)
    #expect((1...onlineProcessors()).contains(availableProcessors()))
    #expect(physicalMemory() > 1 << 24)
    #expect((1 << 20...physicalMemory()).contains(peakResidentMemory()))
  }

  @Test func `the clock goes forward in seconds`() async throws {
    let start = monotonicSeconds()
    try await Task.sleep(for: .milliseconds(20))
    let elapsed = monotonicSeconds() - start
    #expect(elapsed > 0.015 && elapsed < 20)
  }

  @Test func `every library tells its version`() {
    let versions = libraryVersions()
    #expect(versions.map(\.name) == ["CHOLMOD", "NLopt", "Rmath"])
    #expect(versions.allSatisfy { $0.version.split(separator: ".").count == 3 })
  }
}
