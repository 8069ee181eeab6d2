# SPDX-License-Identifier: GPL-2.0-or-later
"""Columns of types that the library does not read, as such that it reads: intervals and periods as their labels, and so on."""
from __future__ import annotations

import uuid
from typing import Any, Iterator


def readable_pandas(values: Any) -> Any:
    """A series; intervals, as of ``pandas.cut``, and periods are categories with texts, in their own order."""
    of = getattr(getattr(values.dtype, "categories", None), "dtype", values.dtype)
    if type(of).__name__ not in ("IntervalDtype", "PeriodDtype"):
        return values
    values = values if hasattr(values, "cat") else values.astype("category")
    return values.cat.rename_categories([str(one) for one in values.cat.categories])


def readable_arrow(data: Any) -> Any:
    """A table, batch or reader of PyArrow whose numbers of two bytes are of four, and whose bytes of a fixed length are
    binaries, UUIDs texts."""
    import pyarrow as pa

    places = [k for k, field in enumerate(data.schema) if _readable_type(field.type, pa) is not None]
    if not places:
        return data
    if isinstance(data, pa.RecordBatchReader):
        fields = [field.with_type(_readable_type(field.type, pa) or field.type) for field in data.schema]
        return pa.RecordBatchReader.from_batches(pa.schema(fields), _batches(data, places, pa))
    table = pa.Table.from_batches([data]) if isinstance(data, pa.RecordBatch) else data
    return _converted(table, places, pa)


def _batches(reader: Any, places: list, pa: Any) -> Iterator[Any]:
    for batch in reader:
        yield from _converted(pa.Table.from_batches([batch]), places, pa).to_batches()


def _readable_type(type: Any, pa: Any) -> Any:
    """What a type is read as; None where it is read as it is."""
    if getattr(type, "extension_name", "") == "arrow.uuid":
        return pa.string()
    if pa.types.is_float16(type):
        return pa.float32()
    return pa.binary() if pa.types.is_fixed_size_binary(type) else None


def _converted(table: Any, places: list, pa: Any) -> Any:
    for k in places:
        field, column = table.schema.field(k), table.column(k)
        type = _readable_type(field.type, pa)
        if type == pa.string():
            storage = pa.chunked_array([chunk.storage for chunk in column.chunks], pa.binary(16))
            column = pa.array([v if v is None else str(uuid.UUID(bytes=v)) for v in storage.to_pylist()], type)
        else:
            column = column.cast(type)
        table = table.set_column(k, field.with_type(type), column)
    return table
