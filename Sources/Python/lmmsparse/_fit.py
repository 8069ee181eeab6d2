# SPDX-License-Identifier: GPL-2.0-or-later
"""Fits, and what can be asked of them."""
from __future__ import annotations

import ctypes
import os
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, Union

from . import _arrow, _data
from ._library import Handle, LmmError, call, encoded
from ._options import MODEL, ROWS, Columns, Relationships, options as _options, plain as _plain, texts as _texts
from ._progress import listener
from ._tables import Result, Table, parsed

ProgressArgument = Union[bool, Callable[[dict], Any], None]


def _matrix(values: Any) -> Any:
    """NumPy's, where there is NumPy."""
    try:
        import numpy
    except ImportError:
        return values
    return numpy.array(values)


def used_columns(options: dict) -> _data.Wanted:
    """Names of the columns that a model may use; which of them are there, the data say."""
    answer = call("lmm_columns", encoded({name: options.get(name) for name in (*MODEL, "responses", "names")}))
    return _data.Wanted(answer["columns"], answer["formula"])


def stream_options(rows: _data.Rows, options: dict) -> dict:
    """The options with what the rows say of themselves."""
    options = dict(options)
    if rows.files is not None:
        options["data"] = rows.files
    if rows.levels:
        chosen = {**rows.levels, **(options.get("levels") or {})}
        options["levels"] = chosen
    return options


