// SPDX-License-Identifier: GPL-2.0-or-later
import CProcessor

/// Vector instructions of x86-64 that the kernels of a BLAS are made for, each with all before it.
package enum VectorInstructions: String, Comparable, CaseIterable, Sendable {
  /// 128 bits; every x86-64 processor has them.
  case sse = "SSE"
  /// 256 bits without fused products.
  case avx = "AVX"
  /// 256 bits with fused products: AVX2 and FMA.
  case avx2 = "AVX2"
  /// 512 bits: AVX-512 F, DQ, BW, VL and CD, which all kernels for it may use.
  case avx512 = "AVX-512"

  package static func < (a: Self, b: Self) -> Bool {
    allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
  }
}

/// An x86-64 processor as it describes itself to this process.
package struct Processor: Sendable {
  /// `GenuineIntel`, `AuthenticAMD` and the like.
  package let vendor: String
  package let family: Int
  package let model: Int
  package let stepping: Int
  /// What programs may use: the processor has it and the system saves its registers.
  package let vectors: VectorInstructions

  /// This machine's processor; nil if it is not x86-64.
  package static let current: Processor? = {
    let identity = identify_processor()
    let vendor = withUnsafeBytes(of: identity.vendor) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard !vendor.isEmpty else { return nil }
    let vectors = VectorInstructions(
      leaf1: identity.features_1_ecx, leaf7: identity.features_7_ebx,
      saved: identity.saved_registers)
    return Processor(
      vendor: vendor, family: Int(identity.family), model: Int(identity.model),
      stepping: Int(identity.stepping), vectors: vectors)
  }()
}

extension VectorInstructions {
  /// Reads the bits of `cpuid` (leaf 1 ECX, leaf 7 EBX) and of the registers that the system saves (XCR0).
  ///
  /// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, sections 14.3,
  /// 14.7 and 15.2.
  package init(leaf1: UInt32, leaf7: UInt32, saved: UInt32) {
    func has(_ bits: [UInt32], in word: UInt32) -> Bool { bits.allSatisfy { word >> $0 & 1 == 1 } }
    let (fma, savesRegisters, avx) = (UInt32(12), UInt32(27), UInt32(28))
    let avx2 = UInt32(5)
    let (f, dq, cd, bw, vl) = (UInt32(16), UInt32(17), UInt32(28), UInt32(30), UInt32(31))
    let (ymm, zmm) = (UInt32(0x06), UInt32(0xE6))
    if !has([savesRegisters, avx], in: leaf1) || saved & ymm != ymm {
      self = .sse
    } else if !has([fma], in: leaf1) || !has([avx2], in: leaf7) {
      self = .avx
    } else if !has([f, dq, cd, bw, vl], in: leaf7) || saved & zmm != zmm {
      self = .avx2
    } else {
      self = .avx512
    }
  }
}
