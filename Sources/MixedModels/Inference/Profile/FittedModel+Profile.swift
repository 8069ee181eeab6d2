// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods
import Synchronization

extension FittedModel {
  /// Profiles parameters by the cross-products, no rows are needed; several at a time on as many
  /// threads as the fit's options say, with the same results whatever their number.
  ///
  /// A limit that cannot be found is nil and its interval says why; the others are there.
  ///
  /// - Throws: `InferenceError` for an unknown name, or where the maximum of the likelihood is not
  ///   found or an exact criterion does not fit in memory; `FitError`.
  public func profile(_ options: ProfileOptions = ProfileOptions()) throws -> Profile {
    try ValueRange.coverage.check(options.level, "level")
    try ValueRange.curvePoints.check(options.pointsPerSide, "pointsPerSide")
    try requireEstimates()
    guard !model.groups.isEmpty || repeated != nil else {
      throw InferenceError.refused(
        "profiles are for models with random effects; without any, intervals by the t distribution are exact. Use \(Setting.intervals("wald"))."
      )
    }
    try requireEstimatedSigma("profiles are computed", .intervals("wald"))
    let names = try intervalParameters(named: options.parameters).map(\.name)
    let isRefitted = fit.criterionKind == .reml
    var fitted = self
    if repeated == nil {
      fitted = try exactLikelihoodFit()
    } else if isRefitted {
      fitted = try refitted(by: .ml)
    }
    var (messages, restarts): ([String], Int) = ([], 0)
    while true {
      guard fitted.fit.convergence.converged else {
        throw InferenceError.refused(
          "the search for the maximum of the likelihood did not converge (\(fitted.fit.convergence.messages.joined(separator: "; "))). Allow more evaluations, or try another optimizer."
        )
      }
      let (deviance, results) = try fitted.curves(names, options)
      let lower = results.compactMap(\.lower).min { $0.deviance < $1.deviance }
      guard let lower, restarts < Self.maximumRestarts else {
        return Profile(
          formula: fit.formula, isRefitted: isRefitted, level: options.level, deviance: deviance,
          curves: results.map(\.curve), messages: messages)
      }
      // The supposed maximum was a lesser one.
      messages = [
        "the profile found a greater likelihood than the fit had (deviance \(lower.deviance) instead of \(deviance)); it starts from there"
      ]
      restarts += 1
      if let repeated = fitted.repeated {
        fitted = try fitted.refitted(repeated, by: .ml, start: lower.φ)
      } else {
        fitted = try fitted.refitted(by: .ml, start: fitted.model.covariance.theta(lower.φ))
      }
    }
  }

  private static var maximumRestarts: Int { 3 }

  private struct Result: Sendable {
    var curve: Profile.Curve
    var lower: LowerDeviance?
  }

  /// Of a fit by maximum likelihood.
  private func curves(
    _ names: [String], _ options: ProfileOptions
  ) throws -> (deviance: Double, results: [Result]) {
    setBLASThreads(1)
    let maximum: any ProfiledMaximum
    if let repeated {
      maximum = RepeatedMaximum(repeated, model.fixed)
    } else {
      maximum = try LikelihoodMaximum(self)
    }
    let chosen = zip(intervalParameters, intervalPlaces).filter { names.containsLabel($0.0.name) }
    let results = Mutex([Int: Result]())
    let (level, count, progress) = (options.level, options.pointsPerSide, options.progress)
    let memory = availableMemory()
    let fitting = memory > 0 ? max(1, memory / (2 * max(maximum.bytes, 1))) : threads
    let workers = min(threads, fitting, chosen.count)
    let next = Mutex(0)
    let stop = Mutex<(any Error)?>(nil)
    inParallel(workers, threads: workers) { _ in
      while true {
        let k = next.withLock { next in
          defer { next += 1 }
          return next
        }
        guard k < chosen.count, stop.withLock({ $0 == nil }) else { return }
        let (parameter, place) = chosen[k]
        let result = self.curve(parameter, place, maximum, level: level, pointsPerSide: count)
        let done = results.withLock { results in
          results[k] = result
          return results.count
        }
        do { try progress?(done, chosen.count) } catch { stop.withLock { $0 = $0 ?? error } }
      }
    }
    if let error = stop.withLock(\.self) { throw error }
    return (maximum.deviance, results.withLock { all in chosen.indices.map { all[$0]! } })
  }

  private func curve(
    _ parameter: ModelParameter, _ place: IntervalPlace, _ maximum: any ProfiledMaximum,
    level: Double, pointsPerSide: Int
  ) -> Result {
    var interval = ConfidenceInterval(parameter, estimate: parameter.estimate)
    if let reason = notDetermined(parameter) {
      interval.message = reason
      return Result(curve: Profile.Curve(interval: interval, points: []))
    }
    guard let estimate = parameter.estimate else {
      interval.message =
        "it is not defined, for a standard deviation of the two effects is estimated as zero"
      return Result(curve: Profile.Curve(interval: interval, points: []))
    }
    do {
      var search = try maximum.search(
        place, estimate, standardError: standardError(place))
      let q = ChiSquared(degreesOfFreedom: 1).quantile(level).squareRoot()
      let lower = try search.findLimit(-q, of: &interval)
      let upper = lower == nil ? try search.findLimit(q, of: &interval) : nil
      if let found = lower ?? upper {
        return Result(curve: Profile.Curve(interval: interval, points: []), lower: found)
      }
      search.addPoints(pointsPerSide, to: 1.25 * q, interval)
      return Result(
        curve: Profile.Curve(
          interval: interval,
          points: search.points.map {
            Profile.Point(value: $0.value, zeta: $0.ζ, deviance: $0.deviance)
          }))
    } catch {
      interval.message = "\(error)"
      return Result(curve: Profile.Curve(interval: interval, points: []))
    }
  }
}

extension ProfileSearch {
  /// Finds one limit, or says in the interval why there is none.
  ///
  /// - Returns: a point where the likelihood is greater than at its supposed maximum.
  fileprivate mutating func findLimit(
    _ target: Double, of interval: inout ConfidenceInterval
  ) throws -> LowerDeviance? {
    let side = target < 0 ? "lower" : "upper"
    do {
      let (value, isBound): (Double, Bool) =
        switch try limit(target) {
        case .at(let value): (value, false)
        case .bound(let value): (value, true)
        }
      if target < 0 {
        (interval.lower, interval.lowerAtBound) = (value, isBound)
      } else {
        (interval.upper, interval.upperAtBound) = (value, isBound)
      }
      return nil
    } catch let found as LowerDeviance {
      let rise =
        "the \(side) limit was not found: with \(interval.parameter.name) = \(found.value) the deviance is \(found.deviance), less than that of the fit"
      interval.message = [interval.message, rise].compactMap(\.self).joined(separator: "; ")
      return found
    } catch {
      let reason = "the \(side) limit was not found: \(error)"
      interval.message = [interval.message, reason].compactMap(\.self).joined(separator: "; ")
      return nil
    }
  }

  /// Adds points evenly spaced in ζ as far as `farthest` or the edge; one that cannot be had is left
  /// out.
  fileprivate mutating func addPoints(
    _ count: Int, to farthest: Double, _ interval: ConfidenceInterval
  ) {
    guard count > 0 else { return }
    for sign in [-1.0, 1] {
      for k in 1...count {
        let target = sign * farthest * Double(k) / Double(count)
        guard let value = interpolated(target), value > range.lowerBound,
          value < range.upperBound
        else { continue }
        _ = try? point(at: value)
      }
    }
  }
}
