# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures by matplotlib."""
from __future__ import annotations

from statistics import NormalDist
from typing import Any, Optional

from . import _arrow
from ._library import LmmError, call


def plot(fit: Any, kind: str, group: Optional[str], ax: Any) -> Any:
    drawings = {"residuals": _residuals, "qq": _quantiles, "caterpillar": _caterpillar}
    if kind not in drawings:
        raise LmmError(f"there are the figures {', '.join(drawings)}, and no {kind!r}.", "request")
    if ax is None:
        try:
            import matplotlib.pyplot as pyplot
        except ImportError:
            raise LmmError(
                "figures need matplotlib: pip install matplotlib. Without it: Fit.save(\"MODEL.lmm\") and "
                f"lmm-sparse plot {kind} MODEL.lmm -o FIGURE.svg.", "request") from None
        ax = pyplot.subplots()[1]
    drawings[kind](fit, group, ax)
    return ax


def _rows(fit: Any) -> dict:
    _, rows = fit._rows(None)
    return fit._stream("lmm_augment", rows, {})


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
