// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import Testing

/// Golden values: R 4.2.2, printed with 17 digits; the call is beside each.
@Suite struct DistributionTests {
  private func agrees(_ value: Double, _ golden: Double) -> Bool {
    abs(value - golden) <= 1e-12 * abs(golden)
  }

  @Test func `the normal distribution agrees with R`() {
    #expect(agrees(Normal.cumulative(-1.5), 6.6807201268858071e-02))  // pnorm(-1.5)
    // pnorm(10, lower = FALSE)
    #expect(agrees(Normal.cumulative(10, tail: .upper), 7.6198530241605269e-24))
    // pnorm(-40, log = TRUE)
    #expect(agrees(Normal.cumulative(-40, logarithm: true), -8.0460844201375380e+02))
    #expect(agrees(Normal.quantile(0.975), 1.9599639845400536))  // qnorm(.975)
    #expect(agrees(Normal.quantile(0.025, tail: .upper), 1.9599639845400536))
    #expect(agrees(Normal.density(0.3), 3.8138781546052414e-01))  // dnorm(.3)
  }

  @Test func `Student's t agrees with R`() {
    let t = StudentT(degreesOfFreedom: 7.3)
    // pt(2.1, 7.3, lower = FALSE)
    #expect(agrees(t.cumulative(2.1, tail: .upper), 3.6123356712426676e-02))
    #expect(agrees(t.twoSided(-2.1), 2 * 3.6123356712426676e-02))
    // pt(-40, 3)
    #expect(agrees(StudentT(degreesOfFreedom: 3).cumulative(-40), 1.7190340394579270e-05))
    // qt(.975, 12.5)
    #expect(agrees(StudentT(degreesOfFreedom: 12.5).quantile(0.975), 2.1691859427125411))
    let limit = StudentT(degreesOfFreedom: .infinity)
    #expect(agrees(limit.cumulative(-1.5), Normal.cumulative(-1.5)))
  }

  @Test func `F agrees with R`() {
    // pf(3.2, 2, 17.6, lower = FALSE), pf(500, 3, 1e4, lower = FALSE), qf(.95, 3, 20),
    // pf(2, 3, Inf, lower = FALSE)
    let f = FisherF(numerator: 2, denominator: 17.6)
    #expect(agrees(f.cumulative(3.2, tail: .upper), 6.5260823504375426e-02))
    let far = FisherF(numerator: 3, denominator: 1e4).cumulative(500, tail: .upper)
    #expect(agrees(far, 9.3488190867646752e-303))
    #expect(
      agrees(FisherF(numerator: 3, denominator: 20).quantile(0.95), 3.0983912121407795))
    let limit = FisherF(numerator: 3, denominator: .infinity)
    #expect(agrees(limit.cumulative(2, tail: .upper), 1.1161022509471258e-01))
  }

  @Test func `χ² agrees with R`() {
    let χ² = ChiSquared(degreesOfFreedom: 3)
    // pchisq(7.81, 3, lower = FALSE), pchisq(2000, 3, lower = FALSE, log = TRUE)
    #expect(agrees(χ².cumulative(7.81, tail: .upper), 5.0106056350005944e-02))
    let far = χ².cumulative(2000, tail: .upper, logarithm: true)
    #expect(agrees(far, -9.9642484049733321e+02))
    // qchisq(.5, 1.5), pchisq(0.1, 0)
    #expect(agrees(ChiSquared(degreesOfFreedom: 1.5).quantile(0.5), 9.0833395664771233e-01))
    #expect(ChiSquared(degreesOfFreedom: 0).cumulative(0.1) == 1)
  }

  @Test func `what has no meaning is NaN`() {
    #expect(Normal.quantile(1.5).isNaN && Normal.cumulative(.nan).isNaN)
    for ν in [0, -1, Double.nan] {
      #expect(StudentT(degreesOfFreedom: ν).cumulative(1).isNaN)
      #expect(StudentT(degreesOfFreedom: ν).quantile(0.5).isNaN)
      #expect(FisherF(numerator: 1, denominator: ν).cumulative(1).isNaN)
      #expect(FisherF(numerator: ν, denominator: 1).quantile(0.5).isNaN)
    }
    #expect(ChiSquared(degreesOfFreedom: -1).cumulative(1).isNaN)
    #expect(StudentT(degreesOfFreedom: 5).quantile(1) == .infinity)
  }
}