def fit(
    formula: str, data: Any, reml: bool = True, *, weights: Optional[str] = None, offset: Optional[str] = None,
    factor: Columns = None, levels: Optional[Mapping[str, Sequence[Any]]] = None,
    contrasts: Optional[Mapping[str, Any]] = None, na: str = "omit", missing: Columns = None,
    absorb: Columns = None, residual_by: Optional[str] = None, residual: Optional[str] = None,
    relationship: Relationships = None, precision: Relationships = None, pedigree: Relationships = None,
    neighbours: Relationships = None, covary: Optional[Sequence[str]] = None,
    parent_groups: Optional[Mapping[str, Sequence[str]]] = None, group_variance: Optional[float] = None,
    add: Columns = None, drop: Columns = None, ddf: str = "satterthwaite", vcov: Optional[str] = None,
    cluster: Optional[str] = None, optimizer: Optional[str] = None,
    start: Union[Sequence[float], Mapping[str, float], str, os.PathLike, None] = None,
    theta: Optional[Sequence[float]] = None, sigma: Optional[float] = None,
    hold: Optional[Mapping[str, float]] = None, solver: Optional[str] = None, accuracy: Optional[float] = None,
    probe_seed: Optional[int] = None, max_evaluations: Optional[int] = None, tolerance: Optional[float] = None,
    threads: Optional[int] = None, ranef: bool = False, residuals: Optional[bool] = None,
    keep_products: bool = True, encoding: Optional[str] = None, decimal: Optional[str] = None,
    separator: Optional[str] = None, progress: ProgressArgument = None,
) -> "Fit":
    """Fits a linear mixed model; rows are read once, batch by batch.

    Args:
        formula: As R's lme4 reads it, ``"y ~ x + (1 + x | g)"``.
        data: A pandas or Polars frame (lazy ones too), a PyArrow table, dataset or reader, a DuckDB relation,
            anything with ``__arrow_c_stream__``, a dict of NumPy arrays or lists, an array of records, or names of
            files, or patterns such as ``"data/*.parquet"``: CSV and TSV (gzipped or not), Parquet, Arrow and Feather
            files and ``.lmm``, all read by the library itself. Columns that the model does not use are not read.
        reml: Restricted maximum likelihood; False: maximum likelihood.
        weights: Column of prior weights, inverse variances up to a factor, or arithmetic on columns, ``"1/v"``.
        offset: Column that is added to the linear predictor with the coefficient 1, in units of the response.
        factor: Columns that are categorical even if their values are numbers.
        levels: Order of a column's levels, the first is the base; a pandas Categorical whose categories are not
            sorted, and an Enum of Polars, bring theirs.
        contrasts: ``"treatment"``, ``"sum"``, ``"helmert"``, ``"poly"``, ``"deviation"`` or ``"sdif"`` for a column, or a dict with ``levels``,
            ``columns`` and ``values``, a matrix with a row for every level.
        na: ``"omit"`` leaves rows out that have a missing value in a used column; ``"fail"`` refuses them.
        missing: Texts that mean missing.
        absorb: Factors with a fixed effect for every level that is not reported, as behind the bar of
            ``"y ~ x + (1 | g) | a + b"``.
        residual_by: What tells residual variances apart, a column or ``"~ a + b"``.
        residual: Covariances between the residuals of a subject, ``"us(visit | subject)"``, ``"ar1(t | subject)"``, …
        relationship: What is known of the covariances of a factor's levels, ``{"animal": …}``: the name of a file,
            a pedigree ``{"individual": […], "sire": […], "dam": […]}`` with None for an unknown parent, a matrix
            ``{"levels": […], "values": …}``, its entries ``{"row": […], "column": […], "value": […]}``, or a frame
            of either, a matrix's levels being the index.
        precision: The same of inverse covariance matrices, of which no pedigree is one.
        pedigree: As ``relationship``, for pedigrees alone.
        neighbours: Levels that are next to each other, of a conditional autoregression, ``{"county": …}``: the name of a
            file, or ``{"row": […], "column": […]}``.
        covary: Two factors of one relationship whose effects at a level have a covariance, ``["animal", "dam"]``.
        parent_groups: Names that stand for unknown parents in a factor's pedigree, as sire or dam without a record
            of their own, ``{"animal": ["old", "new"]}``: groups whose means differ, and levels with effects.
        group_variance: Of the groups' means, as a multiple of the additive variance (default 1); a large one, such
            as 10000, leaves them as good as fixed.
        add, drop: Terms that are added to the formula or taken out of it, ``"z + (1 | h)"``.
        ddf: Degrees of freedom of t: ``"satterthwaite"``, ``"kenward-roger"``, ``"residual"`` or ``"none"``.
        vcov, cluster: Covariance of the coefficients, ``"model"`` or ``"CR0"`` to ``"CR3"``, and the column of
            clusters, with which ``"CR2"`` is the default.
        theta, sigma: θ (relative covariance parameters in lme4's order) and σ (residual standard deviation in units of
            the response) where they are known.
        hold: Single standard deviations and correlations that are known, ``{"sd_(Intercept)|g": 2, "rho|g": 0.8}``.
        start: θ to begin the search from, in order or by name; or the name of a file with an older fit.
        solver: ``"auto"``, ``"absorb"``, ``"cholmod"`` or ``"matrix-free"``.
        threads: Default: all cores. Results do not depend on it.
        ranef: Also keep conditional modes with the result; ``Fit.ranef()`` computes them when asked, too.
        residuals: Quantiles of the scaled residuals in the summary, for which the rows are read twice; default:
            where they are in memory or in files below 256 MB, and not more than 5 million.
        keep_products: False halves the memory of large fits, which then cannot be saved.
        progress: True for a line on standard error, or a function that takes events as dicts. What it raises
            ends the fit; so does Ctrl-C.

    Raises:
        LmmError: says what is wrong, where, and what to do.

    Example:
        >>> import lmmsparse
        >>> m = lmmsparse.fit("Reaction ~ Days + (Days | Subject)", "sleepstudy.csv")
        >>> round(m.fixef["Days"], 3)
        10.467
    """
    options = _options(locals(), without=("data", "progress"))
    if isinstance(data, Products):
        return data._fit(options, progress)
    rows = _data.rows(data, used_columns(options))
    if residuals is None:
        options["residuals"] = _wants_residuals(data, rows)
        options["residual_rows"] = _RESIDUAL_ROWS
    model = Handle("lmm_free")
    answer = call(
        "lmm_fit", rows.pointer, encoded(stream_options(rows, options)), ctypes.byref(model.pointer),
        progress=listener(progress))
    return Fit(model, answer, rows.kind, data)


