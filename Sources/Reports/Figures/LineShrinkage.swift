// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Own and mixed estimates of one effect, level by level in the order of the own ones.
struct LineShrinkage: Sendable {
  private let group: String
  private let column: String
  private let response: String
  private let levels: Int
  private let population: Double?
  /// What own estimates are called in the key.
  private let own: String
  /// Place from 0, own estimate, mixed estimate.
  private let rows: [(place: Double, own: Double, mixed: Double)]
  private let labels: [String]?

  private static let labelLimit = 60
  private static let rowLimit = 120

  /// `population` is β of the effect, if it has a fixed counterpart; `own` is the own estimates'
  /// name.
  init(
    _ estimates: WithinGroupEstimates, group: String, response: String, population: Double?,
    own name: String
  ) {
    (self.group, self.response, column) = (group, response, estimates.columns[0])
    (self.population, self.own) = (population, name)
    let own = estimates.own
    let order = own.indices.filter { !own[$0].isNaN }.sorted { (own[$0], $0) < (own[$1], $1) }
    levels = order.count
    rows = thinned(order.count, to: Self.rowLimit).map {
      (Double($0), own[order[$0]], estimates.mixed[order[$0]])
    }
    labels =
      order.count <= Self.labelLimit
      ? shortNames(order.map { estimates.levels[$0] }, limit: 18) : nil
  }

  var size: FigureSize {
    let height = max(480, 15 * (labels?.count ?? 0) + 120)
    return FigureSize(
      width: 720, height: height, textPanels: max(1, ((labels?.count ?? 0) + 32) / 24))
  }

  func draw(_ script: inout GnuplotScript) {
    let some =
      rows.count < levels ? "\(rows.count) of \(levels.grouped) levels" : "\(levels.grouped) levels"
    script.command("set title \("Shrinkage, \(group): \(column), \(some)")")
    script.command(
      "set xlabel \("\(column), in units of \(response)", limit: 80)")
    script.command("set yrange [-1:\(levels)]")
    if let labels {
      script.command("set ytics nomirror scale 0 (\(GnuplotCommand.tics(labels))) font ',10'")
    } else {
      script.command("set ylabel 'levels, sorted by their own estimates'")
      script.command("unset ytics")
    }
    script.command("set key outside top center horizontal")
    let data = script.data(rows.map { [$0.own, $0.place, $0.mixed] })
    if script.terminal.isText {
      script.plot([
        "\(data) using 1:2 with points pt 'o' title 'own rows (o)'",
        "\(data) using 3:2 with points pt '*' title 'mixed model (*)'",
      ])
      return
    }
    script.command("set grid x")
    if let population {
      script.command(
        "set arrow 1 from \(population), graph 0 to \(population), graph 1 nohead lc rgb '#000000' dt 2 back"
      )
    }
    script.plot([
      "\(data) using 1:2:($3-$1):(0) with vectors nohead lw 1 lc rgb '#8c8c8c' notitle",
      "\(data) using 1:2 with points pt 6 ps 0.7 lw 1.4 lc rgb \(FigureStyle.reference) title \(own)",
      "\(data) using 3:2 with points pt 7 ps 0.6 lc rgb \(FigureStyle.estimate) title 'mixed model'",
    ])
  }
}
