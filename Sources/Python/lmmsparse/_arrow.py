# SPDX-License-Identifier: GPL-2.0-or-later
"""Arrow streams of Python's own values, and Python's values of the library's streams; by ctypes alone."""
from __future__ import annotations

import array as _array
import ctypes
import datetime
import math
import uuid
import zlib
from typing import Any, Iterable, Mapping, Optional, Sequence

from ._library import (
    ArrayPointer, ArrayPointers, ArrowArray, ArrowArrayStream, ArrowSchema, BufferPointers, LmmError, SchemaPointer,
    SchemaPointers, StreamPointer, listening,
)

_ReleaseArray = dict(ArrowArray._fields_)["release"]
_ReleaseSchema = dict(ArrowSchema._fields_)["release"]
_stream_fields = dict(ArrowArrayStream._fields_)
_alive: dict = {}  # what a structure of ours refers to, until it is released


class _Column:
    """A column with its buffers, which are anything with an address."""

    def __init__(self, format: str, length: int, buffers: list, nulls: int = 0, values: "Optional[_Column]" = None):
        self.format, self.length, self.buffers, self.nulls = format, length, buffers, nulls
        self.values = values

    def checksum(self) -> int:
        """Of all that the column holds."""
        sum = zlib.crc32(f"{self.format} {self.length}".encode())
        for buffer in self.buffers:
            sum = zlib.crc32(b"" if buffer is None else buffer, sum)
        return sum if self.values is None else zlib.crc32(b"%d" % self.values.checksum(), sum)


def _bits(flags: Iterable[bool], length: int) -> bytearray:
    bits = bytearray((length + 7) // 8 or 1)
    for k, flag in enumerate(flags):
        if flag:
            bits[k >> 3] |= 1 << (k & 7)
    return bits


def _strings(texts: Sequence[Optional[str]], kind: str) -> _Column:
    offsets, parts, end = _array.array("q", [0]), [], 0
    for text in texts:
        if text is not None:
            part = text.encode()
            parts.append(part)
            end += len(part)
        offsets.append(end)
    nulls = sum(text is None for text in texts)
    valid = _bits((text is not None for text in texts), len(texts)) if nulls else None
    return _Column(kind, len(texts), [valid, offsets, b"".join(parts) or b"\0"], nulls)


_NUMPY_FORMATS = {
    ("i", 1): "c", ("i", 2): "s", ("i", 4): "i", ("i", 8): "l",
    ("u", 1): "C", ("u", 2): "S", ("u", 4): "I", ("u", 8): "L", ("f", 4): "f", ("f", 8): "g",
}
_EPOCH = datetime.date(1970, 1, 1)


def _numpy_column(name: str, values: Any) -> _Column:
    import numpy as np

    if values.ndim != 1:
        raise LmmError(f"column {name!r} has {values.ndim} dimensions, not one.", "data", {"column": name})
    if np.ma.isMaskedArray(values):
        return _list_column(name, values.tolist())
    values = values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))
    kind, size = values.dtype.kind, values.dtype.itemsize
    if (kind, size) in _NUMPY_FORMATS:
        data = np.ascontiguousarray(values)
        return _Column(_NUMPY_FORMATS[kind, size], len(data), [None, data])
    if kind == "f" and size == 2:
        return _numpy_column(name, values.astype(np.float32))
    if kind == "b":
        return _Column("b", len(values), [None, np.packbits(values, bitorder="little")])
    if kind == "M":
        days = np.datetime_data(values.dtype)[0] in ("D", "W", "M", "Y")
        missing = np.isnat(values)
        data = values.astype("M8[D]").astype(np.int64).astype(np.int32) if days else \
            values.astype("M8[ns]").astype(np.int64)
        if days:
            data[missing] = 0
        valid = np.packbits(~missing, bitorder="little") if missing.any() else None
        return _Column("tdD" if days else "tsn:", len(data), [valid, data], int(missing.sum()))
    if kind in "UTSO":
        return _list_column(name, values.tolist())
    raise LmmError(
        f"column {name!r} has the NumPy type {values.dtype}, which cannot be used. Convert it to numbers, texts or "
        "dates.", "data", {"column": name})


