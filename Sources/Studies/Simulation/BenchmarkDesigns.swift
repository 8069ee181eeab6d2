// SPDX-License-Identifier: GPL-2.0-or-later

extension SimulationDesign {
  /// The workloads that speed and memory are measured on.
  public static let workloads = groupedWorkloads + crossedWorkloads

  private static let groupedWorkloads: [SimulationDesign] = [
    slopes("slopes100k", rows: 100_000, groups: 10_000),
    slopes("slopes1m", rows: 1_000_000, groups: 100_000),
    slopes("slopes10m", rows: 10_000_000, groups: 1_000_000),
    slopes("slopes100m", rows: 100_000_000, groups: 5_000_000),
    nested("threelevel1m", rows: 1_000_000, schools: 5000, classes: 50_000),
    ratings("ratings100k", rows: 100_000, users: 943, items: 1682),
    ratings("ratings1m", rows: 1_000_000, users: 6040, items: 3706),
    ratings("ratings10m", rows: 10_000_000, users: 69_878, items: 10_677),
    ratings("ratings32m", rows: 32_000_000, users: 200_948, items: 84_432),
    maximal("maximal24k", subjects: 120, items: 200),
    maximalThree("maximal2k", subjects: 56, items: 32),
  ]

  /// - Throws: `SimulationError` if no workload has the name.
  public init(workload name: String) throws(SimulationError) {
    guard let design = Self.workloads.first(where: { $0.name == name }) else {
      throw .unknownDesign(name, known: Self.workloads.map(\.name))
    }
    self = design
  }

  /// Random intercepts and slopes of many unbalanced groups, whose rows stay together.
  private static func slopes(_ name: String, rows: Int, groups: Int) -> SimulationDesign {
    SimulationDesign(
      name: name, formula: "y ~ x1 + x2 + x3 + (1 + x1 | g)", rows: rows,
      covariates: [
        SimulatedCovariate(name: "x1", distribution: .standardNormal),
        SimulatedCovariate(name: "x2", distribution: .uniform(-1...1)),
        SimulatedCovariate(name: "x3", distribution: .labels(["a", "b", "c"])),
      ],
      factors: [SimulatedFactor(name: "g", levels: groups, assignment: .runs(shape: 2))],
      fixedEffects: [
        SimulatedEffect(coefficient: 2, column: .intercept),
        SimulatedEffect(coefficient: 0.8, column: .number(0)),
        SimulatedEffect(coefficient: -0.5, column: .number(1)),
        SimulatedEffect(coefficient: 0.3, column: .indicator(2, label: 1)),
      ],
      randomTerms: [
        SimulatedRandomTerm(
          factor: 0, columns: [.intercept, .number(0)], covarianceFactor: [[1.2], [0.3, 0.5]])
      ])
  }

  /// Ratings of items by users, in random order; few users and items have most of the rows.
  private static func ratings(
    _ name: String, rows: Int, users: Int, items: Int
  ) -> SimulationDesign {
    SimulationDesign(
      name: name, formula: "y ~ 1 + (1 | user) + (1 | item)", rows: rows, responseDecimals: 4,
      factors: [
        SimulatedFactor(
          name: "user", levels: users, assignment: .zipf(offset: 20, exponent: 0.6)),
        SimulatedFactor(
          name: "item", levels: items, assignment: .zipf(offset: 10, exponent: 0.9)),
      ],
      fixedEffects: [SimulatedEffect(coefficient: 3.5, column: .intercept)],
      randomTerms: [intercept(of: 0, sd: 0.45), intercept(of: 1, sd: 0.55)], residualSD: 0.85)
  }

  /// Students in classes in schools.
  private static func nested(
    _ name: String, rows: Int, schools: Int, classes: Int
  ) -> SimulationDesign {
    SimulationDesign(
      name: name, formula: "y ~ x + (1 | school/class)", rows: rows,
      covariates: [SimulatedCovariate(name: "x", distribution: .standardNormal)],
      factors: [
        SimulatedFactor(name: "school", levels: schools, assignment: .parent(child: 1)),
        SimulatedFactor(name: "class", levels: classes, assignment: .uniform),
      ],
      fixedEffects: [
        SimulatedEffect(coefficient: 1, column: .intercept),
        SimulatedEffect(coefficient: 0.8, column: .number(0)),
      ],
      randomTerms: [intercept(of: 0, sd: 2), intercept(of: 1, sd: 1)])
  }

