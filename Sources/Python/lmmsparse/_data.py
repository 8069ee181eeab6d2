# SPDX-License-Identifier: GPL-2.0-or-later
"""Where rows come from: frames of any library, columns, files."""
from __future__ import annotations

import glob as _glob
import os
import stat
import zlib
from typing import Any, Callable, Iterable, Mapping, Optional

from ._arrow import CapsuleStream, ColumnStream
from ._conversion import readable_arrow, readable_pandas
from ._library import LmmError

# The library reads them itself, the files of a pattern as one.
_BINARY = (".parquet", ".pq", ".feather", ".arrow", ".ipc", ".arrows")


class Rows:
    """Rows as a call of the library takes them: a stream, or the names of files among the options.

    Attributes:
        kind: The library of frames that the rows came with: ``pandas``, ``polars``, ``pyarrow`` or ``columns``.
        count: How many there are, where that is known before they are read.
        checksums: Of every column, where values may be changed in place.
    """

    def __init__(
        self, kind: str, stream: Any = None, files: Optional[list] = None, levels: Optional[dict] = None,
        count: Optional[int] = None, checksums: Optional[Callable[[], dict]] = None,
    ):
        self.kind, self.stream, self.files, self.count, self.checksums = kind, stream, files, count, checksums
        self.levels = levels or {}

    @property
    def pointer(self) -> Any:
        return None if self.stream is None else self.stream.pointer


def module(value: Any) -> str:
    return type(value).__module__.split(".")[0]


def is_read_once(data: Any) -> bool:
    """Whether rows are used up when they are read."""
    names = [data] if isinstance(data, (str, os.PathLike)) else data if isinstance(data, (list, tuple)) else []
    return type(data).__name__ in ("RecordBatchReader", "ArrowArrayStreamReader", "PyCapsule") or any(
        isinstance(name, (str, os.PathLike)) and (os.fspath(name) == "-" or _is_pipe(name)) for name in names)


def _is_pipe(name: Any) -> bool:
    try:
        mode = os.stat(name).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


def paths(data: Any) -> Optional[list]:
    """The files that are meant, in order; nil unless it is names of files."""
    if isinstance(data, (str, os.PathLike)):
        data = [data]
    if not isinstance(data, (list, tuple)) or not data:
        return None
    if not all(isinstance(name, (str, os.PathLike)) for name in data):
        return None
    found: list = []
    for name in map(os.fspath, data):
        if any(mark in name for mark in "*?[") and not os.path.exists(name):
            matches = sorted(_glob.glob(name, recursive=True))
            if not matches:
                raise LmmError(f"no file matches {name}.", "data", {"file": name})
            # The library reads the files of a pattern as one, so that sums do not depend on where they are cut.
            found += [name] if _suffix(name) in _BINARY and "**" not in name else matches
        else:
            found.append(name)
    return found


def files_of(data: Any) -> list:
    """The files that rows are in, as far as that can be known."""
    files = paths(data)
    if files is None:
        files = getattr(data, "files", None) if module(data) == "pyarrow" else None  # of a dataset
    return [name for name in files or [] if os.fspath(name) != "-"]


class Wanted:
    """Columns that a model may use, and those that its formula needs; ``choose`` says both where they depend on
    the names that there are."""

    def __init__(
        self, may: list, must: list, choose: Optional[Callable[[list], tuple]] = None, *, all: bool = False,
    ):
        self.may, self.must, self._choose, self._all = list(may), list(must), choose, all

    def among(self, names: Iterable[Any]) -> list:
        """The names that are there, one at least.

        Raises:
            _Absent: where one is not that has to be.
            LmmError: where two have one name.
        """
        names = [str(name) for name in names]
        chosen = self._among(names)
        twice = next((name for name in chosen if names.count(name) > 1), None)
        if twice is not None:
            raise LmmError(f"two columns are named {twice!r}. Rename one of them.", "data", {"column": twice})
        return chosen

    def _among(self, names: list) -> list:
        if self._choose is not None:
            self.may, self.must = self._choose(names)
        if any(name not in names for name in self.must):
            raise _Absent(names)
        if self._all:
            return names
        return [name for name in names if name in self.may] or names[:1]


class _Absent(Exception):
    pass


def rows(data: Any, wanted: Wanted) -> Rows:
    """Rows of what a user calls data, with the columns that are wanted at least."""
    try:
        return _rows(data, wanted)
    except _Absent as absent:
        # The library says which column is not there, and which may be meant: it is given all names.
        return Rows("columns", ColumnStream({name: [] for name in absent.args[0]}))


