// swift-tools-version: 6.2
// SPDX-License-Identifier: GPL-2.0-or-later
import PackageDescription

// A package of its own, so that building lmm-sparse needs none of this.
let package = Package(
  name: "Benchmarks",
  dependencies: [
    .package(name: "lmm-sparse", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: ["Kernels", "Fits"].map { suite in
    .executableTarget(
      name: suite + "Benchmarks",
      dependencies: [
        .product(name: "MixedModels", package: "lmm-sparse"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: suite,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  }
)

for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ]
}
