# SPDX-License-Identifier: GPL-2.0-or-later
"""What Python's own values are taken for: formulas with a dot, types of columns, options, and what is wrong with them."""
import csv
import importlib.util
import unittest
import uuid
import warnings
from pathlib import Path

import lmmsparse
from lmmsparse import LmmError

SLEEP = str(Path(__file__).parent.parent.parent / "data/sleepstudy.csv")
FORMULA = "Reaction ~ Days + (Days | Subject)"
SIMPLE = "Reaction ~ Days + (1 | Subject)"


def have(*names):
    return all(importlib.util.find_spec(name) for name in names)


def columns():
    with open(SLEEP, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        "Reaction": [float(row["Reaction"]) for row in rows], "Days": [float(row["Days"]) for row in rows],
        "Subject": [row["Subject"] for row in rows],
    }


def labels(column):
    """The levels of a column as a grouping factor, from a fit of all rows."""
    return list(lmmsparse.fit("Reaction ~ 1 + (1 | q)", {**columns(), "q": column}, ddf="none").ranef()["level"])


class Dots(unittest.TestCase):
    def test_all_kinds_of_data(self):
        expected = lmmsparse.fit(FORMULA, SLEEP)
        kinds = {"dict": columns(), "file": SLEEP}
        if have("pandas"):
            import pandas as pd

            kinds["pandas"] = pd.DataFrame(columns())
        if have("polars"):
            import polars as pl

            kinds["Polars"] = pl.DataFrame(columns())
            kinds["lazy"] = kinds["Polars"].lazy()
        if have("pyarrow"):
            import pyarrow as pa

            kinds["PyArrow"] = pa.table(columns())
        if have("duckdb"):
            import duckdb

            kinds["DuckDB"] = duckdb.sql(f"SELECT * FROM read_csv('{SLEEP}', types={{'Subject': 'VARCHAR'}})")
        for name, data in kinds.items():
            fit = lmmsparse.fit("Reaction ~ . + (Days | Subject)", data)
            self.assertEqual((fit.criterion, fit.fixef), (expected.criterion, expected.fixef), name)
            self.assertEqual(lmmsparse.crossprod("Reaction ~ . + (1 | Subject)", data).nobs, 180)
            self.assertEqual(lmmsparse.plan("Reaction ~ . + (1 | Subject)", data)["n_fixed"], 2)
        self.assertEqual(len(lmmsparse.fit("Reaction ~ . + (1 | Subject)", columns()).resid), 180)

    def test_columns_with_another_place(self):
        data = {**columns(), "w": [1.0 + k % 3 for k in range(180)], "z": [float(k % 7) for k in range(180)]}
        fit = lmmsparse.fit("Reaction ~ . + (1 | Subject)", data, weights="1 / w", offset="z")
        self.assertEqual(list(fit.fixef), ["(Intercept)", "Days"])
        self.assertEqual(
            list(lmmsparse.fit("Reaction ~ . + (1 | Subject)", data, drop="z").fixef), ["(Intercept)", "Days", "w"])

    def test_where_it_cannot_stand(self):
        for formula in ("Reaction ~ log(.) + (1 | Subject)", ". ~ Days + (1 | Subject)"):
            with self.assertRaisesRegex(LmmError, '"." cannot stand here'):
                lmmsparse.fit(formula, columns())
        with self.assertRaisesRegex(LmmError, "'odd' has values of object"):
            lmmsparse.fit("Reaction ~ . + (1 | Subject)", {**columns(), "odd": [object()] * 180})


