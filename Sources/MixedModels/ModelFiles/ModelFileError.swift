// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
package import NumericalMethods

/// Why a saved model cannot be read or written.
///
/// `description` names the file and says what to do.
public struct ModelFileError: Error, Sendable, Equatable {
  public enum Problem: Sendable, Equatable {
    /// The system's words.
    case unreadable(String)
    case unwritable(String)
    case notAFile
    case foreign
    case incomplete
    /// The part that does not agree with its checksum.
    case damaged(String)
    /// The file's version of the format, and the newest that is known here.
    case newer(version: Int, known: Int)
    /// The part that contradicts another, though all checksums are right.
    case inconsistent(String)
    /// It was made with other columns than this program makes of the formula.
    case otherLayout(by: String)
    case noFit
    case notReproduced(saved: Double, found: Double)
    /// What was saved with a fit and is not what its cross-products give.
    case notOfThisFit(String)
    /// One sentence that says all.
    case unusable(String)
  }

  public let file: String
  public let problem: Problem

  package init(_ file: String, _ problem: Problem) { (self.file, self.problem) = (file, problem) }

  package init(_ file: String, _ error: ArchiveError) {
    self.file = file
    problem =
      switch error {
      case .system(let words): .unreadable(words)
      case .notAFile: .notAFile
      case .notAnArchive: .foreign
      case .incomplete: .incomplete
      case .damaged(let part): .damaged(part)
      case .missing(let part): .inconsistent("\(part) is missing")
      }
  }
}

extension ModelFileError: CustomStringConvertible {
  public var description: String { message.description }

  private var message: MessageText {
    switch problem {
    case .unreadable(let words): "cannot read \(file): \(words)"
    case .unwritable(let words): "cannot write to \(file): \(words)"
    case .notAFile:
      "\(file) is a pipe or a device; saved models are read from their end. Write it to a file first."
    case .foreign:
      "\(file) is no model file of lmm-sparse. Make one with \(Action.saveCrossProducts), or with \(Action.saveFit)."
    case .incomplete: "\(file) is incomplete: its end is missing. Copy it again, or make it anew."
    case .damaged(let part):
      "\(file) is damaged: \(part) is not as it was written. Copy it again, or make it anew."
    case .newer(let version, let known):
      "\(file) has version \(version) of the format, and this lmm-sparse \(softwareVersion) reads up to \(known). Use a newer lmm-sparse."
    case .inconsistent(let part):
      "\(file) contradicts itself: \(MessageText(sentence: part)). It was changed or not made by lmm-sparse; make it anew."
    case .otherLayout(let software):
      "\(file) was written by \(software) with other columns than lmm-sparse \(softwareVersion) makes of the formula. Make it anew from the data."
    case .noFit:
      "\(file) holds cross-products but no fit. Fit them first: \(Action.fitCrossProducts(file: file))."
    case .notReproduced(let saved, let found):
      "\(file) does not reproduce its fit: the criterion is \(found) where \(saved) was saved. Do not use it; fit the model again."
    case .notOfThisFit(let part):
      "\(file) does not reproduce its fit: its cross-products do not give \(part) as saved. Do not use it; fit the model again."
    case .unusable(let sentence): "\(file): \(MessageText(sentence: sentence))"
    }
  }
}