_RESIDUAL_ROWS = 5_000_000


def _wants_residuals(data: Any, rows: _data.Rows) -> bool:
    if rows.files is not None:
        return _data.are_small(rows.files, 256_000_000)
    if isinstance(data, Mapping):
        count = len(next(iter(data.values()), ()))
    elif type(data).__name__ in ("DataFrame", "ndarray"):
        count = len(data)
    else:  # tables of PyArrow; of others nobody knows without a query
        count = getattr(data, "num_rows", None)
    return isinstance(count, int) and count <= _RESIDUAL_ROWS


def lmer(
    formula: str, data: Any, REML: bool = True, *, weights: Optional[str] = None, offset: Optional[str] = None,
    na_action: str = "omit", start: Optional[Sequence[float]] = None, contrasts: Optional[Mapping[str, Any]] = None,
    **more: Any,
) -> "Fit":
    """``fit`` with the names of R's lme4: ``REML``, ``na_action`` (``"na.omit"`` or ``"na.fail"``), …

    Example:
        >>> lmer("Reaction ~ Days + (Days | Subject)", frame, REML=False)  # doctest: +SKIP
    """
    return fit(
        formula, data, REML, weights=weights, offset=offset, na=na_action.replace("na.", ""), start=start,
        contrasts=contrasts, **more)


def load(
    path: Union[str, os.PathLike], *, threads: Optional[int] = None, ddf: str = "satterthwaite",
    vcov: Optional[str] = None, cluster: Optional[str] = None,
) -> "Fit":
    """A fit that was saved, by this package or by the program's ``fit --save``; nothing is searched again.

    Raises:
        LmmError: for a file that is none, is damaged, or holds no fit.
    """
    model = Handle("lmm_free")
    options = {"threads": threads, "ddf": ddf, "vcov": vcov, "cluster": cluster}
    answer = call("lmm_load", os.fsencode(path), encoded(options), ctypes.byref(model.pointer))
    return Fit(model, answer, "pandas" if _data._importable("pandas") else "columns", None)


