# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: fit_lmmsparse.py DATA FORMULA | --version.  Prints one line of JSON.

The Python package, of the checkout unless another one is installed, on a pandas frame; LMMSPARSE_LIBRARY names the
library, by default the release build."""
import json
import os
import sys
from pathlib import Path

from in_process import timed
from model_columns import grouping_columns

ROOT = Path(__file__).resolve().parent.parent.parent
try:
    import lmmsparse
except ImportError:
    sys.path.append(str(ROOT / "Sources/Python"))
    os.environ.setdefault("LMMSPARSE_LIBRARY", str(ROOT / ".build/release/liblmmsparse.so"))
    import lmmsparse

if sys.argv[1] == "--version":
    print(json.dumps({"version": f"lmmsparse {lmmsparse.version()}"}))
else:
    import pandas

    lmmsparse.version()  # the library is loaded
    groups = {name: "category" for name in grouping_columns(sys.argv[2])}
    data = pandas.read_csv(sys.argv[1], dtype=groups)
    fit, seconds = timed(lambda: lmmsparse.fit(sys.argv[2], data, residuals=False))
    print(json.dumps({"method": "REML", "criterion": fit.criterion, "converged": fit.converged, **seconds}))
