// swift-tools-version: 6.2
// SPDX-License-Identifier: GPL-2.0-or-later
import PackageDescription

let package = Package(
  name: "lmm-sparse",
  products: [
    .library(name: "MixedModels", targets: ["MixedModels", "Studies", "Reports"]),
    .library(name: "lmmsparse", type: .dynamic, targets: ["LMMSparseC"]),
    .executable(name: "lmm-sparse", targets: ["lmm-sparse"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.6.0")
  ],
  targets: [
    .systemLibrary(name: "CCholmod", providers: [.apt(["libsuitesparse-dev"])]),
    .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CNLopt", providers: [.apt(["libnlopt-dev"])]),
    .systemLibrary(name: "CRmath", providers: [.apt(["r-mathlib"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CSnappy", providers: [.apt(["libsnappy-dev"])]),
    .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CLZ4", providers: [.apt(["liblz4-dev"])]),
    .target(name: "CArrow"),
    .target(name: "CNumberParsing"),
    .target(name: "CPanelKernels"),
    .target(name: "CAddressSpace"),
    .target(name: "COrderStatistic"),
    .target(name: "CTextScanning"),
    .target(name: "CProcessor"),
    .target(
      name: "NumericalMethods",
      dependencies: [
        "CCholmod", "COpenBLAS", "CNLopt", "COrderStatistic", "CProcessor", "CRmath", "CZlib",
      ],
      linkerSettings: [.linkedLibrary("m")]),
    .target(name: "ParquetFiles", dependencies: ["CZlib", "CSnappy", "CZstd", "CLZ4"]),
    .target(
      name: "ModelFrames",
      dependencies: [
        "NumericalMethods", "ParquetFiles", "CArrow", "CZlib", "CZstd", "CLZ4", "CNumberParsing", "CTextScanning",
      ],
      linkerSettings: [.linkedLibrary("m")]),
    .target(
      name: "MixedModels", dependencies: ["ModelFrames", "NumericalMethods", "CPanelKernels"]),
    .target(name: "Studies", dependencies: ["MixedModels", "ModelFrames", "NumericalMethods"]),
    .target(
      name: "Reports", dependencies: ["Studies", "MixedModels", "ModelFrames", "NumericalMethods"]),
    .target(name: "CLMMSparse", dependencies: ["CArrow"]),
    .target(
      name: "LMMSparseC",
      dependencies: [
        "Reports", "Studies", "MixedModels", "ModelFrames", "NumericalMethods", "CArrow",
        "CLMMSparse",
      ]),
    .executableTarget(
      name: "lmm-sparse",
      dependencies: [
        "Reports", "Studies", "MixedModels", "ModelFrames", "NumericalMethods", "CAddressSpace",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(name: "TestSupport", dependencies: ["NumericalMethods"], path: "Tests/TestSupport"),
    .testTarget(name: "NumericalMethodsTests", dependencies: ["TestSupport", "NumericalMethods"]),
    .testTarget(
      name: "ModelFramesTests", dependencies: ["TestSupport", "ModelFrames", "NumericalMethods"],
      exclude: ["Data/Parquet", "Data/Arrow"]),
    .testTarget(
      name: "MixedModelsTests",
      dependencies: [
        "TestSupport", "Reports", "Studies", "MixedModels", "ModelFrames", "NumericalMethods",
        "CPanelKernels",
      ],
      exclude: [
        "Determination/Data", "Files/EdgeFits.json", "Fit/SearchStudy.json",
        "Fit/SearchWithoutEnd.json", "Reference/Fits",
        "Reference/comparisons.json", "Report/Golden",
      ]),
    .testTarget(
      name: "LMMSparseCTests",
      dependencies: ["TestSupport", "LMMSparseC", "CLMMSparse", "CArrow", "Reports", "MixedModels"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: ["TestSupport", "lmm-sparse", "Reports", "Studies", "MixedModels"],
      exclude: ["Faults"]),
  ],
  cxxLanguageStandard: .cxx17
)

for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ]
}

// Tests are compiled without optimization in release builds, too: that halves the time to build them, and
// what they wait for is the library's.
for target in package.targets where target.type == .test {
  target.swiftSettings! += [.unsafeFlags(["-Onone"], .when(configuration: .release))]
}
