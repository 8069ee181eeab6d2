// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports
import Testing

@Suite struct `A series of replicates` {
  private func fitted(threads: Int = 1, formula: String = "y ~ x + (x | g)") throws -> FittedModel {
    var options = FitOptions()
    options.threads = threads
    return try FittedModel(Formula(formula), data: [SimulatedRowsTable().first], options: options)
  }

  private func options(_ count: Int, seed: UInt64 = 3) -> BootstrapOptions {
    var options = BootstrapOptions()
    (options.replicates, options.seed) = (count, seed)
    return options
  }

  @Test func `is the same for any number of threads, and begins as a shorter one`() throws {
    let one = try fitted().bootstrap(options(60))
    let three = try fitted(threads: 3).bootstrap(options(60))
    #expect(text(one.replicates) == text(three.replicates))
    #expect(
      text(Array(one.replicates[..<20])) == text(try fitted().bootstrap(options(20)).replicates))
    #expect(text(one.replicates) != text(try fitted().bootstrap(options(60, seed: 4)).replicates))
  }

  @Test func `goes on from a checkpoint as if it had not been interrupted`() throws {
    let fitted = try fitted()
    let whole = try fitted.bootstrap(options(40))
    let fingerprint = fitted.bootstrapFingerprint(seed: 3)
    let kept = BootstrapRecords.checkpoint(
      whole.replicates.filter { $0.index % 3 != 1 }, fingerprint: fingerprint, names: whole.names)
    var resumed = options(40)
    resumed.completed = try BootstrapRecords.replicates(
      checkpoint: kept, file: "c", fingerprint: fingerprint, names: whole.names)
    #expect(resumed.completed.count == 27)
    #expect(text(try fitted.bootstrap(resumed).replicates) == text(whole.replicates))
  }

  @Test func `refuses checkpoints of other runs and damaged ones`() throws {
    let fitted = try fitted()
    let series = try fitted.bootstrap(options(5))
    let fingerprint = fitted.bootstrapFingerprint(seed: 3)
    let kept = BootstrapRecords.checkpoint(
      series.replicates, fingerprint: fingerprint, names: series.names)
    func reading(_ text: String, _ fingerprint: String) -> String {
      do {
        _ = try BootstrapRecords.replicates(
          checkpoint: text, file: "c", fingerprint: fingerprint, names: series.names)
        return ""
      } catch { return "\(error)" }
    }
    #expect(reading(kept, fingerprint) == "")
    #expect(reading(kept, fitted.bootstrapFingerprint(seed: 4)).contains("belongs to another run"))
    #expect(reading("y,x\n1,2\n", fingerprint).contains("is no bootstrap checkpoint"))
    #expect(reading(String(kept.dropLast(9)), fingerprint).contains("is damaged in line"))
    #expect(
      reading(kept.replacing("\n3,TRUE", with: "\n2,TRUE"), fingerprint).contains(
        "damaged in line 5"))
  }

  @Test func `its callback can end it`() throws {
    struct Enough: Error {}
    var options = options(1000)
    options.progress = { all in if all.count > 3 { throw Enough() } }
    let fitted = try fitted()
    #expect(throws: Enough.self) { try fitted.bootstrap(options) }
  }

  /// Against what R's quantile(type = 6) gives for the same numbers.
  @Test func `intervals are quantiles of the replicates`() throws {
    let series = try fitted().bootstrap(options(199))
    for (k, interval) in series.intervals(level: 0.9).enumerated() {
      // A correlation is not defined where a standard deviation is zero.
      let values = series.replicates.map { $0.values[k] }.filter(\.isFinite).sorted()
      #expect(interval.usedCount == values.count && values.count >= 198)
      guard values.count == 199 else { continue }
      let percentile = try #require(interval.percentile)
      #expect(abs(percentile.low - values[9]) < 1e-12 * abs(values[9]) + 1e-15)
      #expect(abs(percentile.high - values[189]) < 1e-12 * abs(values[189]) + 1e-15)
      guard let basic = interval.basic else {
        #expect(interval.parameter.kind == .theta)
        continue
      }
      let estimate = try #require(interval.parameter.estimate)
      var expected = (2 * estimate - values[189], 2 * estimate - values[9])
      if interval.parameter.kind == .correlation {
        expected = (max(-1, expected.0), min(1, expected.1))
      } else if interval.parameter.kind != .fixed {
        expected = (max(0, expected.0), expected.1)
      }
      #expect(abs(basic.low - expected.0) < 1e-12 * abs(estimate))
      #expect(abs(basic.high - expected.1) < 1e-12 * abs(estimate))
    }
  }

  @Test func `a correlation without its variance is left out, not NaN`() throws {
    let fitted = try fitted(formula: "y ~ x + (x | h)")
    let series = try fitted.bootstrap(options(200))
    #expect(series.failedCount == 0)
    let interval = try #require(
      series.intervals().first { $0.parameter.kind == .correlation })
    let undefined = series.replicates.count { $0.values[3].isNaN }
    #expect(interval.usedCount == 200 - undefined)
    for interval in series.intervals() where interval.usedCount > 1 {
      #expect(interval.percentile?.low.isNaN == false)
      #expect(interval.standardError?.isNaN == false)
    }
    let report = BootstrapReport(series).report()
    #expect(!report.text().contains("NaN") && !report.text(as: .tidy).contains("nan"))
  }

  private func text(_ replicates: [BootstrapReplicate]) -> String {
    replicates.map(BootstrapRecords.line).joined()
  }
}
