// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import Testing

@Suite struct `A team of threads` {
  @Test(arguments: [0, 1, 2, 3, 8])
  func `does every task once, loop after loop`(threads: Int) {
    let team = ThreadTeam(count: threads)
    for tasks in [0, 1, 2, 7, 1000] {
      for _ in 0..<200 {
        var done = [Int](repeating: 0, count: tasks)
        done.withUnsafeMutableBufferPointer { done in
          team.forEach(tasks) { worker, task in
            precondition(worker >= 0 && worker < team.count)
            done[task] += 1
          }
        }
        #expect(done.allSatisfy { $0 == 1 })
      }
    }
  }

  @Test func `comes and goes`() {
    for _ in 0..<200 { ThreadTeam(count: 4).forEach(4) { _, _ in } }
    for _ in 0..<200 { _ = ThreadTeam(count: 4) }
  }
}
