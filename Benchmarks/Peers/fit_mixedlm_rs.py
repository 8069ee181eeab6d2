# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: fit_mixedlm_rs.py DATA FORMULA | --version.  Prints one line of JSON."""
import json
import sys

import mixedlm_rs
from in_process import timed
from single_group import split

if sys.argv[1] == "--version":
    print(json.dumps({"version": f"mixedlm-rs {mixedlm_rs.__version__}"}))
else:
    fixed, columns, group = split(sys.argv[2])
    import pandas

    data = pandas.read_csv(sys.argv[1])
    fit, seconds = timed(
        lambda: mixedlm_rs.mixedlm(fixed, data, groups=group, re_formula="~" + columns).fit())
    print(json.dumps({
        "method": "REML", "criterion": -2 * float(fit.llf), "converged": bool(fit.converged), **seconds}))
