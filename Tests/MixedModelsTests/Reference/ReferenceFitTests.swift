// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// Every reference model, fitted from its CSV with default settings.
@Suite(.serialized) struct `Reference fits` {
  @Test(arguments: ReferenceFit.all)
  func `the optimum is at least as good as lme4's best`(reference: ReferenceFit) throws {
    let fit = try reference.fitted().fit
    let slack = 1e-6 * max(1, abs(reference.criterion))
    #expect(fit.criterion <= reference.optimum.criterion_best + slack)
    // A criterion below the optimum would be a wrong criterion.
    #expect(
      fit.criterion >= reference.optimum.criterion_best - 1e-9 * max(1, abs(reference.criterion)))
    #expect(fit.convergence.converged)
    #expect(fit.convergence.isSingular == reference.is_singular)
  }

  @Test(arguments: ReferenceFit.all)
  func `estimates and their errors agree`(reference: ReferenceFit) throws {
    let fit = try reference.fitted().fit
    let kept = fit.fixedEffects.filter { $0.estimate != nil }
    #expect(kept.map(\.name) == reference.beta.names)
    for (j, effect) in kept.enumerated() {
      let se = reference.se_beta[j]
      #expect(abs(effect.estimate! - reference.beta.values[j]) <= 1e-4 * se)
      #expect(abs(effect.standardError! - se) <= 1e-4 * se)
      for k in kept.indices {
        let scale = se * reference.se_beta[k]
        #expect(abs(fit.vcov[j][k] - reference.vcov_beta[j][k]) <= 3e-4 * scale)
      }
    }
    #expect(abs(fit.sigma - reference.sigma) <= 1e-4 * reference.sigma)
    #expect(fit.observations == reference.n)
    #expect(fit.omittedObservations == reference.n_rows_omitted)
    #expect(fit.fixedEffectCount == reference.p)
    #expect(fit.randomEffectCount == reference.q)
    #expect(fit.droppedColumns == reference.dropped_columns)
    #expect(fit.residualDegreesOfFreedom == reference.df_resid)
    let slack = 1e-6 * max(1, abs(reference.criterion))
    #expect(abs(fit.logLikelihood - reference.logLik) <= slack)
    #expect(abs(fit.aic - reference.AIC) <= slack)
    #expect(abs(fit.bic - reference.BIC) <= slack)
  }

  @Test(arguments: ReferenceFit.all)
  func `variance components agree`(reference: ReferenceFit) throws {
    let fit = try reference.fitted().fit
    #expect(fit.theta.names == reference.theta.names)
    #expect(fit.varianceComponents.map(\.name) == reference.varcorr.map(\.term))
    #expect(fit.varianceComponents.map(\.group) == reference.varcorr.map(\.group))
    // How far θ can go before the criterion rises by 1e-8, as the reference found from the Hessian.
    let flat = reference.optimum.tolerance.theta_rel_change_for_criterion_1e_8 ?? 0
    let tolerance = max(1e-4, 3 * flat)
    if !reference.is_singular {
      let size = reference.theta.values.reduce(0) { max($0, abs($1)) }
      for (ours, theirs) in zip(fit.theta.values, reference.theta.values) {
        #expect(abs(ours - theirs) <= tolerance * size)
      }
    }
    for (ours, theirs) in zip(fit.varianceComponents, reference.varcorr) {
      #expect(ours.columns == theirs.names)
      for i in theirs.sd.indices {
        #expect(abs(ours.standardDeviations[i] - theirs.sd[i]) <= tolerance * reference.sigma)
        for j in theirs.sd.indices {
          let scale = max(theirs.sd[i] * theirs.sd[j], 1e-8 * reference.sigma * reference.sigma)
          #expect(abs(ours.covariances[i][j] - theirs.cov[i][j]) <= 3 * tolerance * scale)
          if let correlation = theirs.corr[i][j], let found = ours.correlations[i][j],
            !reference.is_singular
          {
            #expect(abs(found - correlation) <= 3 * tolerance)
          }
        }
      }
    }
  }

  @Test(arguments: ReferenceFit.all)
  func `conditional modes and variances agree`(reference: ReferenceFit) throws {
    let fit = try reference.fitted().fit
    let modes = try #require(fit.conditionalModes)
    #expect(modes.map(\.name) == reference.ranef.map(\.term))
    let flat = reference.optimum.tolerance.theta_rel_change_for_criterion_1e_8 ?? 0
    let tolerance = max(1e-4, 3 * flat)
    for (t, (ours, theirs)) in zip(modes, reference.ranef).enumerated() {
      #expect(ours.levels.count == theirs.nlevels)
      for (k, level) in theirs.levels.enumerated() {
        let position = try #require(ours.levels.firstIndex(of: level))
        if k < 5 { #expect(position == k) }  // the first levels, in R's order
        for j in theirs.names.indices {
          let sd = max(reference.varcorr[t].sd[j], 1e-4 * reference.sigma)
          #expect(
            abs(ours.mode(level: position, column: j) - theirs.values[k][j]) <= 3 * tolerance * sd)
          guard let variance = theirs.cond_var?[k] else { continue }
          for i in theirs.names.indices {
            let scale = sd * max(reference.varcorr[t].sd[i], 1e-4 * reference.sigma)
            #expect(
              abs(ours.covariance(level: position, i, j) - variance[i][j]) <= 3 * tolerance * scale)
          }
        }
      }
    }
  }

  @Test(arguments: ReferenceFit.all)
  func `fitted values and residuals agree`(reference: ReferenceFit) throws {
    let rows = try reference.fitted()
    for (i, expected) in reference.fitted_first10.enumerated() {
      #expect(abs(rows.fitted[i] - expected) <= 1e-4 * reference.sigma)
      #expect(
        abs(rows.fixed[i] - reference.linear_predictor_fixed_only_first10[i])
          <= 3e-4 * reference.sigma)
      #expect(
        abs(rows.residuals[i] - reference.resid_response_first10[i]) <= 1e-4 * reference.sigma)
    }
    #expect(rows.fitted.count == reference.n)
    let total = rows.fitted.reduce(0, +)
    #expect(abs(total - reference.sum_fitted) <= 1e-6 * Double(reference.n) * reference.sigma)
    let squares = rows.residuals.reduce(0) { $0 + $1 * $1 }
    #expect(abs(squares - reference.sum_sq_resid_response) <= 1e-4 * squares)
  }
}
