// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The library that computes dense products and factorizations, and whether it knows the processor.
///
/// Large crossed factors and many parameters spend their time there. OpenBLAS chooses among kernels when it is
/// loaded, by a list of processors that is as old as its release; on one that it does not know it may take
/// kernels that are several times slower. The command-line tool puts that right itself. A program that imports this
/// library starts with the environment's `OPENBLAS_CORETYPE` set to `fittingKernel`, where there is one:
/// once the program runs, it is too late.
public struct BLASInformation: Sendable {
  /// Such as `OpenBLAS 0.3.21`.
  public let name: String
  /// Whether it is the reference BLAS, which is 10 to 50 times slower than others.
  public let isReference: Bool
  /// Threads of its own; 1 where it cannot be asked.
  public let threads: Int
  /// The processor whose kernels OpenBLAS uses, such as `Haswell`; nil for another BLAS.
  public let kernel: String?
  /// The vector instructions of those kernels: `SSE`, `AVX`, `AVX2` or `AVX-512`; nil if unknown.
  public let kernelInstructions: String?
  /// The widest of these that the processor has and the system lets programs use; nil if it is not x86-64.
  public let processorInstructions: String?
  /// The kernels for those, where the ones in use are for narrower vectors; nil if they fit or are not known.
  public let fittingKernel: String?

  /// The library that this process calls.
  public static var current: BLASInformation {
    BLASInformation(.current, on: Processor.current?.vectors)
  }

  private init(_ blas: BLASDescription, on vectors: VectorInstructions?) {
    (name, isReference, threads) = (blas.name, blas.isReference, blas.threads)
    kernel = blas.kernel
    kernelInstructions = blas.kernel.flatMap { BLASKernel.vectors(of: $0)?.rawValue }
    processorInstructions = vectors?.rawValue
    fittingKernel = blas.kernel.flatMap { kernel in
      vectors.flatMap { BLASKernel.replacement(for: kernel, on: $0) }
    }
  }
}
