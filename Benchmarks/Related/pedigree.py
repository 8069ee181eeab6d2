# SPDX-License-Identifier: GPL-2.0-or-later
"""Simulated pedigrees with records: generations of one size, of each of which a few are sires and some dams of
the next, mated at random.

Breeding values are drawn down the pedigree, with half the additive variance within families: inbreeding, which is
little among so many parents, is left out of the simulated values (the models that are fitted have it).
"""
from pathlib import Path

ADDITIVE, RESIDUAL = 0.4, 0.6


def pedigree(folder, animals, records=2, generations=10, sires=0.02, dams=0.4, seed=1):
    """Writes pedigree.csv and records.csv (animal, sex, age, y; `records` of every animal); returns their paths."""
    import numpy as np

    random = np.random.default_rng(seed)
    size = animals // generations
    n = size * generations
    fathers, mothers = max(1, int(sires * size)), max(1, int(dams * size))
    sire, dam, value = (np.full(n, -1), np.full(n, -1), np.empty(n))
    for k in range(generations):
        own = slice(k * size, (k + 1) * size)
        if k == 0:
            value[own] = random.normal(0, ADDITIVE**0.5, size)
            continue
        first = (k - 1) * size
        sire[own] = first + random.integers(0, fathers, size)
        dam[own] = first + fathers + random.integers(0, mothers, size)
        value[own] = (value[sire[own]] + value[dam[own]]) / 2 + random.normal(0, (ADDITIVE / 2) ** 0.5, size)
    name = [f"A{k + 1}" for k in range(n)] + [""]
    paths = [Path(folder) / f"pedigree-{animals}.csv", Path(folder) / f"records-{animals}x{records}.csv"]
    with open(paths[0], "w") as file:
        file.write("animal,sire,dam\n")
        for k in range(n):
            file.write(f"{name[k]},{name[sire[k]]},{name[dam[k]]}\n")
    with open(paths[1], "w") as file:
        file.write("animal,sex,age,y\n")
        for first in range(0, n, 100_000):
            of = np.repeat(np.arange(first, min(first + 100_000, n)), records)
            sex = of % 2
            age = random.uniform(1, 6, len(of)).round(2)
            y = 10 + 0.5 * sex + 0.3 * age + value[of] + random.normal(0, RESIDUAL**0.5, len(of))
            file.writelines(
                f"{name[a]},{'FM'[s]},{x},{v:.4f}\n" for a, s, x, v in zip(of, sex, age, y))
    return [str(path) for path in paths]


if __name__ == "__main__":
    import sys

    print(*pedigree(sys.argv[1], int(sys.argv[2]), *(int(x) for x in sys.argv[3:4])))