class Types(unittest.TestCase):
    def test_whole_numbers(self):
        large = [2**63 + int(s) for s in columns()["Subject"]]
        self.assertEqual(labels(large), sorted({str(one) for one in large}))
        for numbers in ([10**25 + k for k in range(180)], [-2**63 - 1] * 180):
            with self.assertRaisesRegex(LmmError, "'q' has integers beyond 64 bits"):
                labels(numbers)

    def test_texts_that_are_none(self):
        for text in ("\ud800", b"\xff"):
            with self.assertRaisesRegex(LmmError, "column 'q' has a text that cannot be written as UTF-8"):
                labels([text] * 180)

    def test_uuids(self):
        values = [uuid.UUID(int=k % 5) for k in range(180)]
        expected = [str(uuid.UUID(int=k)) for k in range(5)]
        self.assertEqual(labels(values), expected)
        if have("pyarrow", "pandas"):
            import pandas as pd
            import pyarrow as pa

            self.assertEqual(labels(pd.Series(values)), expected)
            table = pa.table({**columns(), "q": pa.array([one.bytes for one in values], pa.binary(16))})
            if hasattr(pa, "uuid"):
                table = table.set_column(3, "q", table["q"].cast(pa.uuid()))
                fit = lmmsparse.fit("Reaction ~ 1 + (1 | q)", table, ddf="none")
                self.assertEqual(fit.ranef()["level"].to_pylist(), expected)

    @unittest.skipUnless(have("pandas"), "needs pandas")
    def test_intervals_and_periods(self):
        import pandas as pd

        frame = pd.DataFrame(columns())
        cut = pd.cut(frame["Days"], [-10, 2, 5, 9])
        months = pd.Series(pd.period_range("2024-01", "2024-12", freq="M")[[k % 3 + 8 for k in range(180)]])
        for values, names in [
            (cut, ["(2, 5]", "(5, 9]"]), (cut.astype(object).astype("interval"), ["(2, 5]", "(5, 9]"]),
            (months, ["2024-10", "2024-11"]),
        ]:
            for more in ({}, {"Subject": frame["Subject"].astype("category")}):
                data = frame.assign(q=values, **more)
                same = frame.assign(q=values.astype(str))
                fit = lmmsparse.fit("Reaction ~ q + (1 | Subject)", data)
                self.assertEqual(list(fit.fixef), ["(Intercept)", *("q" + name for name in names)])
                levels = {"q": [str(values.min()), *names]}
                expected = lmmsparse.fit("Reaction ~ q + (1 | Subject)", same, levels=levels)
                self.assertEqual(fit.fixef, expected.fixef)
                self.assertEqual(list(fit.predict(data.head(3))), list(fit.predict(same.head(3))))
        holes = frame.assign(q=pd.cut(frame["Days"], [-10, 2, 5]))
        self.assertEqual(lmmsparse.fit("Reaction ~ q + (1 | Subject)", holes).nobs, int((frame["Days"] <= 5).sum()))

    @unittest.skipUnless(have("pyarrow", "numpy"), "needs PyArrow and NumPy")
    def test_arrow(self):
        import numpy as np
        import pyarrow as pa
        import pyarrow.dataset as dataset

        table = pa.table({
            **columns(), "half": pa.array(np.array(columns()["Days"], dtype="f2")),
            "two": pa.array([b"ab" if k % 2 else None if k % 3 else b"cd" for k in range(180)], pa.binary(2)),
        })
        expected = lmmsparse.fit(SIMPLE, SLEEP).criterion
        for data in (table, table.to_reader(50), table.combine_chunks().to_batches()[0], dataset.dataset(table)):
            self.assertEqual(lmmsparse.fit("Reaction ~ half + (1 | Subject)", data).criterion, expected)
        fit = lmmsparse.fit("Reaction ~ two + (1 | Subject)", table)
        self.assertEqual((list(fit.fixef), fit.nobs), (["(Intercept)", "twocd"], 120))

    def test_two_columns_of_one_name(self):
        if have("pyarrow"):
            import pyarrow as pa

            given = columns()
            table = pa.table([*given.values(), given["Days"]], names=[*given, "Days"])
            self.assertEqual(lmmsparse.fit("Reaction ~ 1 + (1 | Subject)", table).nobs, 180)
            with self.assertRaisesRegex(LmmError, "two columns are named 'Days'"):
                lmmsparse.fit(SIMPLE, table)
        if have("pandas"):
            import pandas as pd

            frame = pd.DataFrame(columns())
            frame = pd.concat([frame, frame[["Days"]]], axis=1)
            self.assertEqual(lmmsparse.fit("Reaction ~ 1 + (1 | Subject)", frame).nobs, 180)
            with self.assertRaisesRegex(LmmError, "two columns are named 'Days'"):
                lmmsparse.fit(SIMPLE, frame)


