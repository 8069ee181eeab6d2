// SPDX-License-Identifier: GPL-2.0-or-later
import CNLopt

/// One run of NLopt over coordinates that are all free.
struct NLoptProblem {
  let algorithm: MinimizerAlgorithm
  let lower: [Double]
  let upper: [Double]
  let start: [Double]
  let initialStep: [Double]
  let stopping: StoppingRule

  /// Runs the search; `evaluate` gives the objective, or nil to end it.
  func run(
    _ evaluate: @escaping (UnsafeBufferPointer<Double>) -> Double?
  ) -> MinimizerResult.Outcome {
    guard let options = nlopt_create(code, UInt32(start.count)) else {
      return .failed("NLopt could not be set up: out of memory")
    }
    defer { nlopt_destroy(options) }
    configure(options)
    nlopt_srand(1)  // PRAXIS draws random steps; the same ones in every run
    let callback = Callback(evaluate: evaluate, options: options, dimension: start.count)
    return withExtendedLifetime(callback) {
      nlopt_set_min_objective(
        options,
        { _, x, _, context in
          Unmanaged<Callback>.fromOpaque(context!).takeUnretainedValue().call(x)
        }, Unmanaged.passUnretained(callback).toOpaque())
      var x = start
      var value = 0.0
      return outcome(nlopt_optimize(options, &x, &value), options)
    }
  }

  private var code: nlopt_algorithm {
    switch algorithm {
    case .bobyqa: NLOPT_LN_BOBYQA
    case .neldermead: NLOPT_LN_NELDERMEAD
    case .cobyla: NLOPT_LN_COBYLA
    case .sbplx: NLOPT_LN_SBPLX
    case .newuoa_bound: NLOPT_LN_NEWUOA_BOUND
    case .praxis: NLOPT_LN_PRAXIS
    }
  }

  private func configure(_ options: nlopt_opt) {
    nlopt_set_lower_bounds(options, lower)
    nlopt_set_upper_bounds(options, upper)
    nlopt_set_initial_step(options, start.indices.map(step))
    nlopt_set_maxeval(options, Int32(clamping: max(stopping.maximumEvaluations, 1)))
    nlopt_set_xtol_rel(options, stopping.relativeX)
    nlopt_set_xtol_abs1(options, stopping.absoluteX)
    let looksAtX = stopping.relativeX > 0 || stopping.absoluteX > 0
    if algorithm == .neldermead, looksAtX { return }
    nlopt_set_ftol_abs(options, stopping.absoluteF)
    nlopt_set_ftol_rel(options, stopping.relativeF)
  }

  /// BOBYQA refuses steps of more than half the distance between the bounds.
  private func step(_ i: Int) -> Double {
    var step = abs(initialStep[i])
    if !(step > 0 && step.isFinite) { step = start[i] == 0 ? 1 : 0.1 * abs(start[i]) }
    return min(step, 0.25 * (upper[i] - lower[i]))
  }

  private func outcome(
    _ result: nlopt_result, _ options: nlopt_opt
  ) -> MinimizerResult.Outcome {
    switch result {
    case NLOPT_SUCCESS, NLOPT_STOPVAL_REACHED, NLOPT_FTOL_REACHED, NLOPT_XTOL_REACHED:
      return .converged
    case NLOPT_MAXEVAL_REACHED, NLOPT_MAXTIME_REACHED: return .evaluationLimit
    case NLOPT_ROUNDOFF_LIMITED: return .roundoffLimited
    case NLOPT_OUT_OF_MEMORY: return .failed("NLopt ran out of memory")
    default:
      let detail = nlopt_get_errmsg(options).map { ": " + String(cString: $0) } ?? ""
      return .failed("NLopt ended with code \(result.rawValue)" + detail)
    }
  }
}

/// What the C callback is handed.
private final class Callback {
  let evaluate: (UnsafeBufferPointer<Double>) -> Double?
  let options: nlopt_opt
  let dimension: Int

  init(
    evaluate: @escaping (UnsafeBufferPointer<Double>) -> Double?, options: nlopt_opt,
    dimension: Int
  ) {
    self.evaluate = evaluate
    self.options = options
    self.dimension = dimension
  }

  func call(_ x: UnsafePointer<Double>?) -> Double {
    let point = UnsafeBufferPointer(start: x, count: dimension)
    if let value = evaluate(point) { return value }
    nlopt_force_stop(options)
    return .greatestFiniteMagnitude
  }
}
