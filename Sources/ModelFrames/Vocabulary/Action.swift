// SPDX-License-Identifier: GPL-2.0-or-later

/// What a caller can do, as messages speak of it: like a `Setting`, in the words of the `Vocabulary`
/// in force.
public enum Action: Sendable, Equatable {
  /// Make a file of cross-products.
  case saveCrossProducts
  /// Make a file of a fit.
  case saveFit
  /// Fit the cross-products of a file.
  case fitCrossProducts(file: String)
  /// Draw the profiles of a fit.
  case drawProfiles
  /// Test all random effects.
  case testRandomEffects
  /// Make the table of a study's replicates.
  case saveReplicates
  /// Look at the covariances of the coefficients.
  case readCovariances
  /// Look at all coefficients.
  case readCoefficients
  /// Unpack a file by a program that writes the text to its standard output: `xz -dc`.
  case unpack(by: String)
}

extension Action: CustomStringConvertible {
  /// In the words of the vocabulary in force.
  public var description: String { Installed.vocabulary.words(for: self) }
}
