# SPDX-License-Identifier: GPL-2.0-or-later
"""Small random mixed models: several terms, factors and slopes, singular ones, few rows."""
import numpy as np


class RandomModel:
    """A formula, its data, and the matrices that they mean."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.kind = self.random.choice(["REML", "ML"])
        self.columns = self._columns()
        self.fixed = self._fixed()
        self.terms = self._terms()
        self.columns["y"] = self._response()

    @property
    def formula(self):
        return "y ~ " + " + ".join([self.fixed] + [text for text, _, _ in self.terms])

    def csv(self):
        names = list(self.columns)
        rows = zip(*(self.columns[name] for name in names))
        cells = (",".join(v if isinstance(v, str) else repr(float(v)) for v in row) for row in rows)
        return ",".join(names) + "\n" + "\n".join(cells) + "\n"

    # Data

    def _columns(self):
        random = self.random
        n = int(random.choice([15, 20, 25, 30, 40, 60, 90], p=[.1, .2, .2, .2, .17, .1, .03]))
        levels = [int(random.integers(3, 10)), int(random.integers(2, 7))]
        if random.random() < 0.3:  # balanced
            cell = np.arange(n)
            g1, g2 = cell % levels[0], (cell // levels[0]) % levels[1]
        else:
            g1 = random.choice(levels[0], n, p=random.dirichlet([3] * levels[0]))
            g2 = random.integers(0, levels[1], n)
        style = random.random()
        if style < 0.45:
            x = random.normal(size=n)
        elif style < 0.65:
            x = random.integers(0, 10, n).astype(float)
        elif style < 0.8:
            x = random.normal(size=levels[1])[g2]
        else:
            x = 1e4 + 5 * random.normal(size=n)
        f = random.integers(0, random.integers(2, 5), n)
        columns = {
            "x": np.round(x, 6), "z": np.round(random.gamma(2, size=n), 6),
            "f": ["abcd"[k] for k in f], "h": ["uv"[k] for k in random.integers(0, 2, n)],
            "g1": [f"s{k}" for k in g1], "g2": [f"t{k}" for k in g2],
        }
        columns["xx"] = np.round(2 * columns["x"] - 3 + (style < 0.1) * random.normal(size=n), 6)
        return columns

    def _codes(self, name):
        labels = ["|".join(row) for row in zip(*(self.columns[part] for part in name.split(":")))]
        return np.unique(labels, return_inverse=True)[1]

    def _indicators(self, name):
        codes = self._codes(name)
        return np.eye(codes.max() + 1)[codes]

    # Model matrices

    def _part(self, text):
        """Columns of one variable, a factor by treatment contrasts."""
        if text == "1":
            return np.ones((len(self.columns["x"]), 1))
        if ":" in text:
            a, b = (self._part(part) for part in text.split(":"))
            return np.einsum("ij,ik->ijk", a, b).reshape(len(a), -1)
        if text in ("f", "h"):
            return self._indicators(text)[:, 1:]
        if text == "I(x^2)":
            return self.columns["x"][:, None] ** 2
        return self.columns[text][:, None]

    def _fixed(self):
        choices = {
            "1": ["1"], "x": ["1", "x"], "x + f": ["1", "x", "f"], "f": ["1", "f"],
            "x * f": ["1", "x", "f", "x:f"], "x + I(x^2)": ["1", "x", "I(x^2)"],
            "x + xx + f": ["1", "x", "xx", "f"], "h + z": ["1", "h", "z"],
        }
        text = str(self.random.choice(list(choices)))
        self.X = np.hstack([self._part(part) for part in choices[text]])
        return text

    def _terms(self):
        one, x, z = self._part("1"), self._part("x"), self._part("z")
        f, h = self._part("f"), self._part("h")
        whole = self._indicators("f")
        pool = [
            ("(1 | {})", [one]), ("(x | {})", [np.hstack([one, x])]), ("(x || {})", [one, x]),
            ("(0 + x | {})", [x]), ("(0 + f | {})", [whole]), ("(f | {})", [np.hstack([one, f])]),
            ("(x + z | {})", [np.hstack([one, x, z])]), ("(0 + x + z | {})", [np.hstack([x, z])]),
            ("(h | {})", [np.hstack([one, h])]), ("(x + z || {})", [one, x, z]),
        ]
        chosen, taken = [], set()
        count = int(self.random.choice([1, 2, 3, 4], p=[.1, .3, .35, .25]))
        for _ in range(20 * count):
            if len(chosen) == count:
                break
            text, blocks = pool[self.random.integers(len(pool))]
            group = str(self.random.choice(["g1", "g2", "g1:g2"], p=[.5, .3, .2]))
            name = text.format(group)
            # One variable only once for a group, so that not only sums are determined.
            marks = {(group, part) for part in self._marks(text)}
            if marks & taken:
                continue
            # lme4 refuses a term with as many effects as rows: its variance would be the residual's.
            levels = self._codes(group).max() + 1
            if levels * sum(b.shape[1] for b in blocks) >= len(one):
                continue
            taken |= marks
            chosen.append((name, group, blocks))
        return chosen

    @staticmethod
    def _marks(text):
        left = text[1:].split("|")[0]
        marks = {part for part in ("x", "z", "f", "h") if part in left.split()}
        return marks | (set() if "0 +" in left and "f" not in left else {"1"})

    # Response

    def _response(self):
        random = self.random
        n = len(self.columns["x"])
        y = random.normal(size=n) * (random.standard_t(3, size=n) if random.random() < 0.15 else 1)
        x = self.X / np.maximum(np.abs(self.X).max(0), 1e-12)
        y = y + x @ random.normal(size=x.shape[1])
        for _, group, blocks in self.terms:
            codes = self._codes(group)
            for columns in blocks:
                if random.random() < 0.4:
                    continue
                size = columns.shape[1]
                scaled = columns - (columns.mean(0) if size == 1 and columns.std() > 0 else 0)
                scaled = scaled / np.maximum(np.sqrt((scaled**2).mean(0)), 1e-12)
                rank = int(random.integers(1, size + 1))
                root = random.normal(size=(size, rank)) * 10 ** random.uniform(-1, 0.7)
                effects = random.normal(size=(codes.max() + 1, rank)) @ root.T
                y = y + (scaled * effects[codes]).sum(1)
        return np.round(y, 8)

    # For the reference

    def text(self):
        """The model as `reference` reads it; None where X leaves nothing."""
        kept = []
        for j in range(self.X.shape[1]):
            trial = self.X[:, kept + [j]]
            norms = np.sqrt((trial**2).sum(0))
            if norms[-1] > 0 and np.linalg.svd(trial / norms, compute_uv=False)[-1] > 1e-9:
                kept.append(j)
        X = self.X[:, kept]
        Q, R = np.linalg.qr(X)
        n, p = X.shape
        if n <= p + 1:
            return None
        shift = float(2 * np.log(np.abs(np.diag(R))).sum())
        lines = [f"{n} {p} {int(self.kind == 'REML')} {shift!r}"]
        lines += [" ".join(map(repr, row)) for row in Q.tolist()]
        y = self.columns["y"]
        lines += [repr(v) for v in (y - Q @ (Q.T @ y)).tolist()]
        blocks = [(self._codes(group), b) for _, group, bs in self.terms for b in bs]
        lines.append(str(len(blocks)))
        for codes, columns in blocks:
            if columns.shape[1] > 1:  # an unstructured covariance: any basis will do
                left, values, right = np.linalg.svd(columns, full_matrices=False)
                columns = left * np.sqrt(n)
            else:
                columns = columns / max(np.sqrt((columns**2).mean()), 1e-300)
            lines.append(f"{columns.shape[1]} {codes.max() + 1}")
            lines += [f"{c} " + " ".join(map(repr, row)) for c, row in zip(codes, columns.tolist())]
        return "\n".join(lines) + "\n"

    @property
    def parameters(self):
        sizes = [b.shape[1] for _, _, blocks in self.terms for b in blocks]
        return sum(size * (size + 1) // 2 for size in sizes)
