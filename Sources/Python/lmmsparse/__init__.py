# SPDX-License-Identifier: GPL-2.0-or-later
"""Linear mixed-effects models for very large grouped data.

    >>> import lmmsparse
    >>> m = lmmsparse.fit("y ~ x + (1 + x | g)", frame)      # doctest: +SKIP
    >>> print(m)                                             # doctest: +SKIP

The engine is lmm-sparse: rows are read once, batch by batch, and memory depends on the number of levels, not of rows. There
are no dependencies; NumPy, pandas, Polars, PyArrow and DuckDB are used where they are there.
"""
from ._fit import Fit, pool
from ._fitting import fit, lmer, load, plan
from ._library import LmmError, LmmNote, info, version
from ._plots import Figure
from ._products import Products, crossprod, load_products, merge
from ._responses import Fits, ResponseFit, fit_many
from ._tables import Result, Table

__all__ = [
    "Figure", "Fit", "Fits", "LmmError", "LmmNote", "Products", "ResponseFit", "Result", "Table", "crossprod", "fit",
    "fit_many", "info", "lmer", "load", "load_products", "merge", "plan", "pool", "version",
]


def __getattr__(name: str):
    if name == "__version__":
        return version()
    raise AttributeError(name)
