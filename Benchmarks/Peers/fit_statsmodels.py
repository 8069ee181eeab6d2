# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: fit_statsmodels.py DATA FORMULA | --version.  Prints one line of JSON."""
import json
import sys

import statsmodels
from in_process import timed
from single_group import split

if sys.argv[1] == "--version":
    print(json.dumps({"version": f"statsmodels {statsmodels.__version__}"}))
else:
    fixed, columns, group = split(sys.argv[2])
    import pandas
    import statsmodels.formula.api as formulas

    data = pandas.read_csv(sys.argv[1])
    fit, seconds = timed(
        lambda: formulas.mixedlm(fixed, data, groups=group, re_formula="~" + columns).fit())
    print(json.dumps({
        "method": "REML", "criterion": -2 * float(fit.llf), "converged": bool(fit.converged), **seconds}))
