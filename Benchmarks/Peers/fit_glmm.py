# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: fit_glmm.py DATA FORMULA | --version.  Prints one line of JSON."""
import json
import sys

import glmm
from in_process import timed
from model_columns import grouping_columns

if sys.argv[1] == "--version":
    from importlib.metadata import version

    print(json.dumps({"version": f"glmm {version('glmm')}"}))
else:
    import pandas

    # Numbers would be read as a covariate; labels are a grouping factor.
    groups = {name: str for name in grouping_columns(sys.argv[2])}
    data = pandas.read_csv(sys.argv[1], dtype=groups)
    fit, seconds = timed(lambda: glmm.fit(data, sys.argv[2], reml=True))
    print(json.dumps({
        "method": "REML", "criterion": -2 * float(fit.loglik), "converged": bool(fit.converged), **seconds}))
