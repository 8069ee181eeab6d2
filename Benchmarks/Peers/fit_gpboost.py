# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: fit_gpboost.py DATA FORMULA | --version.  Prints one line of JSON.

Maximum likelihood only, and random slopes uncorrelated with the intercepts: it takes the workloads of random intercepts.
"""
import json
import re
import sys

import gpboost
from in_process import timed


def grouping_factors(formula):
    """Columns of every (1 | …) in turn; 'a/b' gives a and a:b. Exits if there are slopes."""
    groups = []
    for columns, group in re.findall(r"\(([^|()]*)\|([^|()]*)\)", formula):
        if columns.strip() != "1":
            print("random intercepts only (slopes would be uncorrelated)", file=sys.stderr)
            sys.exit(3)
        names = [name.strip() for name in group.split("/")]
        groups += [names[: i + 1] for i in range(len(names))]
    return groups


if sys.argv[1] == "--version":
    print(json.dumps({"version": f"gpboost {gpboost.__version__}"}))
else:
    groups = grouping_factors(sys.argv[2])
    import numpy
    import pandas

    data = pandas.read_csv(sys.argv[1])
    fixed = re.sub(r"\+?\s*\([^()]*\|[^()]*\)", "", sys.argv[2]).split("~")[1]
    names = [name.strip() for name in fixed.split("+") if name.strip() not in ("", "1")]
    X = numpy.column_stack([numpy.ones(len(data)), *(data[name] for name in names)])
    labels = [data.groupby(names, sort=False).ngroup().to_numpy() for names in groups]

    def fitted():
        model = gpboost.GPModel(group_data=numpy.column_stack(labels), likelihood="gaussian")
        model.fit(y=data["y"].to_numpy(), X=X)
        return model

    model, seconds = timed(fitted)
    print(json.dumps({
        "method": "ML", "criterion": 2 * float(model.get_current_neg_log_likelihood()), **seconds}))
