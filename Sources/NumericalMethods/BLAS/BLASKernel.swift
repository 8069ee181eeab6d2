// SPDX-License-Identifier: GPL-2.0-or-later

/// The kernels of OpenBLAS for x86-64, named after the processors that they were made for.
///
/// OpenBLAS looks its processor up in a list of models when it is loaded, and a release does not know
/// processors that came after it: 0.3.21 (2022) takes the kernels of `Prescott` (2004) for Xeons of the
/// fifth generation. `variable` names others.
///
/// Source: `corename` in OpenBLAS' `driver/others/dynamic.c`.
package enum BLASKernel {
  /// The environment's variable by which OpenBLAS is told which kernels to use.
  package static let variable = "OPENBLAS_CORETYPE"

  private static let names: [VectorInstructions: [String]] = [
    .sse: [
      "Katmai", "Coppermine", "Northwood", "Prescott", "Banias", "Atom", "Core2", "Penryn",
      "Dunnington", "Nehalem", "Athlon", "Opteron", "Opteron_SSE3", "Barcelona", "Nano", "Bobcat",
    ],
    .avx: ["Sandybridge", "Bulldozer", "Piledriver", "Steamroller"],
    .avx2: ["Haswell", "Zen", "Excavator"],
    .avx512: ["SkylakeX", "Cooperlake", "SapphireRapids"],
  ]

  /// What a kernel's products are computed with; nil for a name that is not known.
  package static func vectors(of kernel: String) -> VectorInstructions? {
    names.first { _, names in
      names.contains { $0.lowercased() == kernel.lowercased() }
    }?.key
  }

  /// The kernel that a processor should have instead of the one that OpenBLAS took.
  ///
  /// Nil if that one fits, or if it is not known: then OpenBLAS knows more than this list. It asks no more
  /// of the processor than it has: where a hypervisor hides AVX-512, kernels for AVX2 fit.
  package static func replacement(
    for kernel: String, on processor: VectorInstructions
  ) -> String? {
    guard let vectors = vectors(of: kernel), vectors < processor else { return nil }
    return switch processor {
    case .sse: nil
    case .avx: "Sandybridge"
    case .avx2: "Haswell"
    case .avx512: "SkylakeX"
    }
  }
}
