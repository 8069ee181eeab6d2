// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import ModelFrames

/// The coverage of intervals.
struct CoverageArgument: ParsableArguments {
  @Option(.coverage, "Coverage of the intervals", valueName: "x") var level = 0.95
}
