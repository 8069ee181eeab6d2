# SPDX-License-Identifier: GPL-2.0-or-later
"""Cross-products of rows, which add up."""
from __future__ import annotations

import ctypes
import os
import uuid
from typing import Any, Iterable, Mapping, Optional, Sequence, Union

from . import _data
from ._bytes import read, written
from ._files import InputFiles
from ._fit import Fit, tests_of
from ._library import Handle, LmmError, call, encoded
from ._options import ROWS, Columns, options as _options, restricted
from ._progress import ProgressArgument, listener
from ._reading import stream_options, used_columns


def crossprod(
    formula: str, data: Any, *, weights: Optional[str] = None, offset: Optional[str] = None, factor: Columns = None,
    levels: Optional[Mapping[str, Sequence[Any]]] = None, contrasts: Optional[Mapping[str, Any]] = None,
    na: str = "omit", missing: Columns = None, absorb: Columns = None, residual_by: Optional[str] = None,
    residual: Optional[str] = None, cluster: Optional[str] = None, threads: Optional[int] = None,
    progress: ProgressArgument = None,
) -> "Products":
    """The share of some rows in a model: all that it needs of them, in a size that depends on levels and not on rows.

    Partitions of a table are added up by ``merge``, in any order, and fitted by ``Products.fit``: with Spark, Dask, Ray
    or a process pool, since products can be pickled. With ``residual`` all rows of a subject must be in one of them.
    """
    options = _options(locals(), without=("data", "progress"))
    rows = _data.rows(data, used_columns(options))
    products = Handle("lmm_free_products")
    answer = call(
        "lmm_crossprod", rows.pointer, encoded(stream_options(rows, options)), ctypes.byref(products.pointer),
        progress=listener(progress))
    return Products(products, answer, {uuid.uuid4().bytes}, InputFiles.of(_data.files_of(data), options))


def merge(parts: Iterable["Products"]) -> "Products":
    """The sum of cross-products of one model, which took the same options and orders of levels; levels themselves may be
    in some parts only.

    Rows count once: products that are given twice, by themselves, copied, pickled or within a sum, and one file that is
    loaded twice, are refused. Whether two calls of ``crossprod`` had the same rows, nobody knows.

    Raises:
        LmmError: for products of different models, and for those of the same rows.
    """
    if not isinstance(parts, Iterable) or isinstance(parts, (Products, bytes, str)):
        raise _no_products(parts)
    parts = list(parts)
    for part in parts:
        if not isinstance(part, Products):
            raise _no_products(part)
    if not parts:
        raise LmmError("there is nothing to be merged: give the Products of one part of the rows at least.", "request")
    rows: set = set()
    for place, part in enumerate(parts, 1):
        if not rows.isdisjoint(part._rows):
            raise LmmError(f"part {place} has rows that a part before it has, and rows count once.", "request")
        rows |= part._rows
    pointers = (ctypes.c_void_p * len(parts))(*[part._products.pointer.value for part in parts])
    sum = Handle("lmm_free_products")
    try:
        answer = call("lmm_merge", pointers, len(parts), ctypes.byref(sum.pointer))
    except LmmError as error:
        if ": the levels of " not in str(error):
            raise
        raise LmmError(
            f"{error} A pandas Categorical and an Enum of Polars bring the order of their categories: give all parts the "
            "same ones, or crossprod() of every part levels= for the column.", error.code, error.place) from None
    return Products(sum, answer, rows, InputFiles(name for part in parts for name in part._inputs.names))


def _no_products(value: Any) -> LmmError:
    hint = "Products.from_bytes() makes them of bytes" if isinstance(value, bytes) else \
        "load_products() reads them from a file" if isinstance(value, (str, os.PathLike)) else \
        "crossprod() makes them"
    return LmmError(f"merge() takes a list of Products, and got {type(value).__name__}: {hint}.", "request")


def load_products(path: Union[str, os.PathLike]) -> "Products":
    """Cross-products that were saved, by this package or by the program's ``crossprod``."""
    file = os.stat(path) if os.path.exists(path) else None
    products = Handle("lmm_free_products")
    answer = call("lmm_load_products", os.fsencode(path), ctypes.byref(products.pointer))
    return Products(products, answer, {file and (file.st_dev, file.st_ino, file.st_mtime_ns, file.st_size)})


class Products:
    """Cross-products of some rows; they add up: ``a + b``, and can be pickled.

    Attributes:
        json: ``formula``, ``nobs``, ``nobs_omitted``, ``data`` and ``messages``.
    """

    def __init__(self, products: Handle, answer: dict, rows: Iterable[Any], inputs: Optional[InputFiles] = None):
        self._products, self._rows, self._inputs = products, frozenset(rows), inputs or InputFiles()
        self.json = answer

    formula = property(lambda self: self.json["formula"])
    nobs = property(lambda self: self.json["nobs"])

    def __add__(self, other: "Products") -> "Products":
        if not isinstance(other, Products):
            return NotImplemented
        return merge([self, other])

    def __repr__(self) -> str:
        return f"Cross-products of {self.formula}: {self.nobs} rows"

    def fit(
        self, formula: Optional[str] = None, reml: Optional[bool] = None, *, ml: Optional[bool] = None,
        progress: ProgressArgument = None, **options: Any,
    ) -> Fit:
        """Fits their model, or one with fewer terms; ``options`` are those of ``fit`` that are not about rows."""
        return self._fit(_options({"formula": formula, "reml": restricted(reml, ml), **options}), progress)

    def _fit(self, options: dict, progress: ProgressArgument) -> Fit:
        given = [k for k in ROWS if options.get(k) not in (None, "omit")]
        if given:
            raise LmmError(f"{given[0]}= belongs to crossprod(): the cross-products are made.", "request")
        options = {k: v for k, v in options.items() if k not in ROWS}
        model = Handle("lmm_free")
        answer = call(
            "lmm_fit_products", self._products.pointer, encoded(options), ctypes.byref(model.pointer),
            progress=listener(progress))
        return Fit(model, answer, "pandas" if _data._importable("pandas") else "columns", tests_of(options), None, self._inputs)

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Writes them to a file that the program reads, too: whole or not at all."""
        self._inputs.refuse(path)
        call("lmm_save_products", self._products.pointer, os.fsencode(path))

    def to_bytes(self) -> bytes:
        return written(lambda path: call("lmm_save_products", self._products.pointer, os.fsencode(path)))

    @staticmethod
    def from_bytes(data: bytes) -> "Products":
        """
        Raises:
            LmmError: for bytes that are none of ``to_bytes``.
        """
        products = read(data, load_products)
        return Products(products._products, products.json, {uuid.uuid4().bytes})

    def __reduce__(self):
        return _restored, (self.to_bytes(), self._rows, self._inputs.names)

    def __copy__(self) -> "Products":
        return self  # products do not change

    def __deepcopy__(self, _: dict) -> "Products":
        return self


def _restored(data: bytes, rows: frozenset, inputs: list) -> Products:
    products = read(data, load_products)
    return Products(products._products, products.json, rows, InputFiles(inputs))
