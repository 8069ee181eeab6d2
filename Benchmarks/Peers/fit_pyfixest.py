# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: fit_pyfixest.py DATA FORMULA [map|within [TOLERANCE]] | --version.  Prints one line of JSON.

`map`, the default, is alternating projections, `within` preconditioned LSMR; tolerances are 1e-6 and 1e-8 unless given.

`fit_seconds` and `fit_cpu_seconds` are those of the fit alone, without the imports and the file, after a small fit that
has everything compiled."""
import json
import sys

import pandas
import pyfixest
from in_process import timed

if sys.argv[1] == "--version":
    print(json.dumps({"version": f"pyfixest {pyfixest.__version__}"}))
else:
    method, *tolerance = sys.argv[3:] or ["map"]
    tolerance = [float(value) for value in tolerance]
    options = {}
    if method == "within":
        from pyfixest.demeaners import LsmrDemeaner
        options["demeaner"] = LsmrDemeaner(**{name: tolerance[0] for name in ("fixef_atol", "fixef_btol") if tolerance})
    elif tolerance:
        options["fixef_tol"] = tolerance[0]
    table = pandas.read_csv(sys.argv[1])
    small = table.head(2000)
    pyfixest.feols(sys.argv[2], small, vcov="iid", fixef_rm="none", **options)
    fit, seconds = timed(lambda: pyfixest.feols(
        sys.argv[2], table, vcov="iid", fixef_rm="none", copy_data=False, store_data=False, lean=True, **options))
    coefficients = fit.coef()
    print(json.dumps({
        "coefficients": {name: float(value) for name, value in coefficients.items()},
        "nobs": int(len(table)), **seconds}))
