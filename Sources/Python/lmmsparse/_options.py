# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings as the library takes them: the one place that knows how Python's values become JSON."""
from __future__ import annotations

import os
from typing import Any, Mapping, Optional, Sequence, Union

Columns = Union[str, Sequence[str], None]
Relationships = Optional[Mapping[str, Any]]

#: What says which columns a model may use.
MODEL = ("formula", "add", "drop", "absorb", "weights", "offset", "cluster", "residual_by", "residual")
#: What is about rows, and comes too late when their cross-products are made.
ROWS = ("weights", "offset", "factor", "missing", "encoding", "decimal", "separator", "residuals", "na")


def texts(value: Columns) -> Optional[list]:
    if value is None:
        return None
    return [value] if isinstance(value, str) else [str(one) for one in value]


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


_TEXTS = ("factor", "missing", "absorb", "add", "drop")
_RELATIONSHIPS = ("pedigree", "relationship", "precision")


def options(given: Mapping[str, Any], *, without: Sequence[str] = ()) -> dict:
    """The arguments of a function, by the library's names."""
    made = {}
    for name, value in given.items():
        if name in without or value is None:
            continue
        convert = texts if name in _TEXTS else relationships if name in _RELATIONSHIPS else plain
        made[name] = convert(value)
    return made
