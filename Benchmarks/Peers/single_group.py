# SPDX-License-Identifier: GPL-2.0-or-later
"""Formulas for packages that take fixed effects, one grouping factor and its columns apart."""
import re
import sys

UNSUPPORTED = 3  # exit status


def split(formula):
    """'y ~ x + (1 + x | g)' → ('y ~ x', '1 + x', 'g'); exits if there is more than one group."""
    terms = re.findall(r"\(([^|()]*)\|([^|()]*)\)", formula)
    if len(terms) != 1 or not terms[0][1].strip().isidentifier():
        print("one grouping factor only", file=sys.stderr)
        sys.exit(UNSUPPORTED)
    fixed = re.sub(r"\+?\s*\([^()]*\|[^()]*\)", "", formula).strip()
    return fixed, terms[0][0].strip(), terms[0][1].strip()
