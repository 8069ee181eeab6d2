// swift-tools-version: 6.2
// SPDX-License-Identifier: GPL-2.0-or-later
import PackageDescription

// A package of its own, so that building lmm-sparse needs no fuzzer. `run` builds it.
let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "lmm-sparse", path: "../..")],
  targets: [
    .target(name: "CFuzzer", path: "CFuzzer"),
    .executableTarget(
      name: "fuzz",
      dependencies: ["CFuzzer", .product(name: "MixedModels", package: "lmm-sparse")],
      path: "Harnesses",
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
      ]),
  ]
)
