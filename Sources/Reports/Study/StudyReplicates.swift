// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
public import Studies

/// All replicates of a study as a table for programs: a row for every parameter of every fit.
public struct StudyReplicates: Reportable {
  private let study: Study

  public init(_ study: Study) { self.study = study }

  public static let layout = ReportLayout<StudyReplicates>([
    .table(\.rows, columns: { _ in columns })
  ])

  private struct Row {
    let cell: StudyCell
    let kind: CriterionKind
    let replicate: StudyReplicate
    let parameter: StudyParameter
    let estimate: StudyEstimate
  }

  private var rows: AnySequence<Row> {
    AnySequence(
      study.cells.lazy.flatMap { cell in
        cell.methods.lazy.flatMap { method in
          method.replicates.lazy.flatMap { replicate in
            zip(cell.parameters, replicate.estimates).lazy.map { parameter, estimate in
              Row(
                cell: cell, kind: method.kind, replicate: replicate, parameter: parameter,
                estimate: estimate)
            }
          }
        }
      })
  }

  private static let columns: [Column<Row>] = [
    .text(tidy: "design", \.cell.design.label), .text(tidy: "method", \.kind.rawValue),
    .count(tidy: "replicate") { $0.replicate.index + 1 },
    .flag(tidy: "converged", \.replicate.converged),
    .flag(tidy: "singular", \.replicate.singular), .text(tidy: "kind", \.parameter.kind.rawValue),
    .text(tidy: "group", \.parameter.group), .text(tidy: "term", \.parameter.term),
    .number(tidy: "truth", \.parameter.truth), .number(tidy: "estimate", \.estimate.estimate),
    .number(tidy: "std.error", \.estimate.standardError), .number(tidy: "df", \.estimate.df),
    .number(tidy: "p.value", \.estimate.pValue), .number(tidy: "conf.low", \.estimate.low),
    .number(tidy: "conf.high", \.estimate.high),
    .number(tidy: "profile.low", \.estimate.profileLow),
    .number(tidy: "profile.high", \.estimate.profileHigh),
  ]
}