def _rows(data: Any, wanted: Wanted) -> Rows:
    files = paths(data)
    if files is not None:
        return Rows("pandas" if _importable("pandas") else "columns", files=files)
    kind = module(data)
    if kind == "pandas" and hasattr(data, "columns"):
        return _of_pandas(data, wanted)
    if kind == "polars":
        if hasattr(data, "collect"):  # lazy
            data = data.select(wanted.among(data.collect_schema().names()))
            try:
                data = data.collect(engine="streaming")
            except TypeError:
                data = data.collect(streaming=True)
        else:
            data = data.select(wanted.among(data.columns))
        return Rows("polars", CapsuleStream(data), levels=_polars_levels(data), count=len(data))
    if kind == "pyarrow":
        if hasattr(data, "scanner"):  # a dataset
            data = data.scanner(columns=wanted.among(data.schema.names)).to_reader()
        elif hasattr(data, "column_names") and hasattr(data, "select"):
            data = data.select(wanted.among(data.column_names))
        elif hasattr(data, "to_reader"):  # a scanner
            data = data.to_reader()
        if hasattr(data, "schema"):
            data = readable_arrow(data)
        return Rows("pyarrow", CapsuleStream(data), count=getattr(data, "num_rows", None))
    if kind in ("duckdb", "_duckdb") and hasattr(data, "project"):
        names = wanted.among(data.columns)
        quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
        data = data.project(quoted)
        if not hasattr(data, "__arrow_c_stream__"):
            data = data.fetch_arrow_reader()
        return Rows("pandas" if _importable("pandas") else "columns", CapsuleStream(data))
    if hasattr(data, "__arrow_c_stream__"):
        return Rows("columns", CapsuleStream(data))
    if isinstance(data, Mapping):
        return _of_columns(ColumnStream(data, wanted.among(data)))
    fields = getattr(getattr(data, "dtype", None), "names", None)
    if fields:  # a NumPy array of records
        return _of_columns(ColumnStream({name: data[name] for name in wanted.among(fields)}))
    raise LmmError(
        f"data of the type {type(data).__name__} cannot be read. Give a data frame, an object with "
        "__arrow_c_stream__, a dict of columns, or names of files.", "request")


def _of_columns(stream: ColumnStream) -> Rows:
    return Rows("columns", stream, count=stream.length, checksums=stream.checksums)


def _importable(name: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(name) is not None


def _of_pandas(data: Any, wanted: Wanted) -> Rows:
    chosen = set(wanted.among(data.columns))
    columns = {str(name): readable_pandas(data[name]) for name in data.columns if str(name) in chosen}
    levels = {}
    for name, values in columns.items():
        if hasattr(values, "cat") and list(values.cat.categories) != sorted(values.cat.categories):
            levels[name] = [str(category) for category in values.cat.categories]
    stream = _by_pyarrow(columns) or ColumnStream(columns)
    return Rows("pandas", stream, levels=levels, count=len(data), checksums=lambda: _pandas_checksums(columns))


def _pandas_checksums(columns: dict) -> dict:
    import numpy as np
    from pandas.util import hash_pandas_object

    def checksum(values: Any) -> int:
        is_plain = isinstance(values.dtype, np.dtype) and values.dtype.kind in "iufb"  # ten times as fast
        of = values.to_numpy() if is_plain else hash_pandas_object(values, index=False).to_numpy()
        return zlib.crc32(np.ascontiguousarray(of))

    return {name: checksum(values) for name, values in columns.items()}


def _by_pyarrow(columns: dict) -> Optional[CapsuleStream]:
    """Columns of Python objects are converted faster by PyArrow, where it is there and can."""
    if all(str(values.dtype) not in ("object", "str", "string") for values in columns.values()):
        return None
    if not _importable("pyarrow"):
        return None
    import pyarrow

    try:
        arrays = [pyarrow.Array.from_pandas(values) for values in columns.values()]
        return CapsuleStream(readable_arrow(pyarrow.table(arrays, names=list(columns))))
    except (pyarrow.ArrowException, TypeError, ValueError, OverflowError):
        return None


def _polars_levels(data: Any) -> dict:
    levels = {}
    for name, type in data.schema.items():
        categories = getattr(type, "categories", None)
        if type.__class__.__name__ == "Enum" and categories is not None:
            order = list(categories)
            if order != sorted(order):
                levels[name] = order
    return levels


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def are_small(files: list, limit: int) -> bool:
    """Whether files can be read a second time soon: they hold rows, and together fewer bytes than the limit."""
    named = [one for name in files for one in (_glob.glob(name) or [name])]
    return all(os.path.isfile(f) and not f.endswith(".lmm") for f in named) and sum(map(os.path.getsize, named)) < limit


def frame(columns: Mapping[str, Any], kind: str) -> Any:
    """Columns as a frame of the library that the user came with."""
    if kind == "pandas":
        import pandas

        return pandas.DataFrame(columns)
    if kind == "polars":
        import polars

        return polars.DataFrame(dict(columns))
    if kind == "pyarrow":
        import pyarrow

        return pyarrow.table(dict(columns))
    from ._tables import Table

    return Table(columns)


def with_columns(data: Any, columns: Mapping[str, Any], kind: str) -> Any:
    """The user's rows with columns added; the columns alone where the rows are not a frame."""
    if kind == "pandas" and hasattr(data, "assign"):
        return data.assign(**dict(columns))
    if kind == "polars" and hasattr(data, "with_columns") and not hasattr(data, "collect"):
        import polars

        return data.with_columns([polars.Series(name, values) for name, values in columns.items()])
    if kind == "pyarrow" and hasattr(data, "append_column"):
        for name, values in columns.items():
            data = data.append_column(name, [values])
        return data
    if isinstance(data, Mapping):
        from ._tables import Table

        return Table({**data, **columns})
    return frame(columns, kind)
