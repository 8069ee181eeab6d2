// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import NumericalMethods
import Testing

/// Which kernels fit which processor.
@Suite struct BLASKernelTests {
  /// Bits of `cpuid` and XCR0 as processors have them: leaf 1 ECX, leaf 7 EBX, XCR0.
  ///
  /// Written out by instruction set, from the manuals that `VectorInstructions` names.
  static func bits(
    avx: Bool, fma: Bool, avx2: Bool, avx512: [Int] = [], saved: UInt32
  ) -> VectorInstructions {
    let leaf1 = UInt32(1 << 27) | (avx ? 1 << 28 : 0) | (fma ? 1 << 12 : 0)
    let leaf7 = avx512.reduce(avx2 ? UInt32(1 << 5) : 0) { $0 | 1 << UInt32($1) }
    return VectorInstructions(leaf1: leaf1, leaf7: leaf7, saved: saved)
  }
  static let (f, dq, cd, bw, vl) = (16, 17, 28, 30, 31)
  static let server = [f, dq, cd, bw, vl]

  static let processors: [(name: String, VectorInstructions, is: VectorInstructions)] = [
    ("Nehalem", bits(avx: false, fma: false, avx2: false, saved: 3), .sse),
    ("Sandy Bridge", bits(avx: true, fma: false, avx2: false, saved: 7), .avx),
    ("AMD Piledriver", bits(avx: true, fma: true, avx2: false, saved: 7), .avx),
    ("Haswell", bits(avx: true, fma: true, avx2: true, saved: 7), .avx2),
    ("AMD Zen 2", bits(avx: true, fma: true, avx2: true, saved: 0x207), .avx2),
    ("Skylake-X", bits(avx: true, fma: true, avx2: true, avx512: server, saved: 0x2E7), .avx512),
    ("AMD Zen 4", bits(avx: true, fma: true, avx2: true, avx512: server, saved: 0x2E7), .avx512),
    (
      "Sapphire Rapids",
      bits(avx: true, fma: true, avx2: true, avx512: server, saved: 0x602E7), .avx512
    ),
    (
      "Knights Landing, without BW, DQ and VL",
      bits(avx: true, fma: true, avx2: true, avx512: [f, cd], saved: 0xE7), .avx2
    ),
    (
      "a system that does not save the wide registers",
      bits(avx: true, fma: true, avx2: true, avx512: server, saved: 7), .avx2
    ),
    (
      "a system that saves no vectors but the first",
      bits(avx: true, fma: true, avx2: true, avx512: server, saved: 3), .sse
    ),
    (
      "a hypervisor that hides AVX-512",
      bits(avx: true, fma: true, avx2: true, saved: 0x2E7), .avx2
    ),
    (
      "a hypervisor that hides FMA",
      bits(avx: true, fma: false, avx2: true, avx512: server, saved: 0x2E7), .avx
    ),
    (
      "a hypervisor that hides BW",
      bits(avx: true, fma: true, avx2: true, avx512: [f, dq, cd, vl], saved: 0x2E7), .avx2
    ),
  ]

  @Test(arguments: processors.indices)
  func `vectors may be used where processor and system know them`(index: Int) {
    let (name, found, expected) = Self.processors[index]
    #expect(found == expected, "\(name)")
  }

  @Test func `without saved registers there is no AVX, whatever the processor has`() {
    #expect(VectorInstructions(leaf1: 1 << 28 | 1 << 12, leaf7: ~0, saved: ~0) == .sse)
    #expect(VectorInstructions(leaf1: ~0, leaf7: ~0, saved: 0) == .sse)
    #expect(VectorInstructions(leaf1: 0, leaf7: 0, saved: 0) == .sse)
  }

  /// What OpenBLAS of some release takes, and what is to be done.
  static let choices: [(kernel: String, on: VectorInstructions, is: String?)] = [
    ("Prescott", .avx512, "SkylakeX"),  // Xeons of the fifth generation and AMD Zen 5, 0.3.21
    ("Prescott", .avx2, "Haswell"),  // the same where a hypervisor hides AVX-512
    ("Barcelona", .avx2, "Haswell"),  // AMD Zen, releases before 0.2.20
    ("Core2", .avx, "Sandybridge"),
    ("Prescott", .sse, nil), ("Nehalem", .sse, nil),
    ("Sandybridge", .avx, nil), ("Sandybridge", .avx2, "Haswell"),
    ("Haswell", .avx2, nil), ("Haswell", .avx512, "SkylakeX"),  // Skylake-X, releases before 0.3.0
    ("Zen", .avx2, nil),  // AMD Zen 1 to 3
    ("Zen", .avx512, "SkylakeX"),  // AMD Zen 4, releases before 0.3.21
    ("SkylakeX", .avx512, nil), ("Cooperlake", .avx512, nil), ("SapphireRapids", .avx512, nil),
    ("SKYLAKEX", .avx512, nil), ("haswell", .avx2, nil),
    ("Piledriver", .avx, nil), ("Excavator", .avx2, nil),
    ("SkylakeX", .avx2, nil),  // wider than the processor: somebody's wish
    ("GraniteRapids", .avx512, nil), ("Unknown", .avx512, nil), ("", .avx512, nil),
    ("ARMV8", .avx2, nil),
  ]

  @Test(arguments: choices.indices)
  func `kernels are replaced where they are narrower than the processor`(index: Int) {
    let (kernel, processor, expected) = Self.choices[index]
    #expect(BLASKernel.replacement(for: kernel, on: processor) == expected, "\(kernel)")
  }

  @Test func `no kernel is chosen that the processor lacks, and the choice fits`() throws {
    for processor in VectorInstructions.allCases {
      for (kernel, _, _) in Self.choices {
        guard let chosen = BLASKernel.replacement(for: kernel, on: processor) else { continue }
        #expect(try #require(BLASKernel.vectors(of: chosen)) <= processor)
        #expect(BLASKernel.replacement(for: chosen, on: processor) == nil)
      }
    }
  }

  #if arch(x86_64)
    @Test func `the system and this library agree on the processor`() throws {
      let processor = try #require(Processor.current)
      let flags = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        .split(separator: "\n").first { $0.hasPrefix("flags") }.map { $0.split(separator: " ") }
      let known = Set(try #require(flags))
      func has(_ names: String...) -> Bool { known.isSuperset(of: names.map { $0[...] }) }
      #expect((processor.vectors >= .avx) == has("avx"))
      #expect((processor.vectors >= .avx2) == has("avx", "avx2", "fma"))
      let wide = has("avx2", "fma", "avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl")
      #expect((processor.vectors == .avx512) == wide)
    }
  #endif
}
