# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: sum_polars.py DATA FORMULA | --version.  Prints one line of JSON.

No model: the sums that one needs, by one group_by over the file.
"""
import json
import math
import sys

import polars
from model_columns import sums

if sys.argv[1] == "--version":
    print(json.dumps({"version": f"polars {polars.__version__}"}))
else:
    table = polars.scan_csv(sys.argv[1])
    types = table.collect_schema()
    by, products = sums(sys.argv[2], lambda name: types[name].is_numeric())
    terms = [
        math.prod(map(polars.col, names), start=polars.lit(1.0)).sum().alias(f"s{k}")
        for k, names in enumerate(products)]
    table = table.group_by(by).agg(polars.len().alias("n"), *terms).collect(engine="streaming")
    print(json.dumps({
        "method": "sums", "groups": table.height, "rows": int(table["n"].sum()),
        "sums": len(terms)}))
