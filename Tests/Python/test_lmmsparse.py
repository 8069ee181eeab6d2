# SPDX-License-Identifier: GPL-2.0-or-later
"""The Python package: the same digits from every kind of data, and errors that say what to do."""
import array
import csv
import datetime
import importlib.util
import itertools
import math
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import lmmsparse
from lmmsparse import LmmError

DATA = Path(__file__).parent.parent.parent / "data"
SLEEP = str(DATA / "sleepstudy.csv")
FORMULA = "Reaction ~ Days + (Days | Subject)"


def have(*names):
    return all(importlib.util.find_spec(name) for name in names)


def sleep_columns():
    with open(SLEEP) as file:
        rows = list(csv.DictReader(file))
    return {
        "Reaction": [float(row["Reaction"]) for row in rows], "Days": [int(row["Days"]) for row in rows],
        "Subject": [row["Subject"] for row in rows],
    }


def _records(frame):
    """Rows of a table, or of a frame of any library, as dicts."""
    columns = {name: list(frame[name]) for name in getattr(frame, "columns", frame)}
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def numbers(fit):
    """All digits of a fit."""
    return fit.criterion, fit.sigma, fit.theta, fit.fixef, fit.se, fit.pvalues


class Fits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fit = lmmsparse.fit(FORMULA, SLEEP)

    def test_results(self):
        m = self.fit
        # lme4: fixef(lmer(Reaction ~ Days + (Days | Subject), sleepstudy)), REMLcrit, lmerTest's p
        self.assertAlmostEqual(m.fixef["Days"], 10.46729, places=4)
        self.assertAlmostEqual(m.criterion, 1743.6283, places=3)
        self.assertAlmostEqual(m.pvalues["Days"], 3.264e-06, places=8)
        self.assertEqual(m.nobs, 180)
        self.assertTrue(m.converged)
        self.assertEqual(list(m.theta), ["Subject.(Intercept)", "Subject.Days.(Intercept)", "Subject.Days"])
        self.assertEqual(m.vcov_names, ["(Intercept)", "Days"])
        self.assertAlmostEqual(float(m.vcov[1][1]), m.se["Days"] ** 2, places=12)
        self.assertIn("REML criterion at convergence: 1743.6", repr(m))
        self.assertIn("-3.9536 -0.4634  0.0231", repr(m))
        self.assertIn("<table", m._repr_html_())

    def test_columns_of_lists_are_the_file(self):
        self.assertEqual(numbers(lmmsparse.fit(FORMULA, sleep_columns())), numbers(self.fit))
        columns = sleep_columns()
        columns["Subject"] = [int(s) for s in columns["Subject"]]
        columns["Days"] = array.array("h", columns["Days"])
        columns["unused"] = [object()] * 180
        self.assertEqual(numbers(lmmsparse.fit(FORMULA, columns)), numbers(self.fit))

    @unittest.skipUnless(have("numpy"), "needs NumPy")
    def test_numpy(self):
        import numpy as np

        columns = sleep_columns()
        for days in ("i1", "u2", "i4", "f4", "f8", ">i8"):
            frame = {
                "Reaction": np.array(columns["Reaction"]), "Days": np.array(columns["Days"], dtype=days),
                "Subject": np.array(columns["Subject"]),
            }
            self.assertEqual(numbers(lmmsparse.fit(FORMULA, frame)), numbers(self.fit), days)
        records = np.zeros(180, dtype=[("Reaction", "f8"), ("Days", "i4"), ("Subject", "i8")])
        records["Reaction"], records["Days"] = columns["Reaction"], columns["Days"]
        records["Subject"] = [int(s) for s in columns["Subject"]]
        self.assertEqual(numbers(lmmsparse.fit(FORMULA, records)), numbers(self.fit))
        strided = {name: np.repeat(np.array(values), 2)[::2] for name, values in columns.items()}
        self.assertEqual(numbers(lmmsparse.fit(FORMULA, strided)), numbers(self.fit))

    @unittest.skipUnless(have("pandas"), "needs pandas")
    def test_pandas(self):
        import pandas as pd

        frame = pd.DataFrame(sleep_columns())
        frame["odd"] = [object()] * 180
        fit = lmmsparse.fit(FORMULA, frame)
        self.assertEqual(numbers(fit), numbers(self.fit))
        self.assertIsInstance(fit.tidy(), pd.DataFrame)
        self.assertEqual(list(fit.tidy()["term"])[:2], ["(Intercept)", "Days"])
        self.assertEqual(list(fit.augment().columns[-4:]), [".fitted", ".resid", ".fixed", ".wtres"])
        for kind in ("category", "string", "object"):
            frame["Subject"] = frame["Subject"].astype(kind)
            self.assertEqual(numbers(lmmsparse.fit(FORMULA, frame)), numbers(self.fit), kind)
        frame["Days"] = frame["Days"].astype("Int8")
        self.assertEqual(numbers(lmmsparse.fit(FORMULA, frame)), numbers(self.fit))
        frame.loc[frame.index[:3], "Days"] = pd.NA
        self.assertEqual(lmmsparse.fit(FORMULA, frame).nobs, 177)
        frame["when"] = pd.Categorical(
            ["late" if k % 2 else "early" for k in range(180)], categories=["late", "early"])
        self.assertIn("whenearly", lmmsparse.fit("Reaction ~ when + (1 | Subject)", frame).fixef)

    @unittest.skipUnless(have("polars"), "needs Polars")
    def test_polars(self):
        import polars as pl

        frame = pl.DataFrame(sleep_columns())
        for data in (frame, frame.lazy(), frame.with_columns(pl.col("Subject").cast(pl.Categorical))):
            fit = lmmsparse.fit(FORMULA, data)
            self.assertEqual(numbers(fit), numbers(self.fit))
            self.assertIsInstance(fit.glance(), pl.DataFrame)
        self.assertEqual(lmmsparse.fit(FORMULA, frame).augment().columns[-1], ".wtres")

    @unittest.skipUnless(have("pyarrow"), "needs PyArrow")
    def test_pyarrow(self):
        import pyarrow as pa
        import pyarrow.dataset as dataset
        import pyarrow.feather as feather
        import pyarrow.parquet as parquet

        table = pa.table(sleep_columns()).append_column("nested", pa.array([[1]] * 180))
        readers = [table, table.to_reader(max_chunksize=7), pa.concat_tables([table[:50], table[50:]])]
        for data in readers:
            self.assertEqual(numbers(lmmsparse.fit(FORMULA, data)), numbers(self.fit))
        with tempfile.TemporaryDirectory() as folder:
            parquet.write_table(table[:90], folder + "/a.parquet")
            parquet.write_table(table[90:], folder + "/b.parquet")
            feather.write_feather(table, folder + "/all.feather")
            for data in (folder + "/*.parquet", folder + "/all.feather", dataset.dataset(folder + "/a.parquet")):
                fit = lmmsparse.fit(FORMULA, data)
                if fit.nobs == 180:
                    self.assertEqual(numbers(fit), numbers(self.fit))
                if not isinstance(data, str):  # files are the library's own to read
                    self.assertIsInstance(fit.tidy(), pa.Table)

        def failing():
            yield table.to_batches()[0]
            raise ValueError("the rows are on fire")

        with self.assertRaisesRegex(LmmError, "the rows are on fire"):
            lmmsparse.fit(FORMULA, pa.RecordBatchReader.from_batches(table.schema, failing()))
        with self.assertRaisesRegex(LmmError, "Arrow type"):
            lmmsparse.fit("Reaction ~ nested + (1 | Subject)", table)

    @unittest.skipUnless(have("duckdb"), "needs DuckDB")
    def test_duckdb(self):
        import duckdb

        relation = duckdb.sql(f"SELECT *, [1, 2] AS nested FROM read_csv('{SLEEP}')")
        self.assertEqual(numbers(lmmsparse.fit(FORMULA, relation)), numbers(self.fit))

    def test_dates_booleans_and_missing_values(self):
        day = datetime.date(2020, 1, 1)
        columns = sleep_columns()
        columns["date"] = [day + datetime.timedelta(days=d) for d in columns["Days"]]
        columns["late"] = [d > 4 for d in columns["Days"]]
        fit = lmmsparse.fit("Reaction ~ date + (1 | Subject)", columns)
        self.assertAlmostEqual(fit.fixef["date"], 10.46729, places=4)
        self.assertIn("lateTRUE", lmmsparse.fit("Reaction ~ late + (1 | Subject)", columns).fixef)
        columns["Days"][0], columns["Reaction"][1] = None, math.nan
        self.assertEqual(lmmsparse.fit(FORMULA, columns).nobs, 178)
        with self.assertRaisesRegex(LmmError, "missing"):
            lmmsparse.fit(FORMULA, columns, na="fail")

    def test_options(self):
        columns = sleep_columns()
        ml = lmmsparse.lmer(FORMULA, columns, REML=False)
        self.assertAlmostEqual(ml.criterion, 1751.9393, places=3)  # lme4: deviance(lmer(…, REML = FALSE))
        coded = lmmsparse.fit(
            "Reaction ~ Days + (1 | Subject)", columns, factor="Days", contrasts={"Days": "sum"},
            levels={"Days": [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]})
        self.assertEqual(len(coded.fixef), 10)
        known = lmmsparse.fit(FORMULA, columns, theta=[1, 0, 0.2], sigma=25)
        self.assertEqual(known.sigma, 25)

    def test_residuals_and_parameters_that_are_known(self):
        columns = sleep_columns()
        # nlme: gls(Reaction ~ Days, sleepstudy, correlation = corAR1(form = ~ Days | Subject)): -2 logLik, REML
        repeated = lmmsparse.fit("Reaction ~ Days", columns, residual="ar1(Days | Subject)")
        self.assertAlmostEqual(repeated.criterion, 1739.2060, places=3)
        strata = lmmsparse.fit("Reaction ~ Days + (1 | Subject)", columns, residual_by="Days", factor="Days")
        self.assertLess(strata.criterion, lmmsparse.fit(strata.formula, columns, factor="Days").criterion)
        held = lmmsparse.fit(FORMULA, columns, hold={"sd_(Intercept)|Subject": 20}, sigma=25)
        self.assertAlmostEqual(held.varcorr[0]["sd"][0], 20, places=9)
        absorbed = lmmsparse.fit("Reaction ~ Days", columns, absorb="Subject")
        self.assertEqual(len(absorbed.coefficients(absorbed=True, se=True).frame["term"]), 1 + 18)
        smaller = lmmsparse.fit(FORMULA, columns, drop="(Days | Subject)", add="(1 | Subject)")
        self.assertEqual(smaller.formula, "Reaction ~ Days + (1 | Subject)")

    def test_many_responses(self):
        columns = sleep_columns()
        columns["half"] = [y / 2 for y in columns["Reaction"]]
        columns["flat"] = [1.0] * 180
        columns["odd"] = [object()] * 180
        model = "~ Days + (Days | Subject)"
        fits = lmmsparse.fit_many(model, columns, ["Reaction", "flat", "half"])
        self.assertEqual(fits.responses, ["Reaction", "flat", "half"])
        self.assertIn("constant", fits.failures["flat"])
        self.assertEqual(len(fits.failures), 1)
        self.assertAlmostEqual(fits.by_response["Reaction"]["criterion"], self.fit.criterion, places=7)
        one = fits.by_response["Reaction"]
        for name in ("nobs", "messages", "converged", "singular", "vcov_names"):
            self.assertEqual(getattr(one, name), getattr(self.fit, name), name)
        for name in ("sigma", "criterion", "loglik", "aic", "bic", "df_residual"):
            self.assertAlmostEqual(getattr(one, name), getattr(self.fit, name), places=6)
        for name in ("fixef", "se", "theta"):
            self.assertEqual(list(getattr(one, name)), list(getattr(self.fit, name)))
            for found, expected in zip(getattr(one, name).values(), getattr(self.fit, name).values()):
                self.assertAlmostEqual(found, expected, places=5)
        self.assertEqual([row["term"] for row in _records(one.tidy())], [row["term"] for row in _records(self.fit.tidy())])
        self.assertEqual([row["nobs"] for row in _records(one.glance())], [180])
        self.assertEqual(pickle.loads(pickle.dumps(one)).fixef, one.fixef)
        self.assertEqual(one.json["criterion"], one["criterion"])
        self.assertIsNone(fits.by_response["flat"])
        with self.assertRaisesRegex(AttributeError, "contrast needs the model"):
            one.contrast("Days")
        slopes = [
            row["estimate"] for row in _records(fits.tidy())
            if row["effect"] == "fixed" and row["term"] == "Days"]
        self.assertAlmostEqual(slopes[0], self.fit.fixef["Days"], places=7)
        self.assertAlmostEqual(slopes[1], self.fit.fixef["Days"] / 2, places=7)
        self.assertEqual([row["response"] for row in _records(fits.glance())], fits.responses)
        self.assertIn("Linear mixed models of 3 responses", repr(fits))
        self.assertIn("<table", fits._repr_html_())

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "many.csv")
            with open(path, "w", newline="", encoding="utf-8") as file:
                names = [name for name in columns if name != "odd"]
                csv.writer(file).writerows([names, *zip(*(columns[name] for name in names))])
            same = [
                lmmsparse.fit_many(model, columns, "/^(Reaction|flat|half)$/"),
                lmmsparse.fit_many(model, path, re.compile("^[Rfh]")),
                lmmsparse.fit_many("cbind(Reaction, half) " + model, path),
            ]
            if have("polars"):
                import polars as pl

                lazy = pl.scan_csv(path).with_columns(pl.col("Subject").cast(pl.String))
                same.append(lmmsparse.fit_many(model, lazy, "/^[Rfh]/"))
                self.assertIsInstance(same[-1].glance(), pl.DataFrame)
        for other in same:
            for name in ("Reaction", "half"):
                self.assertEqual(other.by_response[name]["fixed"], fits.by_response[name]["fixed"])
        self.assertEqual(lmmsparse.fit_many(model, columns, "half", reml=False).responses, ["half"])

        def interrupt(event):
            if event["stage"] == "responses":
                raise KeyboardInterrupt

        self.assertRaises(
            KeyboardInterrupt, lambda: lmmsparse.fit_many(model, columns, ["half", "Reaction"], progress=interrupt))
        for work, words in [
            (lambda: lmmsparse.fit_many("~ Dyas + (1 | Subject)", columns, "/half/"), "Did you mean \"Days\"?"),
            (lambda: lmmsparse.fit_many(model, columns, "/^z/"), "no column of data"),
            (lambda: lmmsparse.fit_many(FORMULA, columns, "half"), "names a response, and responses name others"),
            (lambda: lmmsparse.fit_many(model, columns, "half", absorb="Days"), "no option \"absorb\""),
        ]:
            with self.assertRaises(LmmError) as raised:
                work()
            self.assertIn(words, str(raised.exception))

    def test_relationships(self):
        flock = str(DATA / "flock.csv")
        with open(DATA / "flock_pedigree.csv") as file:
            rows = list(csv.DictReader(file))
        missing = lambda name: None if name in ("NA", "0", "") else name
        pedigree = {
            "individual": [row["animal"] for row in rows], "sire": [missing(row["sire"]) for row in rows],
            "dam": [missing(row["dam"]) for row in rows],
        }
        formula = "weight ~ sex + (1 | animal)"
        by_file = lmmsparse.fit(formula, flock, relationship={"animal": DATA / "flock_pedigree.csv"}, ddf="none")
        by_lists = lmmsparse.fit(formula, flock, relationship={"animal": pedigree}, ddf="none")
        self.assertEqual(numbers(by_lists), numbers(by_file))
        groups = {
            **pedigree, "sire": [name or "rams" for name in pedigree["sire"]],
            "dam": [name or "ewes" for name in pedigree["dam"]],
        }
        grouped = lmmsparse.fit(
            formula, flock, pedigree={"animal": groups}, parent_groups={"animal": ["rams", "ewes"]}, ddf="none")
        self.assertEqual(
            set(grouped.ranef()["level"]) - set(by_file.ranef()["level"]), {"rams", "ewes"})
        with self.assertRaisesRegex(lmmsparse.LmmError, "no pedigree"):
            lmmsparse.fit(formula, flock, parent_groups={"animal": ["rams"]})
        with open(SLEEP, encoding="utf-8") as file:
            levels = sorted({row["Subject"] for row in csv.DictReader(file)})
        values = [[2.0 * (i == j) - 0.5 * (abs(i - j) == 1) for j in range(18)] for i in range(18)]
        dense = lmmsparse.fit(
            "Reaction ~ Days + (1 | Subject)", SLEEP, precision={"Subject": {"levels": levels, "values": values}})
        cells = [(i, j) for i in range(18) for j in range(18) if values[i][j]]
        entries = {
            "row": [levels[i] for i, _ in cells], "column": [levels[j] for _, j in cells],
            "value": [values[i][j] for i, j in cells],
        }
        sparse = lmmsparse.fit("Reaction ~ Days + (1 | Subject)", SLEEP, precision={"Subject": entries})
        self.assertEqual(numbers(sparse), numbers(dense))
        with self.assertRaisesRegex(LmmError, "no matrix of 1 rows"):
            lmmsparse.fit(FORMULA, SLEEP, relationship={"Subject": {"levels": ["308"], "values": [[1, 2]]}})

    def test_tests_that_are_robust(self):
        clustered = self.fit.contrast("Days = 10", cluster="Subject")
        robust = lmmsparse.fit(FORMULA, SLEEP, cluster="Subject", vcov="CR2").contrast("Days = 10")
        for name in ("std_error", "df", "p_value"):
            self.assertAlmostEqual(
                clustered.json["contrasts"][0][name], robust.json["contrasts"][0][name], places=10)
        self.assertIn("CR2 of 18 clusters", repr(clustered))
        self.assertIn("CR1", repr(self.fit.anova(vcov="CR1", cluster="Subject")))
        with self.assertRaisesRegex(LmmError, "column: cluster"):
            self.fit.drop1(vcov="CR1")
        pooled = lmmsparse.pool([self.fit, lmmsparse.fit(FORMULA, sleep_columns())])
        self.assertAlmostEqual(pooled.json["fixed"][1]["estimate"], self.fit.fixef["Days"], places=9)
        self.assertEqual(len(self.fit.influence("Subject").frame["level"]), 18)
        self.assertEqual(self.fit.select("aic").json["formula"], self.fit.formula)

    def test_questions(self):
        m = self.fit
        test = m.contrast("Days = 10", ddf="kenward-roger")
        self.assertIn("Kenward-Roger", repr(test))
        self.assertAlmostEqual(test.json["contrasts"][0]["statistic"], 0.3023, places=3)
        self.assertIn("<table", test._repr_html_())
        self.assertIn("Days", repr(m.anova()))
        small = lmmsparse.fit("Reaction ~ Days + (1 | Subject)", SLEEP)
        self.assertIn("M2", repr(small.anova(m, boundary="mixture")))
        self.assertIn("Subject", repr(m.ranova()))
        self.assertIn("Days", repr(m.drop1()))
        self.assertIn("R2", repr(m.variance()).replace("R²", "R2"))
        limits = m.confint("wald").json["intervals"]
        self.assertEqual(len(limits), 6)
        self.assertEqual(m.bootstrap(replicates=4).json["replicates"], 4)
        factor = lmmsparse.fit("Reaction ~ Days + (1 | Subject)", SLEEP, factor=["Days"])
        self.assertEqual(len(factor.emmeans("~ Days", pairwise=True).json["differences"]), 45)

    def test_rows(self):
        m = self.fit
        fitted = m.predict()
        self.assertEqual(len(fitted), 180)
        resid = m.resid
        reaction = sleep_columns()["Reaction"]
        self.assertTrue(all(abs(f + r - y) < 1e-9 for f, r, y in zip(fitted, resid, reaction)))
        new = {"Days": [0, 10], "Subject": ["308", "new"]}
        with self.assertRaisesRegex(LmmError, r"row 2.*allow_new_levels=True"):
            m.predict(new)
        table = m.predict(new, allow_new_levels=True, interval="prediction", se=True)
        self.assertEqual(list(table), [".fitted", ".se.fit", ".lower", ".upper"])
        # lme4: predict(fm1, data.frame(Days = c(0, 10)), re.form = NA)
        population = m.predict(new, random="none")
        self.assertAlmostEqual(population[1], 251.40510 + 104.67286, places=3)
        drawn = m.simulate(replicates=2, seed=7)
        self.assertEqual(len(drawn["sim_2"]), 180)
        modes = m.ranef()
        self.assertEqual(len(modes["estimate"]), 36)

    @unittest.skipUnless(shutil.which("gnuplot"), "needs gnuplot")
    def test_figures(self):
        figure = self.fit.plot("data", title="Eighteen people")
        self.assertIn("Eighteen people", figure.svg)
        self.assertTrue(figure._repr_svg_().lstrip().startswith("<?xml"))
        self.assertIn("svg", self.fit.plot("trace").svg)
        with self.assertRaisesRegex(LmmError, "pie"):
            self.fit.plot("pie")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sleep.html")
            self.assertIn("<html", self.fit.report(path))
            with open(path, encoding="utf-8") as file:
                self.assertIn("Residuals", file.read())
            self.fit.save(os.path.join(folder, "sleep.lmm"))
            again = lmmsparse.load(os.path.join(folder, "sleep.lmm"))
            self.assertIn("The rows were not at hand", again.report())
            with self.assertRaisesRegex(LmmError, "rows of the fit are gone"):
                again.plot("data")

    def test_study(self):
        study = self.fit.study(beta="Days=5", copies=["Subject=1,2"], replicates=4, method="REML")
        self.assertEqual(len(study.json["designs"]), 2)
        with self.assertRaisesRegex(LmmError, "Subjet"):
            self.fit.study(copies="Subjet=2", replicates=4)

    @unittest.skipUnless(have("matplotlib"), "needs matplotlib")
    def test_plots(self):
        import matplotlib

        matplotlib.use("Agg")
        for kind in ("residuals", "qq", "caterpillar"):
            ax = self.fit.plot(kind)
            self.assertTrue(ax.get_xlabel())
            ax.figure.canvas.draw()
        with self.assertRaisesRegex(LmmError, "on axes of matplotlib there are"):
            self.fit.plot("trace", ax=ax)
        with self.assertRaisesRegex(LmmError, "grouping factors Subject"):
            self.fit.plot("caterpillar", group="Days")

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sleep.lmm")
            self.fit.save(path)
            again = lmmsparse.load(path)
            self.assertEqual(again.fixef, self.fit.fixef)
            with self.assertRaisesRegex(LmmError, "rows of the fit are gone"):
                again.predict()
            self.assertEqual(len(again.predict(SLEEP)), 180)
            with self.assertRaises(LmmError) as raised:
                lmmsparse.load(SLEEP)
            self.assertEqual(raised.exception.code, "file")

    def test_partitions(self):
        columns = sleep_columns()
        parts = []
        for k in range(3):
            rows = {name: values[k * 60:(k + 1) * 60] for name, values in columns.items()}
            parts.append(pickle.loads(pickle.dumps(lmmsparse.crossprod(FORMULA, rows))))
        whole = lmmsparse.merge(parts)
        self.assertEqual(whole.nobs, 180)
        fit = whole.fit()
        self.assertAlmostEqual(fit.criterion, self.fit.criterion, places=6)
        self.assertAlmostEqual((parts[0] + parts[1] + parts[2]).fit(reml=False).criterion, 1751.9393, places=3)
        with self.assertRaisesRegex(LmmError, "different models"):
            lmmsparse.merge([parts[0], lmmsparse.crossprod("Reaction ~ 1 + (1 | Subject)", columns)])

    @unittest.skipUnless(have("pyspark", "pyarrow", "pandas") and shutil.which("java"), "needs PySpark and Java")
    def test_spark(self):
        import pyarrow as pa
        from pyspark.sql import SparkSession

        def shards(batches):
            first = next(batches, None)
            if first is not None:
                reader = pa.RecordBatchReader.from_batches(first.schema, itertools.chain([first], batches))
                part = lmmsparse.crossprod(FORMULA, reader).to_bytes()
                yield pa.RecordBatch.from_pydict({"part": [part]})

        spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
        try:
            table = spark.read.csv(SLEEP, header=True, inferSchema=True).repartition(4)
            parts = table.mapInArrow(shards, "part binary").collect()
        finally:
            spark.stop()
        whole = lmmsparse.merge(lmmsparse.Products.from_bytes(row.part) for row in parts)
        self.assertEqual(whole.nobs, 180)
        self.assertAlmostEqual(whole.fit().criterion, self.fit.criterion, places=6)

    def test_errors(self):
        cases = [
            (lambda: lmmsparse.fit("Reaction ~ Dyas + (1 | Subject)", SLEEP), "formula", "Did you mean \"Days\"?"),
            (lambda: lmmsparse.fit("Reaction ~ Dyas + (1 | Subject)", sleep_columns()), "formula", "mean \"Days\"?"),
            (lambda: lmmsparse.fit(FORMULA, SLEEP, start=[1]), "fit", "start has 1 values"),
            (lambda: lmmsparse.fit(FORMULA, "nix.csv"), "data", "no such file"),
            (lambda: lmmsparse.fit(FORMULA, "nix/*.csv"), "data", "no file matches"),
            (lambda: lmmsparse.fit(FORMULA, 3), "request", "cannot be read"),
            (lambda: lmmsparse.fit(FORMULA, {"Reaction": [1.0], "Days": [1, 2], "Subject": ["a"]}), "data", "2 rows"),
            (lambda: lmmsparse.fit(FORMULA, {"Reaction": [1.0], "Days": [1j], "Subject": ["a"]}), "data", "complex"),
        ]
        for work, code, words in cases:
            with self.assertRaises(LmmError) as raised:
                work()
            self.assertEqual(raised.exception.code, code, str(raised.exception))
            self.assertIn(words, str(raised.exception))

    def test_progress_and_interruption(self):
        events = []
        lmmsparse.fit(FORMULA, SLEEP, progress=events.append)
        self.assertIn("evaluating", {event["stage"] for event in events})

        def interrupt(event):
            raise KeyboardInterrupt

        def fail(event):
            raise ZeroDivisionError(event["stage"])

        for listener, error in ((interrupt, KeyboardInterrupt), (fail, ZeroDivisionError)):
            for work in (
                lambda: lmmsparse.fit(FORMULA, sleep_columns(), progress=listener),
                lambda: lmmsparse.fit(FORMULA, SLEEP, progress=listener),
                lambda: lmmsparse.crossprod(FORMULA, sleep_columns(), progress=listener),
                lambda: self.fit.bootstrap(replicates=50, progress=listener),
                lambda: self.fit.confint(progress=listener),
            ):
                self.assertRaises(error, work)
        # Nothing is left of it.
        self.assertEqual(numbers(lmmsparse.fit(FORMULA, SLEEP)), numbers(self.fit))

    def test_threads(self):
        results = []
        columns = sleep_columns()

        def work():
            results.append(numbers(lmmsparse.fit(FORMULA, columns)))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [numbers(self.fit)] * 3)

    @unittest.skipUnless(have("_xxsubinterpreters"), "needs a Python before 3.13")
    def test_two_interpreters(self):
        """Interpreters of one process, each with a thread of its own, at the same time."""
        code = "\n".join([
            f"import sys; sys.path[:0] = {[path for path in sys.path if path]!r}", "import lmmsparse",
            f"rows = {sleep_columns()!r}", "events = []",
            f"fits = [lmmsparse.fit({FORMULA!r}, rows, progress=events.append) for _ in range(3)]",
            "assert events", f"expected = {(self.fit.criterion, self.fit.fixef, self.fit.se)!r}",
            "for fit in fits: assert (fit.criterion, fit.fixef, fit.se) == expected",
        ])
        # In a process that ends without taking the interpreters down, which Python itself may wait for forever.
        whole = "\n".join([
            "import os, threading, _xxsubinterpreters as interpreters", "right = []", "def work():",
            f"    interpreters.run_string(interpreters.create(), {code!r})", "    right.append(True)",
            "threads = [threading.Thread(target=work) for _ in range(2)]", "for thread in threads: thread.start()",
            "for thread in threads: thread.join()", "os._exit(0 if len(right) == 2 else 1)",
        ])
        run = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, timeout=300)
        self.assertEqual(run.returncode, 0, run.stderr)

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_fork(self):
        child = os.fork()
        if child == 0:
            same = numbers(lmmsparse.fit(FORMULA, sleep_columns())) == numbers(self.fit)
            os._exit(0 if same else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)


SOURCES = Path(__file__).parent.parent.parent / "Sources"


class Names(unittest.TestCase):
    def test_the_library_shows_the_functions_of_its_header(self):
        header = (SOURCES / "CLMMSparse/include/lmm.h").read_text(encoding="utf-8")
        code = "\n".join(line.split("//")[0] for line in header.split("\n"))
        functions = set(re.findall(r"\b(lmm_\w+)\(", code))
        shown = set(re.findall(r"lmm_\w+", (SOURCES / "Python/lmm.map").read_text(encoding="utf-8").split("*/")[1]))
        self.assertEqual(functions, shown)
        library = lmmsparse._library.library()
        for name in functions:
            self.assertTrue(hasattr(library, name), name)


if __name__ == "__main__":
    unittest.main()