class Fit:
    """A fitted model; prints as lme4's summary.

    Attributes:
        json: Everything about the fit, as the program's ``fit --json`` writes it.
        formula, nobs, converged, messages: What their names say.
        sigma: Residual standard deviation, in units of the response.
        criterion: REML criterion, or −2 log-likelihood of a fit by maximum likelihood.
        loglik, aic, bic, df_residual: As in R.
    """

    def __init__(self, model: Handle, answer: dict, kind: str, data: Any):
        self._model, self._kind, self._data = model, kind, data
        self.json: dict = answer
        self._summaries: dict = {}

    # Results

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

    def summary(self, verbose: bool = False) -> str:
        """As lme4 prints it, with tests; ``verbose`` adds how the fit was found."""
        return self._summary("summary", verbose=verbose)

    def tidy(self, ranef: bool = False) -> Any:
        """A row for every parameter, with the columns of R's broom.mixed, as a frame of the library that the data
        came with."""
        return _data.frame(parsed(self._summary("tidy", ranef=ranef)), self._kind)

    def glance(self) -> Any:
        """One row for the fit: nobs, sigma, logLik, AIC, BIC, criterion, df.residual."""
        return _data.frame(parsed(self._summary("glance")), self._kind)

    def _summary(self, format: str, **options: Any) -> str:
        key = (format, *sorted(options.items()))
        if key not in self._summaries:
            request = {"command": "summary", "format": format, **options}
            self._summaries[key] = call("lmm_call", self._model.pointer, encoded(request))["text"]
        return self._summaries[key]

    def __repr__(self) -> str:
        return self.summary().rstrip("\n")

    def _repr_html_(self) -> str:
        return self._summary("html")

    # Questions

    def _ask(self, command: str, progress: ProgressArgument = None, **options: Any) -> Result:
        request = {"command": command, "format": ["json", "summary", "tidy", "html"], **_options(options)}
        answer = call("lmm_call", self._model.pointer, encoded(request), progress=listener(progress))
        return Result(answer, self._kind)

    def ranef(self) -> Any:
        """Conditional modes with standard deviations given θ and β: ``group``, ``level``, ``term``, ``estimate``,
        ``std.error``, as a frame; for millions of levels."""
        columns = _arrow.table(
            lambda out: call("lmm_ranef", self._model.pointer, b"{}", out))
        return _data.frame(columns, self._kind)

    def anova(
        self, *others: "Fit", type: int = 3, ddf: str = "satterthwaite", vcov: Optional[str] = None,
        cluster: Optional[str] = None, boundary: str = "naive", seed: int = 1, simulations: int = 10_000,
        replicates: int = 1000, progress: ProgressArgument = None,
    ) -> Result:
        """F tests of the terms (``type`` 1, 2 or 3); with other fits likelihood-ratio tests against them.

        REML fits whose fixed parts differ are refitted by maximum likelihood. ``boundary`` says how p-values of
        variances are found, which are zero under the hypothesis: ``naive``, ``mixture``, ``exact`` or ``bootstrap``.
        """
        if not others:
            return self._ask("anova", type=type, ddf=ddf, vcov=vcov, cluster=cluster)
        return _compare(
            (self, *others), progress, command="anova", boundary=boundary, simulations=simulations, seed=seed,
            replicates=replicates)

    def drop1(
        self, ddf: str = "satterthwaite", *, vcov: Optional[str] = None, cluster: Optional[str] = None,
    ) -> Result:
        """F tests of every fixed-effects term that is part of no other."""
        return self._ask("drop1", ddf=ddf, vcov=vcov, cluster=cluster)

    def coefficients(
        self, *, absorbed: bool = False, se: bool = False, ddf: Optional[str] = None, vcov: Optional[str] = None,
        cluster: Optional[str] = None,
    ) -> Result:
        """Fixed effects with tests; with ``absorbed`` also those of absorbed factors' levels, with ``se`` their
        standard errors."""
        return self._ask("fixef", absorbed=absorbed, se=se, ddf=ddf, vcov=vcov, cluster=cluster)

    def select(self, by: str = "lrt", *, alpha: float = 0.1, most: int = 200) -> Result:
        """Submodels of the random part, fitted from the cross-products, and the one that is selected: backward by
        likelihood-ratio tests, or among all by ``"aic"`` or ``"bic"``."""
        return self._ask("select", by=by, alpha=alpha, most=most)

    def ranova(
        self, boundary: str = "mixture", simulations: int = 10_000, replicates: int = 1000, seed: int = 1,
        progress: ProgressArgument = None,
    ) -> Result:
        """Likelihood-ratio tests of every part of the random effects."""
        return self._ask(
            "ranova", progress, boundary=boundary, simulations=simulations, replicates=replicates, seed=seed)

    def contrast(
        self, hypothesis: Columns = None, *, L: Any = None, ddf: str = "satterthwaite", vcov: Optional[str] = None,
        cluster: Optional[str] = None, level: float = 0.95,
    ) -> Result:
        """t and F tests of hypotheses, ``"Days = 10"`` or ``["a - b = 0", "x"]``, or of rows of L.

        Example:
            >>> m.contrast("Days = 10", ddf="kenward-roger")  # doctest: +SKIP
        """
        rows = _plain(L)
        if rows is not None and rows and not isinstance(rows[0], list):
            rows = [rows]
        return self._ask(
            "contrast", hypothesis=_texts(hypothesis), L=rows, ddf=ddf, vcov=vcov, cluster=cluster, level=level)

    def emmeans(
        self, means: str, *, pairwise: bool = False, compare: Optional[str] = None, control: Optional[str] = None,
        custom: Optional[Mapping[str, Sequence[float]]] = None, adjust: Optional[str] = None,
        type: str = "model", trends: Optional[str] = None, at: Optional[Mapping[str, Sequence[Any]]] = None,
        cell_weights: str = "equal", ddf: str = "satterthwaite", vcov: Optional[str] = None,
        cluster: Optional[str] = None, level: float = 0.95,
    ) -> Result:
        """Estimated marginal means, in units of the response: ``"~ f"``, ``"~ f | g"``, ``"~ 1"``.

        Args:
            pairwise: All pairwise differences, as ``compare="pairwise"``.
            compare: Or those from a ``"control"``, ``"consecutive"`` ones, or ``"polynomial"`` contrasts.
            custom: Weights of the means by name.
            adjust: ``tukey``, ``dunnett``, ``sidak``, ``bonferroni``, ``holm`` or ``none``; default: what belongs to
                the comparisons.
            type: ``"response"`` transforms means of log(y) and the like back.
            trends: Slopes of this number in place of means.
        """
        return self._ask(
            "emmeans", means=means, pairwise=pairwise, compare=compare, control=control, custom=custom, adjust=adjust,
            type=type, trends=trends, at=at or {}, cell_weights=cell_weights, ddf=ddf, vcov=vcov, cluster=cluster,
            level=level)

    def confint(
        self, method: str = "profile", *, level: float = 0.95, parameters: Columns = None, ddf: str = "satterthwaite",
        vcov: Optional[str] = None, cluster: Optional[str] = None,
        replicates: int = 1000, seed: int = 1, interval: str = "percentile", progress: ProgressArgument = None,
    ) -> Result:
        """Intervals of standard deviations, correlations, σ and coefficients: ``profile``, ``wald`` or ``bootstrap``."""
        options: dict = {
            "method": method, "level": level, "parameters": _texts(parameters) or [], "ddf": ddf, "vcov": vcov,
            "cluster": cluster,
        }
        if method == "bootstrap":
            options.update(replicates=replicates, seed=seed, interval=interval)
        return self._ask("confint", progress, **options)

    def variance(
        self, ratio: Columns = None, *, level: float = 0.95, decompose: Columns = None, seed: int = 1,
    ) -> Result:
        """R², intraclass correlations, principal components of the random effects; functions of the variances such
        as ``"animal / (animal + Residual)"`` with standard errors. ``decompose=["worker", "firm"]``: variances and
        covariance of two absorbed factors' effects, without the bias of their errors."""
        if decompose:
            return self._ask("variance", decompose=_texts(decompose), level=level, seed=seed)
        return self._ask("variance", ratio=_texts(ratio) or [], level=level)

    def bootstrap(
        self, null: Optional["Fit"] = None, *, replicates: int = 1000, seed: int = 1, level: float = 0.95,
        progress: ProgressArgument = None,
    ) -> Result:
        """Parametric bootstrap of all parameters; with a smaller model the likelihood-ratio test against it.

        The same seed gives the same numbers whatever the number of threads.
        """
        if null is not None:
            return _compare((self, null), progress, command="bootstrap", replicates=replicates, seed=seed)
        return self._ask("bootstrap", progress, replicates=replicates, seed=seed, level=level)

    def replicates(self, *, replicates: int = 1000, seed: int = 1, progress: ProgressArgument = None) -> Any:
        """All replicates of ``bootstrap`` as a frame."""
        request = {"command": "bootstrap", "csv": True, "replicates": replicates, "seed": seed}
        answer = call("lmm_call", self._model.pointer, encoded(request), progress=listener(progress))
        return _data.frame(parsed(answer["text"]), self._kind)

    def study(
        self, *, beta: Optional[str] = None, sd: Columns = None, sigma: Optional[float] = None, copies: Columns = None,
        replicates: int = 1000, seed: int = 1, method: Optional[str] = None, ddf: str = "satterthwaite",
        level: float = 0.95, profile: bool = False, progress: ProgressArgument = None,
    ) -> Result:
        """What the estimators do where this fit is true, by Monte Carlo: bias, spread, coverage and power.

        ``beta="Days=5,10"`` and ``sd="Subject:Days=3"`` are other truths, ``copies="Subject=1,2"`` designs with so many
        times the levels, ``copies="rows=2"`` with so many times the rows; ``method`` is ``"REML"`` or ``"ML"``, by
        default both.
        """
        return self._ask(
            "study", progress, beta=beta, sd=_texts(sd), sigma=sigma, copies=_texts(copies), replicates=replicates,
            seed=seed, method=method, ddf=ddf, level=level, profile=profile or None)

    # Rows

    @property
    def _has_rows(self) -> bool:
        return not (self._data is None or isinstance(self._data, Products) or _data.is_read_once(self._data))

    def _rows(self, data: Any, weights: Optional[str] = None, offset: Optional[str] = None) -> tuple:
        if data is None:
            data = self._data
            if not self._has_rows:
                raise LmmError("the rows of the fit are gone: give data=.", "request")
        wanted = used_columns({"formula": self.formula, "weights": self.json["weights"], "offset": self.json["offset"]})
        wanted.may += [name for name in (weights, offset) if name]
        wanted.must = []  # a response need not be there, and the library knows what must
        return data, _data.rows(data, wanted)

    def _stream(self, function: str, rows: _data.Rows, options: dict) -> dict:
        options = {key: value for key, value in options.items() if value is not None}
        if rows.files is not None:
            options["data"] = rows.files
        return _arrow.table(
            lambda out: call(function, self._model.pointer, rows.pointer, encoded(options), out))

    def predict(
        self, data: Any = None, *, random: str = "all", se: bool = False, interval: str = "none", level: float = 0.95,
        ddf: str = "none", allow_new_levels: bool = False, weights: Optional[str] = None, offset: Optional[str] = None,
        missing: Columns = None, threads: Optional[int] = None,
    ) -> Any:
        """Predictions for rows, those of the fit by default, on the scale of the model's response.

        Args:
            random: Which random effects take part: ``"all"``, ``"none"`` (the population), or ``"~ (1 | g)"``.
            se: Add standard errors of the mean.
            interval: ``"confidence"`` (of the mean) or ``"prediction"`` (of a new response).
            ddf: With ``random="none"`` and a confidence interval: degrees of freedom of t.
            allow_new_levels: Levels that the fit has not seen have random effects of zero with their whole variance.

        Returns:
            The values, NaN where something is missing; with ``se`` or ``interval`` a frame with ``.fitted``,
            ``.se.fit``, ``.lower``, ``.upper``.
        """
        _, rows = self._rows(data, weights, offset)
        columns = self._stream("lmm_predict", rows, {
            "random": random, "se": se, "interval": interval, "level": level, "ddf": ddf, "weights": weights,
            "offset": offset, "allow_new_levels": allow_new_levels, "missing": _texts(missing), "threads": threads})
        if not se and interval == "none":
            return columns.get(".fitted", [])
        return _data.frame(columns, rows.kind)

    def augment(
        self, data: Any = None, *, influence: bool = False, allow_new_levels: bool = False,
        missing: Columns = None, threads: Optional[int] = None,
    ) -> Any:
        """The rows with ``.fitted``, ``.resid``, ``.fixed`` and ``.wtres``, with ``influence`` also ``.hat`` and
        ``.cooksd``; the new columns alone where rows are in files or no frame."""
        given, rows = self._rows(data)
        columns = self._stream("lmm_augment", rows, {
            "influence": influence, "allow_new_levels": allow_new_levels, "missing": _texts(missing),
            "threads": threads})
        return _data.with_columns(given, columns, rows.kind)

    def influence(
        self, group: str, data: Any = None, *, missing: Columns = None, threads: Optional[int] = None,
    ) -> Result:
        """What leaving out the rows of each level of a grouping factor would do to the coefficients: Cook's distance
        and changes, θ and σ held."""
        _, rows = self._rows(data)
        request = {
            "group": group, "format": ["json", "summary", "tidy", "html"], "missing": missing, "threads": threads,
            "data": rows.files,
        }
        return Result(
            call("lmm_influence", self._model.pointer, rows.pointer, encoded(_options(request))), self._kind)

    @property
    def fitted(self) -> Any:
        """Fitted values of the rows of the fit."""
        return self.predict()

    @property
    def resid(self) -> Any:
        """Response minus fitted value of the rows of the fit."""
        _, rows = self._rows(None)
        return self._stream("lmm_augment", rows, {})[".resid"]

    def simulate(
        self, data: Any = None, *, replicates: int = 1, seed: int = 1, random: str = "new",
        threads: Optional[int] = None,
    ) -> Any:
        """New responses for rows as columns ``sim_1``, ``sim_2``, …; random effects drawn anew, or ``"kept"``."""
        _, rows = self._rows(data)
        columns = self._stream("lmm_simulate", rows, {
            "replicates": replicates, "seed": seed, "random": random, "threads": threads})
        return _data.frame(columns, rows.kind)

    def plot(
        self, kind: str = "residuals", *, group: Optional[str] = None, ax: Any = None, data: Any = None, **options: Any,
    ) -> Any:
        """Draws ``residuals`` against fitted values, a normal ``qq`` plot of the scaled residuals, or a ``caterpillar``
        of conditional modes with 95 % intervals with matplotlib, where it is there, and returns the axes.

        All figures of the program, ``data``, ``coefficients``, ``means`` (``means="~ f"``), ``deviations``,
        ``correlations``, ``shrinkage``, ``map``, ``correlogram``, ``variogram``, ``profile`` and ``trace`` beside those three, are drawn by gnuplot as
        a ``Figure``, which shows in notebooks and has ``.svg`` and ``.save(path)``. ``options`` are those of the
        program: ``x``, ``layout``, ``title``, ``xlabel``, ``ylabel``, ``size=(width, height)``.

        Raises:
            LmmError: where neither matplotlib nor gnuplot is there.
        """
        from ._plots import plot

        return plot(self, kind, group, ax, data, options)

    def report(self, path: Union[str, os.PathLike, None] = None, data: Any = None) -> str:
        """One page of HTML with summary, tests, intervals and figures, drawn by gnuplot; written to ``path``, too.

        Where the rows of the fit are gone, and not given as ``data``, the figures of them are left out.
        """
        from ._plots import asked

        html = asked(self, "lmm_report", data, {}, needs_rows=False)["html"]
        if path is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(html)
        return html

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Writes the fit with its cross-products, whole or not at all; rows are not in it.

        The program's commands read the file, and so do ``load`` and NumPy (``np.load``).
        """
        call("lmm_save", self._model.pointer, os.fsencode(path))


def _compare(fits: Iterable[Fit], progress: ProgressArgument, **options: Any) -> Result:
    fits = list(fits)
    pointers = (ctypes.c_void_p * len(fits))(*[fit._model.pointer.value for fit in fits])
    request = {"format": ["json", "summary", "tidy", "html"], **options}
    answer = call("lmm_compare", pointers, len(fits), encoded(request), progress=listener(progress))
    return Result(answer, fits[0]._kind)


def crossprod(
    formula: str, data: Any, *, weights: Optional[str] = None, offset: Optional[str] = None, factor: Columns = None,
    levels: Optional[Mapping[str, Sequence[Any]]] = None, contrasts: Optional[Mapping[str, Any]] = None,
    na: str = "omit", missing: Columns = None, absorb: Columns = None, residual_by: Optional[str] = None,
    residual: Optional[str] = None, cluster: Optional[str] = None, threads: Optional[int] = None,
    progress: ProgressArgument = None,
) -> "Products":
    """The share of some rows in a model: all that it needs of them, in a size that depends on levels and not on rows.

    Partitions of a table are added up by ``merge``, in any order, and fitted by ``Products.fit``: with Spark, Dask, Ray
    or a process pool, since products can be pickled. With ``residual`` all rows of a subject must be in one of them.
    """
    options = _options(locals(), without=("data", "progress"))
    rows = _data.rows(data, used_columns(options))
    products = Handle("lmm_free_products")
    answer = call(
        "lmm_crossprod", rows.pointer, encoded(stream_options(rows, options)), ctypes.byref(products.pointer),
        progress=listener(progress))
    return Products(products, answer)


def merge(parts: Iterable["Products"]) -> "Products":
    """The sum of cross-products of one model.

    Raises:
        LmmError: for products of different models.
    """
    parts = list(parts)
    pointers = (ctypes.c_void_p * max(len(parts), 1))(*[part._products.pointer.value for part in parts])
    sum = Handle("lmm_free_products")
    return Products(sum, call("lmm_merge", pointers, len(parts), ctypes.byref(sum.pointer)))


def load_products(path: Union[str, os.PathLike]) -> "Products":
    """Cross-products that were saved, by this package or by the program's ``crossprod``."""
    products = Handle("lmm_free_products")
    return Products(products, call("lmm_load_products", os.fsencode(path), ctypes.byref(products.pointer)))


