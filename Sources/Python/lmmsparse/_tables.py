# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of results."""
from __future__ import annotations

import csv
import html
import io
from typing import Any, Iterator, Mapping


class Table(Mapping):
    """Columns by name; what results are where no library of data frames is in use.

    ``table["estimate"]`` is a column, ``table.rows()`` are dicts, and every library of frames takes ``dict(table)``.
    """

    def __init__(self, columns: Mapping[str, Any]):
        self._columns = dict(columns)

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def shape(self) -> tuple:
        first = next(iter(self._columns.values()), [])
        return len(first), len(self._columns)

    def rows(self) -> list:
        """A dict for every row."""
        return [dict(zip(self._columns, values)) for values in zip(*self._columns.values())]

    def _cells(self, most: int) -> list:
        def cell(value: Any) -> str:
            return f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)

        return [[cell(value) for value in list(column)[:most]] for column in self._columns.values()]

    def __repr__(self) -> str:
        most = 20
        columns = self._cells(most)
        widths = [max([len(name)] + [len(c) for c in cells]) for name, cells in zip(self._columns, columns)]
        lines = ["  ".join(name.rjust(width) for name, width in zip(self._columns, widths))]
        for row in zip(*columns):
            lines.append("  ".join(text.rjust(width) for text, width in zip(row, widths)))
        if self.shape[0] > most:
            lines.append(f"… {self.shape[0]} rows")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        columns = self._cells(60)
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self._columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in zip(*columns))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def texts(table: str) -> dict:
    """The columns of a CSV text, as texts."""
    records = list(csv.reader(io.StringIO(table)))
    return {name: [record[k] for record in records[1:]] for k, name in enumerate(records[0])} if records else {}


def parsed(table: str) -> dict:
    """The columns of a CSV text of the library's: numbers, truth values or texts, None or NaN for NA."""
    return {name: typed(values) for name, values in texts(table).items()}


def typed(values: list) -> list:
    there = [value for value in values if value not in ("NA", "")]
    if there and all(value in ("TRUE", "FALSE") for value in there):
        return [None if v in ("NA", "") else v == "TRUE" for v in values]
    try:
        numbers = [float(value) for value in there]
    except ValueError:
        return [None if value in ("NA", "") else value for value in values]
    if not there:
        return [float("nan")] * len(values)
    if len(there) == len(values) and all(value.lstrip("-").isdigit() for value in there):
        return [int(value) for value in there]
    given = iter(numbers)
    return [float("nan") if value in ("NA", "") else next(given) for value in values]


class Result:
    """An answer about a model: prints as the program's report, and is a table and an object too.

    Attributes:
        json: The answer with full precision, by names.
        frame: Its main table, with the columns of R's package broom.mixed, as a frame of the library that the
            rows came with.
        text: What is printed.
    """

    def __init__(self, answer: dict, kind: str):
        self.json: dict = answer["json"]
        self.text: str = answer["summary"]
        self._tidy: str = answer["tidy"]
        self._html: str = answer["html"]
        self._kind = kind

    @property
    def frame(self) -> Any:
        from ._data import frame

        return frame(parsed(self._tidy), self._kind)

    def __repr__(self) -> str:
        return self.text.rstrip("\n")

    def _repr_html_(self) -> str:
        return self._html

    def __getitem__(self, name: str) -> Any:
        return self.json[name]
