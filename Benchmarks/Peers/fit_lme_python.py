# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: fit_lme_python.py DATA FORMULA | --version.  Prints one line of JSON."""
import json
import sys

import lme_python
from in_process import timed
from model_columns import grouping_columns

if sys.argv[1] == "--version":
    from importlib.metadata import version

    print(json.dumps({"version": f"lme-python {version('lme-python')}, polars {version('polars')}"}))
else:
    import polars

    groups = {name: polars.String for name in grouping_columns(sys.argv[2])}
    data = polars.read_csv(sys.argv[1], schema_overrides=groups)
    fit, seconds = timed(lambda: lme_python.lmer(sys.argv[2], data, reml=True))
    print(json.dumps({
        "method": "REML", "criterion": float(fit.reml_criterion), "converged": bool(fit.converged), **seconds}))