  /// Every subject sees every item once; a 2 × 2 design within both, all slopes random.
  private static func maximal(_ name: String, subjects: Int, items: Int) -> SimulationDesign {
    let columns: [SimulatedColumn] = [.intercept, .number(0), .number(1), .number(0, 1)]
    return SimulationDesign(
      name: name, formula: "y ~ a * b + (1 + a * b | subj) + (1 + a * b | item)",
      rows: subjects * items,
      covariates: [
        SimulatedCovariate(name: "a", distribution: .halves(every: 1)),
        SimulatedCovariate(name: "b", distribution: .halves(every: 2)),
      ],
      factors: [
        SimulatedFactor(name: "subj", levels: subjects, assignment: .crossed),
        SimulatedFactor(name: "item", levels: items, assignment: .crossed),
      ],
      fixedEffects: zip([5, 0.4, -0.3, 0.1], columns).map {
        SimulatedEffect(coefficient: $0, column: $1)
      },
      randomTerms: [
        SimulatedRandomTerm(
          factor: 0, columns: columns,
          covarianceFactor: [
            [1], [-0.57815, 0.5], [0.23921, 0.34806, 0.4], [0.21495, 0.37637, -0.1634, 0.3],
          ]),
        SimulatedRandomTerm(
          factor: 1, columns: columns,
          covarianceFactor: [
            [0.8], [0.07247, 0.4], [-0.0237, -0.04795, 0.3], [-0.36328, 0.31049, -0.17229, 0.2],
          ]),
      ])
  }

  /// The same with a 2 × 2 × 2 design: two 8 × 8 covariances, 72 θ, on less than two thousand rows
  /// (the size of the data kb07 of MixedModels.jl). Interactions hardly vary: the fit is singular.
  private static func maximalThree(_ name: String, subjects: Int, items: Int) -> SimulationDesign {
    let columns: [SimulatedColumn] = [
      .intercept, .number(0), .number(1), .number(2), .number(0, 1), .number(0, 2), .number(1, 2),
      .number(0, 1, 2),
    ]
    func factor(_ deviations: [Double]) -> [[Double]] {
      deviations.indices.map { i in
        deviations[..<i].map { 0.3 * $0 * deviations[i] } + [deviations[i]]
      }
    }
    return SimulationDesign(
      name: name, formula: "y ~ a * b * c + (1 + a * b * c | subj) + (1 + a * b * c | item)",
      rows: subjects * items,
      covariates: zip(["a", "b", "c"], [1, 2, 4]).map {
        SimulatedCovariate(name: $0, distribution: .halves(every: $1))
      },
      factors: [
        SimulatedFactor(name: "subj", levels: subjects, assignment: .crossed),
        SimulatedFactor(name: "item", levels: items, assignment: .crossed),
      ],
      fixedEffects: zip([3, -0.2, -0.5, 0.1, 0.05, 0.05, 0, 0], columns).map {
        SimulatedEffect(coefficient: $0, column: $1)
      },
      randomTerms: [
        SimulatedRandomTerm(
          factor: 0, columns: columns,
          covarianceFactor: factor([0.5, 0.2, 0.2, 0.1, 0.05, 0.05, 0.05, 0.05])),
        SimulatedRandomTerm(
          factor: 1, columns: columns,
          covarianceFactor: factor([0.6, 0.2, 0.5, 0.1, 0.05, 0.05, 0.05, 0.05])),
      ])
  }

  static func intercept(of factor: Int, sd: Double) -> SimulatedRandomTerm {
    SimulatedRandomTerm(factor: factor, columns: [.intercept], covarianceFactor: [[sd]])
  }
}