def _is_missing(value: Any) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return type(value).__name__ in ("NAType", "NaTType")


def _list_column(name: str, given: Sequence[Any]) -> _Column:
    values = [None if _is_missing(value) else value for value in given]
    there = [value for value in values if value is not None]
    nulls = len(values) - len(there)
    valid = _bits((value is not None for value in values), len(values)) if nulls else None
    kinds = {type(value) for value in there}

    def are(*types: type) -> bool:
        return all(issubclass(kind, types) for kind in kinds)

    if not there:
        return _Column("n", len(values), [], nulls)
    if are(bool):
        return _Column("b", len(values), [valid, _bits((bool(v) for v in values), len(values))], nulls)
    if are(str, bytes):
        try:
            return _strings([v.decode() if isinstance(v, bytes) else v for v in values], "U")
        except UnicodeError as error:
            raise LmmError(
                f"column {name!r} has a text that cannot be written as UTF-8, {error.object!r}. Decode it from its "
                "encoding, or take it out.", "data", {"column": name}) from None
    if are(uuid.UUID):
        return _strings([None if v is None else str(v) for v in values], "U")
    if are(int) and bool not in kinds:
        for format, code, least, most in (("l", "q", -(2**63), 2**63), ("L", "Q", 0, 2**64)):
            if all(least <= v < most for v in there):
                return _Column(format, len(values), [valid, _array.array(code, (v or 0 for v in values))], nulls)
        raise LmmError(
            f"column {name!r} has integers beyond 64 bits. Make them texts if they are labels, and floats if they are "
            "numbers.", "data", {"column": name})
    if are(datetime.date) and not any(issubclass(kind, datetime.datetime) for kind in kinds):
        days = _array.array("i", ((v - _EPOCH).days if v else 0 for v in values))
        return _Column("tdD", len(values), [valid, days], nulls)
    if are(datetime.datetime):
        return _Column("tsu:", len(values), [valid, _array.array("q", map(_microseconds, values))], nulls)
    try:
        if bool in kinds:
            raise TypeError
        numbers = _array.array("d", (math.nan if v is None else _float(v) for v in values))
    except (TypeError, ValueError):
        names = " and ".join(sorted(kind.__name__ for kind in kinds))
        raise LmmError(
            f"column {name!r} has values of {names}, which cannot be used. Make them all numbers, texts, dates or "
            "booleans.", "data", {"column": name}) from None
    return _Column("g", len(values), [None, numbers])


def _float(value: Any) -> float:
    if isinstance(value, (str, bytes, complex)):
        raise TypeError
    return float(value)


def _microseconds(value: Optional[datetime.datetime]) -> int:
    if value is None:
        return 0
    zero = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc if value.tzinfo else None)
    return (value - zero) // datetime.timedelta(microseconds=1)


def _categorical_column(name: str, codes: Any, categories: Any) -> _Column:
    """Places in a list, −1 where none is."""
    import numpy as np

    codes = np.ascontiguousarray(np.asarray(codes), dtype=np.int32)
    missing = codes < 0
    valid = np.packbits(~missing, bitorder="little") if missing.any() else None
    return _Column("i", len(codes), [valid, codes], int(missing.sum()), column(name, categories))


def column(name: str, values: Any) -> _Column:
    """A column of a NumPy array, a pandas Series, or any sequence."""
    kind = type(values).__module__.split(".")[0]
    if kind == "pandas":
        if hasattr(values, "cat"):
            return _categorical_column(name, values.cat.codes, values.cat.categories)
        if type(values).__name__ == "Categorical":
            return _categorical_column(name, values.codes, values.categories)
        try:
            import numpy as np

            if isinstance(values.dtype, np.dtype):
                return _numpy_column(name, values.to_numpy())
        except AttributeError:
            pass
        return _list_column(name, values.tolist())
    if kind == "numpy":
        return _numpy_column(name, values)
    if isinstance(values, _array.array):
        return _list_column(name, values.tolist())
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise LmmError(f"column {name!r} is no sequence of values.", "data", {"column": name})
    return _list_column(name, values if isinstance(values, (list, tuple)) else list(values))


