# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings as the library takes them: the one place that knows how Python's values become JSON."""
from __future__ import annotations

import os
from typing import Any, Mapping, Optional, Sequence, Union

from ._library import LmmError

Columns = Union[str, Sequence[str], None]
Relationships = Optional[Mapping[str, Any]]

#: What says which columns a model may use.
MODEL = ("formula", "add", "drop", "absorb", "weights", "offset", "cluster", "residual_by", "residual")
#: What is about rows, and comes too late when their cross-products are made.
ROWS = ("weights", "offset", "factor", "missing", "encoding", "decimal", "separator", "residuals", "na")


def texts(value: Columns) -> Optional[list]:
    if value is None:
        return None
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return [str(value)]
    return [str(one) for one in value]


def plain(values: Any) -> Any:
    """Numbers, lists and objects as JSON has them."""
    if isinstance(values, os.PathLike):
        return os.fspath(values)
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, Mapping):
        return {str(key): plain(value) for key, value in values.items()}
    if isinstance(values, (list, tuple)):
        return [plain(value) for value in values]
    return values


def _known(value: Any) -> Any:
    """A relationship of levels: a path, a pedigree, a matrix; frames of either."""
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    names = [str(name) for name in getattr(value, "columns", ())]
    if "individual" in names:  # of pandas or Polars
        value = {name: value[name] for name in ("individual", "sire", "dam")}
    elif names and hasattr(value, "index") and not callable(value.index):
        return {"levels": [str(level) for level in value.index], "values": plain(value.to_numpy())}
    if not isinstance(value, Mapping):
        return plain(value)
    columns = {str(name): plain(list(column)) for name, column in value.items()}
    if "individual" in columns:  # an unknown parent is NaN, None or NA
        columns = {name: [_label(one) for one in column] for name, column in columns.items()}
    return columns


def _label(value: Any) -> Any:
    if value is None or value != value:
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else value


def relationships(given: Relationships) -> Optional[dict]:
    return None if given is None else {str(factor): _known(value) for factor, value in given.items()}


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    kind = type(value).__name__
    if name == "formula":
        raise LmmError(
            f'the formula is a text, such as "y ~ x + (1 | g)", and {kind} was given: it comes first, then the data.',
            "request")
    if name in ("weights", "offset", "cluster"):
        raise LmmError(
            f'{name}= names a column of the data, and {kind} was given. Put the values into a column, and give its '
            f'name: {name}="w".', "request")
    raise LmmError(f"{name}= is a text, and {kind} was given.", "request")


def _contrasts(given: Any) -> Any:
    if not isinstance(given, Mapping):
        return plain(given)
    return {str(column): _coding(str(column), coding) for column, coding in given.items()}


def _coding(column: str, coding: Any) -> Any:
    """A name, a matrix with its names, or a frame whose index are levels."""
    if hasattr(coding, "columns") and hasattr(coding, "index") and not callable(coding.index):
        return {
            "levels": [str(level) for level in coding.index], "columns": [str(name) for name in coding.columns],
            "values": plain(coding.to_numpy()),
        }
    if isinstance(coding, (str, Mapping)):
        return plain(coding)
    raise LmmError(
        f"the contrasts of {column!r} are {type(coding).__name__}, which does not say what its rows are. Give a name, "
        "such as \"sum\", a pandas frame whose index are the levels, or a dict with levels, columns and values.", "request")


def restricted(reml: Optional[bool], ml: Optional[bool]) -> Optional[bool]:
    """Whether the likelihood is restricted; None where nobody says.

    Raises:
        LmmError: where both do.
    """
    if ml is None:
        return reml
    if reml is not None:
        raise LmmError("reml= and ml= say the same: give one of them.", "request")
    return not ml


_TEXTS = ("factor", "missing", "absorb", "add", "drop")
_RELATIONSHIPS = ("pedigree", "relationship", "precision")
_TEXT = (
    "formula", "weights", "offset", "residual_by", "residual", "cluster", "na", "ddf", "vcov", "optimizer", "solver",
    "encoding", "decimal", "separator",
)


def options(given: Mapping[str, Any], *, without: Sequence[str] = ()) -> dict:
    """The arguments of a function, by the library's names."""
    made = {}
    for name, value in given.items():
        if name in without or value is None:
            continue
        if name in _TEXT:
            made[name] = _text(name, value)
            continue
        convert = texts if name in _TEXTS else relationships if name in _RELATIONSHIPS else \
            _contrasts if name == "contrasts" else plain
        made[name] = convert(value)
    return made
