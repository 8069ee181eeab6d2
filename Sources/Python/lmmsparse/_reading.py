# SPDX-License-Identifier: GPL-2.0-or-later
"""What is asked of rows."""
from __future__ import annotations

import re

from . import _data
from ._library import LmmError, call, encoded
from ._options import MODEL


def used_columns(options: dict) -> _data.Wanted:
    """Names of the columns that a model may use; which of them are there, the data say.

    A ``.`` stands for columns of the data, so that all are wanted: the library, which is given them, says which.
    """
    if options.get("formula") is None:
        raise LmmError('a formula is needed, such as "y ~ x + (1 | g)".', "request")
    try:
        answer = call("lmm_columns", encoded({name: options.get(name) for name in (*MODEL, "responses", "names")}))
    except LmmError as error:
        if not _is_at_dot(error):
            raise
        return _data.Wanted([], [], all=True)
    return _data.Wanted(answer["columns"], answer["formula"])


def _is_at_dot(error: LmmError) -> bool:
    text, place, length = (error.place.get(name) for name in ("formula", "position", "length"))
    return error.code == "formula" and length == 1 and text[place:place + 1] == "."


def _takes_a_pass_before(options: dict) -> bool:
    """Whether something is found in all rows before the fit: knots that are quantiles, means by groups."""
    text = " ".join([options.get("formula") or "", *(options.get("add") or [])])
    is_spline = re.search(r"\b[nb]s\s*\(", text) and "Boundary.knots" not in text
    return bool(is_spline or re.search(r"\b(mean|within)\s*\(", text))


def stream_options(rows: _data.Rows, options: dict) -> dict:
    """The options with what the rows say of themselves."""
    options = dict(options)
    if rows.files is not None:
        options["data"] = rows.files
    if rows.levels:
        chosen = {**rows.levels, **(options.get("levels") or {})}
        options["levels"] = chosen
    # Rows in memory stay there anyway.
    options["keep_rows"] = rows.files is None and (rows.count is not None or _takes_a_pass_before(options))
    return options