def _address(buffer: Any) -> int:
    if buffer is None:
        return 0
    if hasattr(buffer, "__array_interface__"):
        return buffer.__array_interface__["data"][0]
    if isinstance(buffer, _array.array):
        return buffer.buffer_info()[0]
    if isinstance(buffer, bytearray):
        return ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))
    return ctypes.cast(ctypes.c_char_p(buffer), ctypes.c_void_p).value or 0


def _freed(kept: Any) -> int:
    key = id(kept)
    _alive[key] = kept
    return key


def _release(holder, nothing):
    """Releases what an array or a schema holds, and marks it as released."""
    for k in range(holder.n_children):
        child = holder.children[k]
        if child.contents.release:
            child.contents.release(child)
    if holder.dictionary and holder.dictionary.contents.release:
        holder.dictionary.contents.release(holder.dictionary)
    key = holder.private_data
    holder.release = nothing
    _alive.pop(key, None)


@_ReleaseArray
def _release_array(pointer):
    _release(pointer.contents, _ReleaseArray())


@_ReleaseSchema
def _release_schema(pointer):
    _release(pointer.contents, _ReleaseSchema())


def _fill_array(array: ArrowArray, length: int, buffers: list, nulls: int, children: list, values: Any) -> None:
    pointers = (ctypes.c_void_p * max(len(buffers), 1))(*[_address(b) or None for b in buffers])
    child_pointers = (ArrayPointer * max(len(children), 1))(*[ArrayPointer(c) for c in children])
    array.length, array.null_count, array.offset = length, nulls, 0
    array.n_buffers, array.n_children = len(buffers), len(children)
    array.buffers = ctypes.cast(pointers, BufferPointers)
    if children:
        array.children = ctypes.cast(child_pointers, ArrayPointers)
    if values is not None:
        array.dictionary = ArrayPointer(values)
    array.private_data = _freed([pointers, child_pointers, buffers, children, values])
    array.release = _release_array


def _array_of(column: _Column, array: ArrowArray) -> None:
    values = None
    if column.values is not None:
        values = ArrowArray()
        _array_of(column.values, values)
    _fill_array(array, column.length, column.buffers, column.nulls, [], values)


def _schema_of(format: str, name: str, children: list, values: Optional[_Column], schema: ArrowSchema) -> None:
    texts = [format.encode(), name.encode()]
    schema.format, schema.name, schema.flags = texts[0], texts[1], 2
    pointers = (SchemaPointer * max(len(children), 1))(*[SchemaPointer(c) for c in children])
    schema.n_children = len(children)
    if children:
        schema.children = ctypes.cast(pointers, SchemaPointers)
    inner = None
    if values is not None:
        inner = ArrowSchema()
        _schema_of(values.format, "", [], values.values, inner)
        schema.dictionary = SchemaPointer(inner)
    schema.private_data = _freed([texts, children, pointers, inner])
    schema.release = _release_schema


