# SPDX-License-Identifier: GPL-2.0-or-later
"""One model for many responses."""
from __future__ import annotations

import re
from typing import Any, Optional

from . import _data
from ._estimates import Estimates
from ._fit import Fit
from ._library import call, encoded
from ._options import Columns, options as _options, restricted
from ._progress import ProgressArgument, listener
from ._reading import stream_options, used_columns
from ._tables import Result, parsed, texts, typed


def fit_many(
    formula: str, data: Any, responses: Columns = None, reml: Optional[bool] = None, *, ml: Optional[bool] = None,
    progress: ProgressArgument = None, **options: Any,
) -> "Fits":
    """Fits one model to many responses, genes, voxels, items, which share one reading of the rows.

    Each uses the rows in which it and all predictors are there, as a fit of its own does. Rows of a frame stay in memory
    during the call.

    Args:
        formula: ``"cbind(y1, log(y2)) ~ x + (1 | g)"``, or ``"~ x + (1 | g)"`` with ``responses``.
        data: As in ``fit``.
        responses: Names of columns, or a regular expression that names match, ``"/^gene/"`` or ``re.compile("^gene")``;
            columns of the formula are passed over.
        reml, ml: As in ``fit``, and so are ``options``: ``weights``, ``offset``, ``factor``, ``levels``, ``contrasts``,
            ``na``, ``missing``, ``encoding``, ``decimal``, ``separator``, ``ddf`` (``"none"`` is much faster where there
            are thousands of responses), ``ranef``, ``optimizer``, ``start``, ``theta``, ``sigma``, ``hold``, ``solver``,
            ``tolerance``, ``max_evaluations``, ``relationship`` and the like, and ``threads``.
        progress: As in ``fit``.

    Returns:
        Responses that cannot be fitted are among the others, with the reason.

    Raises:
        LmmError: for what is wrong with all of them.

    Example:
        >>> fits = fit_many("~ age + (1 | subject)", frame, "/^gene/")  # doctest: +SKIP
        >>> fits.tidy()  # doctest: +SKIP
    """
    if isinstance(responses, re.Pattern):
        responses = f"/{responses.pattern}/"
    # A text alone may be an expression: it is not made a list.
    options = {**_options({"formula": formula, "reml": restricted(reml, ml), **options}), "responses": _plain(responses)}
    rows = _data.rows(data, _wanted(data, options))
    forms = ["json", "summary", "tidy", "glance", "html"]
    answer = call(
        "lmm_responses", rows.pointer, encoded(stream_options(rows, {**options, "format": forms})),
        progress=listener(progress))
    return Fits(answer, rows.kind)


def _plain(responses: Columns) -> Any:
    return responses if responses is None or isinstance(responses, str) else [str(name) for name in responses]


def _wanted(data: Any, options: dict) -> _data.Wanted:
    if not isinstance(options["responses"], str):
        return used_columns(options)
    if _data.paths(data) is not None:  # whose columns the library chooses
        return _data.Wanted([], [])

    def choose(names: list) -> tuple:
        found = used_columns({**options, "names": names})
        return found.may, found.must

    return _data.Wanted([], [], choose)


class Fits(Result):
    """Fits of one model to many responses: prints a line for each, and is a table and an object too.

    Attributes:
        responses: Their names.
        failures: Reasons by the names of those that could not be fitted.
    """

    def __init__(self, answer: dict, kind: str):
        super().__init__(answer, kind)
        self._glance: str = answer["glance"]
        self._tables: dict = {}

    responses = property(lambda self: list(self.by_response))
    failures = property(
        lambda self: {one["response"]: one["message"] for one in self.json["responses"] if one["fit"] is None})

    @property
    def by_response(self) -> dict:
        """Every response's fit as a ``ResponseFit``; None for those that failed."""
        return {
            one["response"]: None if one["fit"] is None else ResponseFit(one["fit"], one["response"], self)
            for one in self.json["responses"]}

    def tidy(self) -> Any:
        """A row for every parameter of every response, with the columns of R's broom.mixed between ``response`` and
        ``message``."""
        return self.frame

    def glance(self) -> Any:
        """A row for every response: nobs, sigma, logLik, AIC, BIC, criterion, df.residual, and a message."""
        return _data.frame(parsed(self._glance), self._kind)

    def _rows_of(self, table: str, response: str) -> Any:
        """The rows of a table that are a response's, as a frame."""
        if table not in self._tables:
            columns = texts(getattr(self, table))
            places: dict = {}
            for k, name in enumerate(columns["response"]):
                places.setdefault(name, []).append(k)
            self._tables[table] = columns, places
        columns, places = self._tables[table]
        chosen = places.get(response, [])
        return _data.frame(
            {name: typed([values[k] for k in chosen]) for name, values in columns.items()
             if name not in ("response", "message")}, self._kind)


class ResponseFit(dict, Estimates):
    """The fit of one response: its values by the names of ``Fit``'s attributes, and the object that the program's ``fit
    --json`` writes, of which it is a dict.

    Models of many responses are not kept: for tests, predictions and the like the response is fitted by ``fit``.
    """

    def __init__(self, json: dict, response: str, fits: Fits):
        super().__init__(json)
        self.response, self._fits = response, fits

    json = property(lambda self: self)

    def tidy(self) -> Any:
        """A row for every parameter, as ``Fit.tidy``."""
        return self._fits._rows_of("_tidy", self.response)

    def glance(self) -> Any:
        """One row for the fit, as ``Fit.glance``."""
        return self._fits._rows_of("_glance", self.response)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and hasattr(Fit, name):
            raise AttributeError(
                f"{name} needs the model, and models of many responses are not kept: fit {self.response} by fit().")
        raise AttributeError(f"ResponseFit has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"Linear mixed model of {self.response}: {self.nobs} rows, criterion {self.criterion:.6g}"

    def __reduce__(self):
        return ResponseFit, (dict(self), self.response, self._fits)
