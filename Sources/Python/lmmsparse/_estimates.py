# SPDX-License-Identifier: GPL-2.0-or-later
"""Results of a fit that are values."""
from __future__ import annotations

from typing import Any


def _matrix(values: Any) -> Any:
    """NumPy's, where there is NumPy."""
    try:
        import numpy
    except ImportError:
        return values
    return numpy.array(values)


class Estimates:
    """What is in the object that the program's ``fit --json`` writes.

    Attributes:
        json: Everything about the fit, as the program's ``fit --json`` writes it.
        formula, nobs, converged, messages: What their names say.
        sigma: Residual standard deviation, in units of the response.
        criterion: REML criterion, or −2 log-likelihood of a fit by maximum likelihood.
        loglik, aic, bic, df_residual: As in R.
    """

    json: dict

    formula = property(lambda self: self.json["formula"])
    nobs = property(lambda self: self.json["nobs"])
    sigma = property(lambda self: self.json["sigma"])
    criterion = property(lambda self: self.json["criterion"])
    loglik = property(lambda self: self.json["log_likelihood"])
    aic = property(lambda self: self.json["aic"])
    bic = property(lambda self: self.json["bic"])
    df_residual = property(lambda self: self.json["df_residual"])
    converged = property(lambda self: self.json["convergence"]["converged"])
    singular = property(lambda self: self.json["convergence"]["singular"])
    messages = property(lambda self: self.json["convergence"]["messages"])

    @property
    def fixef(self) -> dict:
        """β̂ by R's coefficient names, in units of the response per unit of the column; None for a dropped one."""
        return {row["term"]: row["estimate"] for row in self.json["fixed"]}

    @property
    def se(self) -> dict:
        """Standard errors of ``fixef``."""
        return {row["term"]: row["std_error"] for row in self.json["fixed"]}

    @property
    def pvalues(self) -> dict:
        return {row["term"]: row["p_value"] for row in self.json["fixed"]}

    @property
    def vcov(self) -> Any:
        """Covariance matrix of the coefficients that were kept, in the order of ``vcov_names``."""
        return _matrix(self.json["vcov"])

    @property
    def vcov_names(self) -> list:
        return self.json["vcov_names"]

    @property
    def theta(self) -> dict:
        """θ by lme4's names: lower triangles of the relative covariance factors, without units."""
        return dict(zip(self.json["theta"]["names"], self.json["theta"]["values"]))

    @property
    def varcorr(self) -> list:
        """For every random-effects term ``group``, ``terms``, ``sd`` (in units of the response per unit of the
        column), ``corr`` and ``cov``."""
        return self.json["random"]
