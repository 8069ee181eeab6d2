# SPDX-License-Identifier: GPL-2.0-or-later
"""Fitting models to rows."""
from __future__ import annotations

import ctypes
import os
from typing import Any, Mapping, Optional, Sequence, Union

from . import _data
from ._files import InputFiles
from ._fit import Fit, loaded, tests_of
from ._kept import KeptRows
from ._library import Handle, call, encoded
from ._options import Columns, Relationships, options as _options, restricted
from ._products import Products
from ._progress import ProgressArgument, listener
from ._reading import stream_options, used_columns


def fit(
    formula: str, data: Any, reml: Optional[bool] = None, *, ml: Optional[bool] = None,
    weights: Optional[str] = None, offset: Optional[str] = None,
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
        reml: Restricted maximum likelihood, the default; False: maximum likelihood, as ``ml=True``.
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
    reml = restricted(reml, ml)
    options = _options(locals(), without=("data", "progress", "ml"))
    if isinstance(data, Products):
        return data._fit(options, progress)
    rows = _data.rows(data, used_columns(options))
    if residuals is None:
        residuals = _wants_residuals(rows)
        options["residual_rows"] = _RESIDUAL_ROWS
    options["residuals"] = residuals
    kept, inputs = KeptRows(data, rows), InputFiles.of(_data.files_of(data), options)
    model = Handle("lmm_free")
    answer = call(
        "lmm_fit", rows.pointer, encoded(stream_options(rows, options)), ctypes.byref(model.pointer),
        progress=listener(progress))
    return Fit(model, answer, rows.kind, tests_of(options), kept, inputs)


_RESIDUAL_ROWS = 5_000_000


def _wants_residuals(rows: _data.Rows) -> bool:
    if rows.files is not None:
        return _data.are_small(rows.files, 256_000_000)
    return rows.count is not None and rows.count <= _RESIDUAL_ROWS  # of a query nobody knows


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
    options = {"threads": threads, "ddf": ddf, "vcov": vcov, "cluster": cluster}
    model, answer = loaded(path, **options)
    return Fit(model, answer, "pandas" if _data._importable("pandas") else "columns", options)


def plan(formula: str, data: Any, **options: Any) -> dict:
    """Sizes, strategies, memory (bytes) and predicted seconds of a fit, which is not made."""
    reml = restricted(options.pop("reml", None), options.pop("ml", None))
    options = _options({"formula": formula, "reml": reml, **options})
    rows = _data.rows(data, used_columns(options))
    return call("lmm_plan", rows.pointer, encoded(stream_options(rows, options)))
