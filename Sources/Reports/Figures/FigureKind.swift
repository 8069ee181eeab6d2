// SPDX-License-Identifier: GPL-2.0-or-later
package import MixedModels
package import ModelFrames

/// The figures there are.
package enum FigureKind: String, Sendable, CaseIterable {
  case data, residuals, qq, coefficients, means, deviations, correlations, caterpillar, shrinkage
  case map, correlogram, variogram, profile, trace, study, scaling

  /// - Throws: `FigureError.kind`, which names a similar one.
  package init(name: String) throws(FigureError) {
    guard let kind = FigureKind(rawValue: name) else {
      let known = Self.allCases.map(\.rawValue)
      throw .kind(name, meant: closestName(to: name, among: known), known: known)
    }
    self = kind
  }

  /// Can be drawn from a table of results.
  package var takesTable: Bool { self == .profile || !takesModel }
  /// Can be drawn from a model.
  package var takesModel: Bool { self != .study && self != .scaling }
  /// Cannot do without the rows.
  package var needsRows: Bool { [.data, .residuals, .variogram].contains(self) }
  /// The same for a model, which may have no conditional modes to draw without them.
  func needsRows(of fitted: FittedModel) -> Bool {
    needsRows || self == .qq && fitted.repeatedModel != nil
  }
  /// Draws the rows if they are there.
  package var usesRows: Bool { needsRows || self == .qq }
  /// Needs the modes with their conditional variances.
  package var needsConditionalModes: Bool { self == .caterpillar || self == .qq }
}

/// How the rows of the levels are laid out in `FigureKind.data`.
package enum DataLayout: String, Sendable, CaseIterable {
  /// A panel for every level.
  case panels
  /// One panel with a line for every level.
  case lines
}

extension FigureSource {
  /// A figure of the model; `data` are the rows of the fit, none if they are not at hand.
  ///
  /// Group and covariate are chosen unless they are named. Marginal means are drawn by `MeansFigure`.
  /// - Throws: `FigureError`, `DataError`, `FitError`.
  package func figure(
    _ kind: FigureKind, data: [any TableSource] = [], group: String? = nil, covariate: String? = nil,
    layout: DataLayout = .panels
  ) throws -> any Figure {
    if kind.needsRows(of: fitted), data.isEmpty { throw FigureError.needsRows(kind: kind.rawValue) }
    switch kind {
    case .data where layout == .lines:
      return try LinesFigure(self, data: data, group: group, covariate: covariate)
    case .data:
      return try DataFigure(self, data: data, group: group, covariate: covariate)
    case .residuals: return try ResidualFigure(self, data: data)
    case .qq: return try QuantileFigure(self, data: data, group: group)
    case .coefficients:
      return try CoefficientFigure(fitted.finished(), response: response)
    case .deviations: return try DeviationFigure(fit, response: response)
    case .correlations: return try CorrelationFigure(fit)
    case .caterpillar: return try CaterpillarFigure(self, group: group)
    case .shrinkage: return try ShrinkageFigure(self, group: group)
    case .map: return try MapFigure(self, group: group)
    case .correlogram: return try LagFigure(correlogram: self, group: group)
    case .variogram: return try LagFigure(variogram: self, data: data)
    case .trace: return try TraceFigure(fit)
    case .profile: return try ProfileFigure(self)
    case .means: preconditionFailure("drawn from means")
    case .study, .scaling: preconditionFailure("drawn from a table")
    }
  }

  /// A figure of marginal means.
  ///
  /// - Throws: `InferenceError`, `FitError`, `FigureError`.
  package func figure(
    _ specification: MeansSpecification, _ options: MeansOptions
  ) throws -> any Figure {
    let means = try fitted.marginalMeans(specification, options)
    let column = fitted.products.specification.formula.response.columns.first ?? response
    return try MeansFigure(means, response: means.scale == .response ? column : response)
  }
}