class ColumnStream:
    """A stream of one batch: columns by name."""

    def __init__(self, columns: Mapping[str, Any], wanted: Optional[Iterable[str]] = None):
        names = list(columns) if wanted is None else [name for name in columns if name in set(wanted)]
        if not names and len(columns):
            names = [next(iter(columns))]  # the library says which column is not there
        self._columns = {str(name): column(str(name), columns[name]) for name in names}
        lengths = {name: c.length for name, c in self._columns.items()}
        first = next(iter(lengths.items()), None)
        for name, length in lengths.items():
            if length != first[1]:
                raise LmmError(
                    f"column {name!r} has {length} rows, and {first[0]!r} has {first[1]}.", "data", {"column": name})
        self.length = first[1] if first else 0
        self._given = False
        self.stream = ArrowArrayStream()
        self._callbacks = [
            _stream_fields["get_schema"](self._schema), _stream_fields["get_next"](self._next),
            _stream_fields["get_last_error"](lambda _: None), _stream_fields["release"](self._release),
        ]
        s = self.stream
        s.get_schema, s.get_next, s.get_last_error, s.release = self._callbacks

    def checksums(self) -> dict:
        return {name: column.checksum() for name, column in self._columns.items()}

    def _schema(self, _stream, out) -> int:
        children = []
        for name, c in self._columns.items():
            child = ArrowSchema()
            _schema_of(c.format, name, [], c.values, child)
            children.append(child)
        _schema_of("+s", "", children, None, out.contents)
        return 0

    def _next(self, _stream, out) -> int:
        if self._given:
            out.contents.release = _ReleaseArray()
            return 0
        self._given = True
        children = []
        for c in self._columns.values():
            child = ArrowArray()
            _array_of(c, child)
            children.append(child)
        _fill_array(out.contents, self.length, [None], 0, children, None)
        return 0

    def _release(self, stream) -> None:
        stream.contents.release = _stream_fields["release"]()

    @property
    def pointer(self) -> ctypes.c_void_p:
        return ctypes.cast(ctypes.pointer(self.stream), ctypes.c_void_p)


class CapsuleStream:
    """The stream of an object that has one to give."""

    def __init__(self, given: Any):
        self._capsule = given.__arrow_c_stream__()
        get = ctypes.pythonapi.PyCapsule_GetPointer
        get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        self.pointer = ctypes.c_void_p(get(self._capsule, b"arrow_array_stream"))


def _values(array: ArrowArray, format: str) -> Any:
    """Numbers as a NumPy array where there is NumPy, else as an array; texts as a list."""
    length = array.length
    if format == "u":
        offsets = ctypes.cast(array.buffers[1], ctypes.POINTER(ctypes.c_int32))
        base = array.buffers[2]
        return [ctypes.string_at(base + offsets[k], offsets[k + 1] - offsets[k]).decode() for k in range(length)]
    numbers = _array.array("d")
    if length:
        numbers.frombytes(ctypes.string_at(array.buffers[1], 8 * length))
    return numbers


def table(function: Any) -> dict:
    """Calls a function that fills a stream, and gives all its batches, column by column.

    Raises:
        LmmError: where the stream ends with an error.
    """
    stream = ArrowArrayStream()
    with listening():
        try:
            function(ctypes.byref(stream))
            result, failure = _read(stream)
        finally:
            if stream.release:
                stream.release(StreamPointer(stream))
    if failure is not None:
        raise LmmError(failure)
    try:
        import numpy as np
    except ImportError:
        return result
    return {
        name: np.frombuffer(values, dtype=np.float64).copy() if isinstance(values, _array.array) else values
        for name, values in result.items()
    }


def _read(stream: ArrowArrayStream) -> tuple:
    """Columns by name, and what went wrong."""
    pointer, schema, result = StreamPointer(stream), ArrowSchema(), {}
    stream.get_schema(pointer, ctypes.byref(schema))
    children = [schema.children[k].contents for k in range(schema.n_children)]
    names = [child.name.decode() for child in children]
    formats = [child.format.decode() for child in children]
    schema.release(ctypes.byref(schema))
    while True:
        batch = ArrowArray()
        if stream.get_next(pointer, ctypes.byref(batch)) != 0:
            words = stream.get_last_error(pointer)
            return result, words.decode() if words else "the stream ended with an error"
        if not batch.release:
            return result, None
        for k, name in enumerate(names):
            values = _values(batch.children[k].contents, formats[k])
            if name in result:
                result[name].extend(values)
            else:
                result[name] = values
        batch.release(ctypes.byref(batch))
