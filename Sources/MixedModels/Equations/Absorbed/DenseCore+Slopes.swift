// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension DenseCore {
  /// Σ R_jG R_jᵀ, ℓ × ℓ, for the frequent places and the first `fixed` rows of the tail, where
  /// `levels` hold R in place of W and `matrix` holds G in place of L.
  func panelProducts(_ levels: LeadingLevels, fixed: Int, _ team: ThreadTeam) -> [Double] {
    fillPanel(levels, team)
    let ℓ = levels.size
    let layout = columns.layout
    let first = layout.scalarStart[layout.firstFrequent]
    let (stride, rows) = (size - first, layout.size + fixed - first)
    let perTask = max(64 / ℓ, 1)  // levels
    let tasks = (levels.levelCount + perTask - 1) / perTask
    let scratch = OwnedBuffer(repeating: 0.0, count: team.count * rows * perTask * ℓ)
    let sums = OwnedBuffer(repeating: 0.0, count: tasks * ℓ * ℓ)
    nonisolated(unsafe) let (scratchStart, sumStart) = (scratch.start, sums.start)
    team.forEach(tasks) { worker, task in
      let count = min(perTask, levels.levelCount - task * perTask) * ℓ
      let R = panel.start + task * perTask * ℓ * stride
      let product = scratchStart + worker * rows * perTask * ℓ
      multiplySymmetric(
        matrix.start + first * (size + 1), size, R, stride, rows: rows, columns: count,
        into: product)
      for column in 0..<count {
        let k = column % ℓ
        for i in 0..<ℓ {
          sumStart[(task * ℓ + k) * ℓ + i] += dotProduct(
            R + (column - k + i) * stride, product + column * rows, count: rows)
        }
      }
    }
    var total = [Double](repeating: 0, count: ℓ * ℓ)
    for task in 0..<tasks {
      for x in 0..<ℓ * ℓ { total[x] += sums.start[task * ℓ * ℓ + x] }
    }
    return total
  }
}
