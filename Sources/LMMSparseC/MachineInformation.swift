// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods

/// Versions, the BLAS that this process calls, the machine.
///
/// - Parameter isTested: Whether its products and factorizations are compared with plain loops.
func machineDescription(isTested: Bool) -> JSONText {
  let blas = BLASInformation.current
  let difference = isTested ? BLASSelfTest.firstDifference() : nil
  return .object([
    ("version", .string(softwareVersion)),
    ("libraries", .object(libraryVersions().map { ($0.name, .string($0.version)) })),
    (
      "blas",
      .object([
        ("name", .string(blas.name)), ("reference", .bool(blas.isReference)),
        ("threads", .integer(blas.threads)), ("kernel", .optional(blas.kernel)),
        ("kernel_instructions", .optional(blas.kernelInstructions)),
        ("kernel_fitting", .optional(blas.fittingKernel)),
      ])
    ),
    ("instructions", .optional(blas.processorInstructions)),
    ("self_test", .optional(isTested ? difference ?? "passed" : nil)),
    ("cores", .integer(availableProcessors())), ("memory_bytes", .integer(physicalMemory())),
  ])
}
