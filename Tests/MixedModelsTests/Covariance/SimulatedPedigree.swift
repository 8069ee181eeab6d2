// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport

/// Generations of animals of which few are sires and some dams, with two records each, in herds.
struct SimulatedPedigree {
  let records: [(individual: String, sire: String?, dam: String?)]
  let text: String

  init(generations: Int, size: Int, sires: Double = 0.04, dams: Double = 0.4, seed: UInt64 = 3) {
    var random = SplitMix64(seed: seed)
    var records: [(individual: String, sire: String?, dam: String?)] = []
    var values: [Double] = []
    var text = "y,x,animal,herd,dam\n"
    let (fathers, mothers) = (max(1, Int(sires * Double(size))), max(1, Int(dams * Double(size))))
    for generation in 0..<generations {
      for k in 0..<size {
        var record: (individual: String, sire: String?, dam: String?) = ("a\(generation * size + k)", nil, nil)
        var value = 0.8 * random.normal()
        if generation > 0 {
          let first = (generation - 1) * size
          let sire = first + Int(random.uniform() * Double(fathers))
          let dam = first + fathers + Int(random.uniform() * Double(mothers))
          (record.sire, record.dam) = ("a\(sire)", "a\(dam)")
          value = 0.5 * (values[sire] + values[dam]) + 0.56 * random.normal()
        }
        records.append(record)
        values.append(value)
        for _ in 0..<2 {
          let (x, herd) = (random.normal(), Int(random.uniform() * 20))
          let y = 1 + 0.5 * x + value + 0.1 * Double(herd % 5) + random.normal()
          // Founders' dams are as good as unknown: their own names.
          text += "\(y),\(x),\(record.individual),h\(herd),\(record.dam ?? record.individual)\n"
        }
      }
    }
    (self.records, self.text) = (records, text)
  }

  var source: DataSource { .bytes(Array(text.utf8), name: "records.csv") }

  func options(_ factors: [String] = ["animal"], _ kind: CriterionKind = .reml) throws -> FitOptions {
    var options = FitOptions()
    options.criterion = kind
    let relationship = try Pedigree(records).relationship
    for factor in factors { options.relationships[factor] = relationship }
    return options
  }

  func model(
    _ formula: String, _ factors: [String] = ["animal"], _ kind: CriterionKind = .reml
  ) throws -> LinearMixedModel {
    try LinearMixedModel(Formula(formula), data: [source], options: options(factors, kind))
  }
}
