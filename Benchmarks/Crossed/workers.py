#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Workers and firms as in linked employer-employee data: a crossed design that hangs together loosely.

usage: workers.py WORKERS FIRMS [--moves 0.15]  > table.csv        (needs numpy)

Every worker has six yearly rows and changes firm with probability MOVES a year, nine times in ten to a firm of the
same region (of about 2000 firms); firms' sizes are Pareto with exponent 1.1. Standard deviations: workers 0.4, firms
0.25, residuals 0.2. Rows are written a few hundred thousand workers at a time, so that a pipe takes any number.
"""
import argparse
import sys

import numpy as np

YEARS, PER_REGION, PORTION = 6, 2000, 250_000


class Firms:
    """Firms by region, and draws of them in proportion to their sizes."""

    def __init__(self, count, random):
        self.regions = max(1, count // PER_REGION)
        region = np.sort(random.integers(0, self.regions, count))
        self.cumulative = np.cumsum(1 + random.pareto(1.1, count))
        bounds = np.searchsorted(region, np.arange(self.regions + 1))
        before = np.concatenate([[0.0], self.cumulative])
        self.low, self.high = before[bounds[:-1]], before[bounds[1:]]
        self.effects = 0.25 * random.normal(size=count)

    def draw(self, region, random):
        size = self.low[region] + (self.high[region] - self.low[region]) * random.random(region.size)
        return np.minimum(np.searchsorted(self.cumulative, size), self.effects.size - 1)


def histories(firms, count, moves, random):
    """Firms of `count` workers, a row for each worker and a column for each year."""
    home = random.integers(0, firms.regions, count)
    held = np.empty((count, YEARS), np.int64)
    held[:, 0] = firms.draw(home, random)
    for year in range(1, YEARS):
        leaves = random.random(count) < 0.1
        region = np.where(leaves, random.integers(0, firms.regions, count), home)
        moved = random.random(count) < moves
        held[:, year] = np.where(moved, firms.draw(region, random), held[:, year - 1])
    return held


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workers", type=int)
    parser.add_argument("firms", type=int)
    parser.add_argument("--moves", type=float, default=0.15, help="probability a year (0.15)")
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    firms = Firms(arguments.firms, random)
    out = sys.stdout
    out.write("y,year,x,worker,firm\n")
    for first in range(0, arguments.workers, PORTION):
        count = min(PORTION, arguments.workers - first)
        firm = histories(firms, count, arguments.moves, random).ravel()
        worker = np.repeat(np.arange(first, first + count), YEARS)
        year = np.tile(np.arange(YEARS), count)
        x = random.normal(size=firm.size)
        y = (2 + 0.02 * year + 0.1 * x + np.repeat(0.4 * random.normal(size=count), YEARS)
             + firms.effects[firm] + 0.2 * random.normal(size=firm.size))
        out.write("\n".join(
            f"{a:.4f},{b},{c:.4f},{d},{e}"
            for a, b, c, d, e in zip(y.tolist(), (year + 2000).tolist(), x.tolist(),
                                     worker.tolist(), firm.tolist())) + "\n")


if __name__ == "__main__":
    main()
