# SPDX-License-Identifier: GPL-2.0-or-later
"""A fit, and what can be asked of it."""
from __future__ import annotations

import copy
import ctypes
import os
from typing import Any, Iterable, Mapping, Optional, Sequence, Union

from . import _arrow, _data
from ._bytes import read, written
from ._estimates import Estimates
from ._files import InputFiles
from ._kept import KeptRows
from ._library import Handle, LmmError, call, encoded
from ._options import Columns, options as _options, plain as _plain, texts as _texts
from ._progress import ProgressArgument, listener
from ._reading import used_columns
from ._tables import Result, parsed


def tests_of(options: Mapping[str, Any]) -> dict:
    """The options that say how coefficients are tested."""
    return {name: options.get(name) for name in ("ddf", "vcov", "cluster")}


class Fit(Estimates):
    """A fitted model; prints as lme4's summary."""

    def __init__(
        self, model: Handle, answer: dict, kind: str, tests: dict, kept: Optional[KeptRows] = None,
        inputs: Optional[InputFiles] = None,
    ):
        self._model, self._kind, self._tests, self._kept = model, kind, tests, kept
        self._inputs = inputs or InputFiles()
        self.json: dict = answer
        self._summaries: dict = {}
        if kept is not None:
            kept.read(answer)

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
        return self._kept is not None and self._kept.data is not None

    def _rows(self, data: Any, weights: Optional[str] = None, offset: Optional[str] = None) -> tuple:
        own = data is None
        if own:
            if not self._has_rows:
                raise LmmError("the rows of the fit are gone: give data=.", "request")
            data = self._kept.data
        wanted = used_columns({"formula": self.formula, "weights": self.json["weights"], "offset": self.json["offset"]})
        wanted.may += [name for name in (weights, offset) if name]
        wanted.must = []  # a response need not be there, and the library knows what must
        rows = _data.rows(data, wanted)
        if own:
            self._kept.check(rows)
        return data, rows

    def _stream(self, function: str, given: Any, rows: _data.Rows, options: dict) -> dict:
        options = {key: value for key, value in options.items() if value is not None}
        if rows.files is not None:
            options["data"] = rows.files
        columns = _arrow.table(
            lambda out: call(function, self._model.pointer, rows.pointer, encoded(options), out))
        if given is None:
            self._kept.check_count(len(next(iter(columns.values()))))
        return columns

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
        columns = self._stream("lmm_predict", data, rows, {
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
        columns = self._stream("lmm_augment", data, rows, {
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
        return self._stream("lmm_augment", None, rows, {})[".resid"]

    def simulate(
        self, data: Any = None, *, replicates: int = 1, seed: int = 1, random: str = "new",
        threads: Optional[int] = None,
    ) -> Any:
        """New responses for rows as columns ``sim_1``, ``sim_2``, …; random effects drawn anew, or ``"kept"``."""
        _, rows = self._rows(data)
        columns = self._stream("lmm_simulate", data, rows, {
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

        if path is not None:
            self._inputs.refuse(path)
        html = asked(self, "lmm_report", data, {}, needs_rows=False)["html"]
        if path is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(html)
        return html

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Writes the fit with its cross-products, whole or not at all; rows are not in it.

        The program's commands read the file, and so do ``load`` and NumPy (``np.load``).
        """
        self._inputs.refuse(path)
        call("lmm_save", self._model.pointer, os.fsencode(path))

    def to_bytes(self) -> bytes:
        """The bytes of the file that ``save`` writes.

        Raises:
            LmmError: for a fit with ``keep_products=False``.
        """
        return written(lambda path: call("lmm_save", self._model.pointer, os.fsencode(path)))

    def __reduce__(self):
        """A fit is pickled as its file: without the rows, which predictions and residuals then need as ``data``.

        Raises:
            LmmError: for a fit with ``keep_products=False``, and one whose tests take rows that are in no file.
        """
        vcov = self._tests["vcov"]
        if vcov is not None and vcov.startswith("HC") and self._kept is not None and not self._kept.are_in_files:
            raise LmmError(
                f'tests by vcov="{vcov}" take the rows of the fit, with which it cannot be pickled. Pickle what it says, '
                "such as tidy(), or fit it to files.", "request")
        self.summary()
        return _restored, (
            self.to_bytes(), self._tests, self.json, self._kind, dict(self._summaries), self._inputs.names)

    def __copy__(self) -> "Fit":
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        return copied

    def __deepcopy__(self, memo: dict) -> "Fit":
        """With the model and the rows of this one, neither of which changes."""
        copied = copy.copy(self)
        copied.json, copied._summaries = copy.deepcopy(self.json, memo), dict(self._summaries)
        return copied


def loaded(path: Union[str, os.PathLike], **options: Any) -> tuple:
    """The model of a file, and its answer."""
    model = Handle("lmm_free")
    return model, call("lmm_load", os.fsencode(path), encoded(options), ctypes.byref(model.pointer))


def _restored(data: bytes, tests: dict, answer: dict, kind: str, summaries: dict, inputs: list) -> Fit:
    model, _ = read(data, lambda path: loaded(path, **tests))
    kind = kind if kind == "columns" or _data._importable(kind) else "columns"
    fit = Fit(model, answer, kind, tests, None, InputFiles(inputs))
    fit._summaries = summaries
    return fit


def _compare(fits: Iterable[Fit], progress: ProgressArgument, **options: Any) -> Result:
    fits = list(fits)
    for fit in fits:
        if not isinstance(fit, Fit):
            raise LmmError(f"{options['command']} compares fits, and {type(fit).__name__} was given.", "request")
    if not fits:
        raise LmmError(f"{options['command']} needs fits, and there are none.", "request")
    pointers = (ctypes.c_void_p * len(fits))(*[fit._model.pointer.value for fit in fits])
    request = {"format": ["json", "summary", "tidy", "html"], **options}
    answer = call("lmm_compare", pointers, len(fits), encoded(request), progress=listener(progress))
    return Result(answer, fits[0]._kind)


def pool(fits: Iterable["Fit"], *, ddf: str = "satterthwaite", vcov: Optional[str] = None,
         cluster: Optional[str] = None, level: float = 0.95) -> Result:
    """Fits of one model to several completed tables, pooled by Rubin's rules with Barnard and Rubin's degrees of
    freedom.

    Example:
        >>> pool([fit("y ~ x + (1 | g)", table) for table in imputed])  # doctest: +SKIP
    """
    return _compare(fits, None, command="pool", ddf=ddf, vcov=vcov, cluster=cluster, level=level)