class Options(unittest.TestCase):
    def test_likelihoods(self):
        data, expected = columns(), lmmsparse.fit(FORMULA, SLEEP, reml=False)
        products = lmmsparse.crossprod(FORMULA, data)
        for fit in (
            lmmsparse.fit(FORMULA, data, ml=True), lmmsparse.fit(FORMULA, data, False), products.fit(ml=True),
            lmmsparse.fit(FORMULA, products, ml=True), lmmsparse.lmer(FORMULA, data, REML=False),
        ):
            self.assertAlmostEqual(fit.criterion, expected.criterion, places=9)
        self.assertEqual(lmmsparse.fit(FORMULA, data, ml=False).json["method"], "REML")
        self.assertEqual(lmmsparse.fit_many("~ Days + (1 | Subject)", data, "Reaction", ml=True)
                         .by_response["Reaction"]["method"], "ML")
        with self.assertRaisesRegex(LmmError, "reml= and ml= say the same"):
            lmmsparse.fit(FORMULA, data, reml=True, ml=True)

    @unittest.skipUnless(have("pandas"), "needs pandas")
    def test_contrasts_as_frames(self):
        import pandas as pd

        data = {**columns(), "c": ["abc"[k % 3] for k in range(180)]}
        frame = pd.DataFrame([[1, 0], [0, 1], [-1, -1]], index=list("abc"), columns=["A", "B"])
        fit = lmmsparse.fit("Reaction ~ c + (1 | Subject)", data, contrasts={"c": frame})
        expected = lmmsparse.fit("Reaction ~ c + (1 | Subject)", data, contrasts={"c": "sum"})
        self.assertEqual(list(fit.fixef), ["(Intercept)", "cA", "cB"])
        self.assertEqual(list(fit.fixef.values()), list(expected.fixef.values()))
        with self.assertRaisesRegex(LmmError, "contrasts of 'c' are ndarray, which does not say what its rows are"):
            lmmsparse.fit("Reaction ~ c + (1 | Subject)", data, contrasts={"c": frame.to_numpy()})

    def test_what_is_wrong_is_said_in_the_words_of_python(self):
        data = columns()
        fit = lmmsparse.fit(FORMULA, data)
        for work, words in [
            (lambda: lmmsparse.fit(data, FORMULA), "formula is a text, .* and dict was given: it comes first"),
            (lambda: lmmsparse.fit_many(data, "~ Days"), "it comes first"),
            (lambda: lmmsparse.fit(None, data), "^a formula is needed"),
            (lambda: lmmsparse.fit(FORMULA, data, weights=[1.0] * 180), "weights= names a column .*, and list was given"),
            (lambda: lmmsparse.fit(FORMULA, data, offset=data["Days"]), "offset= names a column"),
            (lambda: lmmsparse.fit(FORMULA, data, ddf=3), "ddf= is a text, and int was given"),
            (lambda: lmmsparse.fit(FORMULA, data, factor=5), 'no column "5"'),
            (lambda: fit.anova(data), "anova compares fits, and dict was given"),
            (lambda: lmmsparse.pool([]), "pool needs fits"),
            (lambda: lmmsparse.fit_many("~ Days + (1 | Subject)", data, "Reaction", absorb="Days"), '^no option "absorb"'),
        ]:
            with self.assertRaisesRegex(LmmError, words):
                work()

    def test_notes_name_the_line_of_the_user(self):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            lmmsparse._library.listening()._hear(b'{"stage": "note", "text": "Mind this."}', None)
        self.assertEqual([(str(one.message), one.category, one.filename) for one in told],
                         [("Mind this.", lmmsparse.LmmNote, __file__)])

    @unittest.skipUnless(have("polars", "pyarrow"), "needs Polars and PyArrow")
    def test_knots_and_means_of_rows_that_come_as_a_stream(self):
        import polars as pl
        import pyarrow.dataset as dataset

        frame = pl.DataFrame(columns())
        for term in ("ns(Days, df = 3)", "mean(Days, Subject)"):
            formula = f"Reaction ~ {term} + (1 | Subject)"
            expected = lmmsparse.fit(formula, frame).fixef
            for data in (frame.lazy(), dataset.dataset(frame.to_arrow()), frame.to_arrow().to_reader()):
                self.assertEqual(lmmsparse.fit(formula, data).fixef, expected)
            self.assertEqual(lmmsparse.fit(formula, frame.lazy(), residuals=False).fixef, expected)


if __name__ == "__main__":
    unittest.main()
