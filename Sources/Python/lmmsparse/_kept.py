# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of a fit, for questions after it: those that were read, or an error."""
from __future__ import annotations

import os
from typing import Any, Mapping, Optional

from . import _data, _files
from ._library import LmmError


class KeptRows:
    """Where the rows of a fit are, and by what a change of them is seen.

    Frames that do not change are kept as they are, which copies nothing. Of what changes in place, dicts, NumPy's arrays of
    records and pandas without copy-on-write, there are checksums of the columns that the model uses; of files, sizes and
    times. What runs when it is read, as a lazy frame, a dataset or a query, is known by the number of rows alone.

    Attributes:
        data: None where there are no rows to be read again.
    """

    def __init__(self, data: Any, rows: _data.Rows):
        self.data = None if _data.is_read_once(data) else _snapshot(data, rows)
        self._count: Optional[int] = None
        self._checksums = rows.checksums() if _changes_in_place(data, rows) else {}
        self._files = _files.marks(self.data) if rows.files is not None and self.data is not None else {}

    are_in_files = property(lambda self: bool(self._files))

    def read(self, answer: dict) -> None:
        """Takes the number of rows from the answer of the fit."""
        if answer.get("nobs_omitted") is not None:
            self._count = answer["nobs"] + answer["nobs_omitted"]

    def check(self, rows: _data.Rows) -> None:
        """
        Raises:
            LmmError: where the rows are others than those of the fit.
        """
        if self._files and _files.marks(self.data) != self._files:
            now = _files.marks(self.data)
            name = next(f for f in {**self._files, **now} if self._files.get(f) != now.get(f))
            raise _changed(f"{name} was written")
        if self._checksums:
            for name, sum in rows.checksums().items():
                if self._checksums.get(name, sum) != sum:
                    raise _changed(f"column {name!r} has other values or rows", name)

    def check_count(self, count: int) -> None:
        """
        Raises:
            LmmError: where it is not that of the rows of the fit.
        """
        if self._count is not None and count != self._count:
            raise _changed(f"there are {count} rows, and {self._count} were read")


def _changed(what: str, column: Optional[str] = None) -> LmmError:
    return LmmError(
        f"the rows of the fit have changed since it was made: {what}. Give the rows that are meant as data=.", "data",
        {} if column is None else {"column": column})


def _snapshot(data: Any, rows: _data.Rows) -> Any:
    if rows.files is not None:
        return [name if name == "-" else os.path.abspath(name) for name in rows.files]
    if _data.module(data) == "pandas":
        return data.copy(deep=False)
    if _data.module(data) == "polars":
        return data.clone()
    if isinstance(data, Mapping):
        return dict(data)
    return data


def _changes_in_place(data: Any, rows: _data.Rows) -> bool:
    return rows.checksums is not None and not (rows.kind == "pandas" and _copies_on_write())


def _copies_on_write() -> bool:
    import pandas

    if int(pandas.__version__.split(".")[0]) >= 3:
        return True
    return getattr(pandas.options.mode, "copy_on_write", False) is True
