# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures by matplotlib, and by gnuplot."""
from __future__ import annotations

import os
from statistics import NormalDist
from typing import Any, Optional, Union

from . import _arrow
from ._files import InputFiles
from ._library import LmmError, call, encoded


class Figure:
    """A figure as SVG, which shows itself in notebooks."""

    def __init__(self, svg: str, inputs: Optional[InputFiles] = None):
        self.svg = svg
        self._inputs = inputs or InputFiles()

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Writes the SVG."""
        self._inputs.refuse(path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.svg)

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Figure, {len(self.svg)} characters of SVG>"


def plot(fit: Any, kind: str, group: Optional[str], ax: Any, data: Any, options: dict) -> Any:
    drawings = {"residuals": _residuals, "qq": _quantiles, "caterpillar": _caterpillar}
    suits = kind in drawings and data is None and not options
    if ax is not None and not suits:
        raise LmmError(
            f"on axes of matplotlib there are {', '.join(drawings)}, of the rows of the fit and without options.", "request")
    if suits:
        try:
            if ax is None:
                import matplotlib.pyplot as pyplot

                ax = pyplot.subplots()[1]
            drawings[kind](fit, group, ax)
            return ax
        except ImportError:
            pass
    request = {"kind": kind, "group": group, **options}
    answer = asked(fit, "lmm_plot", data, request, needs_rows=kind in ("data", "residuals", "variogram"))
    return Figure(answer["figure"], fit._inputs)


def asked(fit: Any, function: str, data: Any, request: dict, needs_rows: bool) -> dict:
    """The answer of a function that takes the rows of a fit where they are at hand."""
    pointer, request = None, {key: value for key, value in request.items() if value is not None}
    rows = None  # alive during the call
    if data is not None or needs_rows or fit._has_rows:
        _, rows = fit._rows(data)
        pointer = rows.pointer
        if rows.files is not None:
            request["data"] = rows.files
    return call(function, fit._model.pointer, pointer, encoded(request))


def _rows(fit: Any) -> dict:
    _, rows = fit._rows(None)
    return fit._stream("lmm_augment", None, rows, {})


def _residuals(fit: Any, group: Optional[str], ax: Any) -> None:
    rows = _rows(fit)
    ax.plot(rows[".fitted"], rows[".wtres"], ".", alpha=0.5)
    ax.axhline(0, color="gray", linewidth=1)
    ax.set(xlabel="fitted value", ylabel="residual")


def _quantiles(fit: Any, group: Optional[str], ax: Any) -> None:
    values = sorted(value / fit.sigma for value in _rows(fit)[".wtres"] if value == value)
    normal = NormalDist()
    expected = [normal.inv_cdf((k + 0.5) / len(values)) for k in range(len(values))]
    ax.plot(expected, values, ".")
    ax.axline((0, 0), slope=1, color="gray", linewidth=1)
    ax.set(xlabel="normal quantile", ylabel="scaled residual")


def _caterpillar(fit: Any, group: Optional[str], ax: Any) -> None:
    modes = _arrow.table(lambda out: call("lmm_ranef", fit._model.pointer, b"{}", out))
    groups = list(dict.fromkeys(modes["group"]))
    chosen = groups[0] if group is None else group
    if chosen not in groups:
        raise LmmError(f"there are the grouping factors {', '.join(groups)}, and no {chosen!r}.", "request")
    names = zip(modes["group"], modes["term"], modes["estimate"], modes["std.error"])
    of_term: dict = {}
    for name, term, estimate, error in names:
        if name == chosen:
            of_term.setdefault(term, []).append((estimate, error))
    for k, (term, values) in enumerate(of_term.items()):
        values.sort()
        places = [place + 0.2 * k for place in range(len(values))]
        ax.errorbar(
            [estimate for estimate, _ in values], places, xerr=[1.96 * error for _, error in values], fmt=".",
            linewidth=1, label=term)
    ax.axvline(0, color="gray", linewidth=1)
    ax.set(xlabel="conditional mode", ylabel=f"levels of {chosen}", yticks=[])
    ax.legend()
