// SPDX-License-Identifier: GPL-2.0-or-later

extension SimulationDesign {
  /// Designs of two and more large factors that are not nested in each other.
  static let crossedWorkloads: [SimulationDesign] = [
    movies("movies1m", rows: 1_000_000, users: 7800, movies: 12_000, deviation: 2.6949, most: 750),
    movies(
      "movies26m", rows: 25_800_000, users: 201_000, movies: 66_000, deviation: 3.2063, most: 20_000
    ),
    threeFactors(
      "threecrossed1m", rows: 1_000_000, students: 20_000, teachers: 3000, items: 1500),
    crossedSlopes("crossedslopes1m", rows: 1_000_000, users: 6040, items: 3706),
    labour("labour1m", rows: 1_000_000, workers: 200_000, firms: 20_000),
  ]

  /// Ratings of movies as MovieLens has them, user after user: everybody has rated at least twenty
  /// movies; half of the movies have five ratings or fewer, a few have as many as `most` times four.
  private static func movies(
    _ name: String, rows: Int, users: Int, movies: Int, deviation: Double, most: Double
  ) -> SimulationDesign {
    SimulationDesign(
      name: name, formula: "y ~ 1 + (1 | user) + (1 | movie)", rows: rows, responseDecimals: 4,
      factors: [
        SimulatedFactor(
          name: "user", levels: users, assignment: .lognormalRuns(least: 20, deviation: 1.2)),
        SimulatedFactor(
          name: "movie", levels: movies, assignment: .lognormal(deviation: deviation, most: most)),
      ],
      fixedEffects: [SimulatedEffect(coefficient: 3.5, column: .intercept)],
      randomTerms: [intercept(of: 0, sd: 0.45), intercept(of: 1, sd: 0.5)], residualSD: 0.85)
  }

  /// Answers of students to items, marked by one of many teachers.
  private static func threeFactors(
    _ name: String, rows: Int, students: Int, teachers: Int, items: Int
  ) -> SimulationDesign {
    SimulationDesign(
      name: name, formula: "y ~ x + (1 | student) + (1 | teacher) + (1 | item)", rows: rows,
      responseDecimals: 4,
      covariates: [SimulatedCovariate(name: "x", distribution: .standardNormal)],
      factors: [
        SimulatedFactor(name: "student", levels: students, assignment: .uniform),
        SimulatedFactor(
          name: "teacher", levels: teachers, assignment: .zipf(offset: 10, exponent: 0.8)),
        SimulatedFactor(name: "item", levels: items, assignment: .zipf(offset: 20, exponent: 0.5)),
      ],
      fixedEffects: [
        SimulatedEffect(coefficient: 1, column: .intercept),
        SimulatedEffect(coefficient: 0.4, column: .number(0)),
      ],
      randomTerms: [
        intercept(of: 0, sd: 0.7), intercept(of: 1, sd: 0.2), intercept(of: 2, sd: 0.5),
      ])
  }

  /// Ratings of items by users, both with a slope of their own.
  private static func crossedSlopes(
    _ name: String, rows: Int, users: Int, items: Int
  ) -> SimulationDesign {
    SimulationDesign(
      name: name, formula: "y ~ x + (1 + x | user) + (1 + x | item)", rows: rows,
      responseDecimals: 4,
      covariates: [SimulatedCovariate(name: "x", distribution: .standardNormal)],
      factors: [
        SimulatedFactor(name: "user", levels: users, assignment: .zipf(offset: 20, exponent: 0.6)),
        SimulatedFactor(name: "item", levels: items, assignment: .zipf(offset: 10, exponent: 0.9)),
      ],
      fixedEffects: [
        SimulatedEffect(coefficient: 3.5, column: .intercept),
        SimulatedEffect(coefficient: 0.3, column: .number(0)),
      ],
      randomTerms: [
        SimulatedRandomTerm(
          factor: 0, columns: [.intercept, .number(0)], covarianceFactor: [[0.45], [0.05, 0.2]]),
        SimulatedRandomTerm(
          factor: 1, columns: [.intercept, .number(0)], covarianceFactor: [[0.55], [-0.1, 0.15]]),
      ], residualSD: 0.85)
  }

  /// Wages of workers in firms, a few rows of each.
  ///
  /// One worker in twenty has changed the firm, and then to one nearby: the graph of workers and
  /// firms is long and thin.
  private static func labour(
    _ name: String, rows: Int, workers: Int, firms: Int
  ) -> SimulationDesign {
    SimulationDesign(
      name: name, formula: "y ~ x + (1 | worker) + (1 | firm)", rows: rows, responseDecimals: 4,
      covariates: [SimulatedCovariate(name: "x", distribution: .standardNormal)],
      factors: [
        SimulatedFactor(name: "worker", levels: workers, assignment: .runs(shape: 4)),
        SimulatedFactor(
          name: "firm", levels: firms, assignment: .employer(of: 0, movers: 0.05, reach: 10)),
      ],
      fixedEffects: [
        SimulatedEffect(coefficient: 2, column: .intercept),
        SimulatedEffect(coefficient: 0.1, column: .number(0)),
      ],
      randomTerms: [intercept(of: 0, sd: 0.35), intercept(of: 1, sd: 0.25)], residualSD: 0.2)
  }
}
