# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: fit_mixedlm.py DATA FORMULA | --version.  Prints one line of JSON."""
import json
import sys

import mixedlm

if sys.argv[1] == "--version":
    from importlib.metadata import version

    print(json.dumps({"version": f"mixedlm {version('mixedlm')}"}))
else:
    import pandas

    fit = mixedlm.lmer(sys.argv[2], pandas.read_csv(sys.argv[1]))
    print(json.dumps({
        "method": "REML", "criterion": float(fit.REMLcrit()), "converged": bool(fit.converged)}))
