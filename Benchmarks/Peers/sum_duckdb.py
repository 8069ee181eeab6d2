# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: sum_duckdb.py DATA FORMULA | --version.  Prints one line of JSON.

No model: the sums that one needs, by one GROUP BY over the file.
"""
import json
import sys

import duckdb
from model_columns import sums

if sys.argv[1] == "--version":
    print(json.dumps({"version": f"duckdb {duckdb.__version__}"}))
else:
    table = duckdb.sql(f"FROM read_csv('{sys.argv[1]}')")
    types = dict(zip(table.columns, map(str, table.types)))
    by, products = sums(sys.argv[2], lambda name: types[name] != "VARCHAR")
    quoted = [f'"{name}"' for name in by]
    terms = [
        "sum(" + " * ".join(f'"{name}"' for name in names) + f") AS s{k}"
        for k, names in enumerate(products)]
    # Into a table: a query that counts its rows would leave the sums out.
    duckdb.sql(
        f"CREATE TABLE sums AS SELECT {', '.join(quoted)}, count(*) AS n, {', '.join(terms)} "
        f"FROM read_csv('{sys.argv[1]}') GROUP BY {', '.join(quoted)}")
    groups, rows = duckdb.sql("SELECT count(*), sum(n) FROM sums").fetchall()[0]
    print(json.dumps({"method": "sums", "groups": groups, "rows": int(rows), "sums": len(terms)}))
