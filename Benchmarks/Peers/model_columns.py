# SPDX-License-Identifier: GPL-2.0-or-later
"""The columns that a formula such as 'y ~ x * f + (1 + x | a/b)' reads."""
import re

RANDOM = r"\(([^|()]*)\|+([^|()]*)\)"


def grouping_columns(formula):
    """Columns behind the bars, each once, in their order."""
    names = (re.split("[/:]", group) for _, group in re.findall(RANDOM, formula))
    return list(dict.fromkeys(name.strip() for split in names for name in split))


def numeric_products(formula):
    """The response and the terms, as tuples of columns whose product each is, without doubles."""
    response, fixed = re.sub(r"\+?\s*" + RANDOM, "", formula).split("~")
    parts = [fixed, *(columns for columns, _ in re.findall(RANDOM, formula))]
    products = [(response.strip(),)]
    for term in (term for part in parts for term in part.split("+")):
        products += expanded(term)
    return list(dict.fromkeys(products))


def expanded(term):
    """'a * b' → a, b, a:b; nothing of '0' and '1'."""
    subsets = [()]
    for factor in term.split("*"):
        names = tuple(name.strip() for name in factor.split(":"))
        if names in (("",), ("0",), ("1",)):
            continue
        subsets += [subset + names for subset in subsets]
    return subsets[1:]


def sums(formula, is_numeric):
    """What to group by, and the products of columns to sum up in each group: those of which
    [Z X y]ᵀ[Z X y] consists. `is_numeric` tells of a column; labels become part of the group."""
    by, single = grouping_columns(formula), []
    for names in numeric_products(formula):
        by += [name for name in names if name not in by and not is_numeric(name)]
        single.append(tuple(name for name in names if name not in by))
    single = [names for names in dict.fromkeys(single) if names]
    pairs = [a + b for i, a in enumerate(single) for b in single[i:]]
    return by, list(dict.fromkeys(tuple(sorted(product)) for product in single + pairs))
