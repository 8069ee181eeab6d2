// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension ModelReading {
  /// One pass over the rows for a model with covariances between a subject's visits; a second one
  /// where the first shows that rows of a subject do not follow each other.
  ///
  /// - Throws: `DataError`, which names both lines of a visit that a subject has twice; `FitError`.
  func subjectProducts(_ residual: BoundResidual) throws -> CrossProducts {
    do {
      return try subjectProducts(residual, keepsAll: false)
    } catch let contradiction as Contradicted where contradiction.found.kind == .scattered {
      guard reader.sources.allSatisfy(\.canBeReadAgain) else {
        throw DataError(
          .unsuitable(
            "rows of \(contradiction.subject) follow those of others, and a stream is read once.",
            remedy: "Sort the rows by \(residual.term.subject), or write them to a file first."),
          at: contradiction.found.places[0]!)
      }
      do {
        var products = try subjectProducts(residual, keepsAll: true)
        products.notes.append(
          "rows of a subject do not follow each other: the table was read twice, and all rows were kept in memory"
        )
        return products
      } catch let contradiction as Contradicted {
        throw try error(contradiction, residual)
      }
    } catch let contradiction as Contradicted {
      throw try error(contradiction, residual)
    }
  }

  /// A contradiction with the labels of its levels.
  private struct Contradicted: Error {
    let found: SubjectSums.Contradiction
    /// `USUBJID “12”`
    let subject: String
    let visit: String
  }

  private func subjectProducts(
    _ residual: BoundResidual, keepsAll: Bool
  ) throws -> CrossProducts {
    var sums = SubjectSums(keepsAll: keepsAll)
    var products = try crossProducts(
      also: { VisitRows($0, residual, $1) },
      consume: { rows, places, products in
        do {
          try sums.add(rows, residual, places)
        } catch let found as SubjectSums.Contradiction {
          func label(_ variable: FactorVariable, _ cells: Int, _ code: Int32) -> String {
            guard case .factor(let levels) = products.cellSets[cells] else { return "" }
            return "\(variable.name) “\(levels.label(code))”"
          }
          throw Contradicted(
            found: found, subject: label(residual.subject, residual.subjectCells, found.subject),
            visit: label(residual.visit, residual.visitCells, found.visit))
        } catch let shortage as MemoryShortage {
          throw FitError.memoryShortage(shortage.description)
        }
      })
    do { try sums.finish() } catch let shortage as MemoryShortage {
      throw FitError.memoryShortage(shortage.description)
    }
    products.patterns = sums.patterns.map(VisitPattern.init)
    return products
  }

  /// In words, with the places of both rows.
  private func error(_ contradiction: Contradicted, _ residual: BoundResidual) throws -> DataError {
    let places = try places(contradiction.found)
    let (subject, visit) = (contradiction.subject, contradiction.visit)
    let isVisit = contradiction.found.kind == .sameVisit
    let message: MessageText =
      isVisit
      ? "\(subject) has \(visit) here and in \(places[0].description)."
      : "\(subject) is in another arm (\(residual.term.arm ?? "")) here than in \(places[0].description)."
    return DataError(
      .unsuitable(
        message.description,
        remedy: isVisit
          ? "A subject has one row for a visit: take one out, or correct the visit or the subject."
          : "Subjects are nested in arms: correct the arm, or give subjects of different arms different names."),
      at: places[1])
  }

  /// Where the rows stand; those that are gone are looked up by reading the table again.
  private func places(_ found: SubjectSums.Contradiction) throws -> [RowPlace] {
    let known = found.places.compactMap(\.self)
    return try known.count == found.places.count ? known : places(of: found.keys)
  }
}
