// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a report of a problem should mention: versions, the BLAS and its kernels, the machine.
struct MachineDescription {
  let blas = BLASDescription.current
  let change = KernelChange.outcome
  let processor = Processor.current

  static let jsonHelp = """
    JSON: version, system, libraries (CHOLMOD, NLopt, Rmath), blas (name, reference, threads, kernel, \
    kernel_instructions, kernel_taken, kernel_fitting, self_test), processor (vendor, family, model, stepping, \
    instructions), cores, memory_bytes, warnings.
    """

  var rows: [(String, String)] {
    var rows = [("lmm-sparse", softwareVersion), ("System", system)]
    rows += libraryVersions().map { ($0.name, $0.version) }
    let threads = blas.threads == 1 ? "1 thread" : "\(blas.threads) threads"
    rows.append(("BLAS", "\(blas.name), \(threads)"))
    if let kernel { rows.append(("Kernels", kernel)) }
    if let processor { rows.append(("Processor", "\(processor.vectors.rawValue)")) }
    rows.append(("Cores", String(availableProcessors())))
    let gibibytes = Double(physicalMemory()) / 1_073_741_824
    rows.append(("Memory", "\(fixedNotation(gibibytes, decimals: 1)) GiB"))
    return rows
  }

  /// The kernels in use, and how they came to be.
  private var kernel: String? {
    guard let kernel = blas.kernel else { return nil }
    if let taken = change.taken, change.fitting != nil, change.obstacle == nil {
      let time = change.wasTestedBefore ? "an earlier run" : "this run"
      return
        "\(named(kernel)) instead of \(named(taken)), which OpenBLAS took; \(time) tested them"
    }
    let isChosen = environmentVariable(BLASKernel.variable) != nil
    return named(kernel) + (isChosen ? ", by \(BLASKernel.variable)" : "")
  }

  private func named(_ kernel: String) -> String {
    kernel + (BLASKernel.vectors(of: kernel).map { " (\($0.rawValue))" } ?? "")
  }

  /// What makes fits slower than they could be here.
  var warnings: [String] {
    var warnings: [String] = []
    if blas.isReference {
      warnings.append(
        "the reference BLAS is 10 to 50 times slower than OpenBLAS; install OpenBLAS "
          + "(Debian: libopenblas0).")
    }
    if let kernel = blas.kernel, let processor,
      let fitting = BLASKernel.replacement(for: kernel, on: processor.vectors)
    {
      let remedy =
        environmentVariable(BLASKernel.variable) == nil
        ? "\(fitting) was not taken: \(change.obstacle ?? "unknown"). A newer OpenBLAS may know the processor."
        : "\(BLASKernel.variable) asks for it; leave it out, or set it to \(fitting)."
      warnings.append(
        "OpenBLAS computes with kernels for \(named(kernel)), and the processor has "
          + "\(processor.vectors.rawValue). \(remedy)")
    }
    return warnings
  }

  private var system: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    func text<Characters>(_ characters: Characters) -> String {
      withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return "\(text(name.sysname)) \(text(name.release)), \(text(name.machine))"
  }
}

extension MachineDescription {
  var json: JSONValue {
    .object([
      ("version", .string(softwareVersion)), ("system", .string(system)),
      ("libraries", .object(libraryVersions().map { ($0.name, .string($0.version)) })),
      ("blas", blasObject),
      ("processor", processor.map(object) ?? .null),
      ("cores", .integer(availableProcessors())), ("memory_bytes", .integer(physicalMemory())),
      ("warnings", .strings(warnings)),
    ])
  }

  private var blasObject: JSONValue {
    .object([
      ("name", .string(blas.name)), ("reference", .bool(blas.isReference)),
      ("threads", .integer(blas.threads)), ("kernel", .optional(blas.kernel)),
      (
        "kernel_instructions",
        .optional(blas.kernel.flatMap { BLASKernel.vectors(of: $0)?.rawValue })
      ),
      ("kernel_taken", .optional(change.taken)), ("kernel_fitting", .optional(change.fitting)),
      ("self_test", .optional(change.verdict?.line)),
    ])
  }

  private func object(_ processor: Processor) -> JSONValue {
    .object([
      ("vendor", .string(processor.vendor)), ("family", .integer(processor.family)),
      ("model", .integer(processor.model)), ("stepping", .integer(processor.stepping)),
      ("instructions", .string(processor.vectors.rawValue)),
    ])
  }
}