class Products:
    """Cross-products of some rows; they add up: ``a + b``, and can be pickled.

    Attributes:
        json: ``formula``, ``nobs``, ``nobs_omitted``, ``data`` and ``messages``.
    """

    def __init__(self, products: Handle, answer: dict):
        self._products = products
        self.json = answer

    formula = property(lambda self: self.json["formula"])
    nobs = property(lambda self: self.json["nobs"])

    def __add__(self, other: "Products") -> "Products":
        return merge([self, other])

    def __repr__(self) -> str:
        return f"Cross-products of {self.formula}: {self.nobs} rows"

    def fit(
        self, formula: Optional[str] = None, reml: bool = True, *, progress: ProgressArgument = None, **options: Any,
    ) -> Fit:
        """Fits their model, or one with fewer terms; ``options`` are those of ``fit`` that are not about rows."""
        return self._fit(_options({"formula": formula, "reml": reml, **options}), progress)

    def _fit(self, options: dict, progress: ProgressArgument) -> Fit:
        given = [k for k in ROWS if options.get(k) not in (None, "omit")]
        if given:
            raise LmmError(f"{given[0]}= belongs to crossprod(): the cross-products are made.", "request")
        options = {k: v for k, v in options.items() if k not in ROWS}
        model = Handle("lmm_free")
        answer = call(
            "lmm_fit_products", self._products.pointer, encoded(options), ctypes.byref(model.pointer),
            progress=listener(progress))
        return Fit(model, answer, "pandas" if _data._importable("pandas") else "columns", self)

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Writes them to a file that the program reads, too: whole or not at all."""
        call("lmm_save_products", self._products.pointer, os.fsencode(path))

    def to_bytes(self) -> bytes:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "products.lmm")
            self.save(path)
            with open(path, "rb") as file:
                return file.read()

    @staticmethod
    def from_bytes(data: bytes) -> "Products":
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "products.lmm")
            with open(path, "wb") as file:
                file.write(data)
            return load_products(path)

    def __reduce__(self):
        return Products.from_bytes, (self.to_bytes(),)


def pool(fits: Iterable["Fit"], *, ddf: str = "satterthwaite", vcov: Optional[str] = None,
         cluster: Optional[str] = None, level: float = 0.95) -> Result:
    """Fits of one model to several completed tables, pooled by Rubin's rules with Barnard and Rubin's degrees of
    freedom.

    Example:
        >>> pool([fit("y ~ x + (1 | g)", table) for table in imputed])  # doctest: +SKIP
    """
    return _compare(fits, None, command="pool", ddf=ddf, vcov=vcov, cluster=cluster, level=level)


def plan(formula: str, data: Any, **options: Any) -> dict:
    """Sizes, strategies, memory (bytes) and predicted seconds of a fit, which is not made."""
    options = _options({"formula": formula, **options})
    rows = _data.rows(data, used_columns(options))
    return call("lmm_plan", rows.pointer, encoded(stream_options(rows, options)))
