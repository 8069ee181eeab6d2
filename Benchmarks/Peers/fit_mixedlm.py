# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: fit_mixedlm.py DATA FORMULA | --version.  Prints one line of JSON."""
import json
import sys

import mixedlm
from in_process import timed

if sys.argv[1] == "--version":
    from importlib.metadata import version

    print(json.dumps({"version": f"mixedlm {version('mixedlm')}"}))
else:
    import pandas

    data = pandas.read_csv(sys.argv[1])
    fit, seconds = timed(lambda: mixedlm.lmer(sys.argv[2], data))
    print(json.dumps({
        "method": "REML", "criterion": float(fit.REMLcrit()), "converged": bool(fit.converged), **seconds}))
