# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of a fit are those that were read, or there is an error; and its files are not written over."""
import csv
import importlib.util
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import lmmsparse
from lmmsparse import LmmError

SLEEP = str(Path(__file__).parent.parent.parent / "data/sleepstudy.csv")
FORMULA = "Reaction ~ Days + (Days | Subject)"


def have(name):
    return importlib.util.find_spec(name) is not None


def columns():
    with open(SLEEP, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        "Reaction": [float(row["Reaction"]) for row in rows], "Days": [float(row["Days"]) for row in rows],
        "Subject": [row["Subject"] for row in rows], "unused": [0.0] * len(rows),
    }


class KeptRows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.resid = list(lmmsparse.fit(FORMULA, SLEEP).resid)

    def check(self, fit):
        """Either the residuals of the fit's rows, or an error."""
        try:
            answers = [list(fit.resid), list(fit.augment()[".resid"])]
        except LmmError as error:
            for work in (fit.predict, fit.augment, fit.simulate, lambda: fit.fitted, lambda: fit.influence("Subject")):
                with self.assertRaisesRegex(LmmError, "rows of the fit have changed since it was made: .* as data="):
                    work()
            return str(error)
        for answer in answers:
            self.assertEqual(answer, self.resid)
        return None

    def test_columns(self):
        def changed(change):
            data = columns()
            fit = lmmsparse.fit(FORMULA, data)
            change(data)
            return self.check(fit)

        self.assertIsNone(changed(lambda data: data["unused"].clear()))
        self.assertIsNone(changed(lambda data: data.update(Days=[])))
        self.assertIsNone(changed(dict.clear))
        self.assertIn("'Reaction'", changed(lambda data: data["Reaction"].__setitem__(7, 0.0)))
        self.assertIn("'Subject'", changed(lambda data: data["Subject"].__setitem__(7, "new")))
        self.assertIn("has other values or rows", changed(lambda data: [values.pop() for values in data.values()]))

    @unittest.skipUnless(have("numpy"), "needs NumPy")
    def test_numpy(self):
        import numpy as np

        arrays = {name: np.array(values) for name, values in columns().items()}
        records = np.rec.fromarrays(list(arrays.values()), names=list(arrays))
        for data in (arrays, records):
            fit = lmmsparse.fit(FORMULA, data)
            self.assertIsNone(self.check(fit))
            data["Days"][3] += 1
            self.assertIn("'Days'", self.check(fit))

    @unittest.skipUnless(have("pandas"), "needs pandas")
    def test_pandas(self):
        import pandas as pd

        sure = int(pd.__version__.split(".")[0]) >= 3

        def changed(change):
            data = pd.DataFrame(columns()).astype({"Subject": "category"})
            fit = lmmsparse.fit(FORMULA, data)
            change(data)
            return self.check(fit)

        def assign(data):
            data["Reaction"] = data["Reaction"].rank()

        def move(data):
            data["Reaction"] += 50

        self.assertIsNone(changed(assign))
        self.assertIsNone(changed(lambda data: data.__delitem__("Days")))
        for change in (move, lambda data: data.iloc.__setitem__((3, 1), 70.0)):
            error = changed(change)
            self.assertIsNone(error) if sure else self.assertIn("column", error)

    @unittest.skipUnless(have("polars"), "needs Polars")
    def test_polars(self):
        import polars as pl

        data = pl.DataFrame(columns())
        fit = lmmsparse.fit(FORMULA, data)
        data[3, "Reaction"] = 0.0
        data.columns = ["a", "b", "c", "d"]
        self.assertIsNone(self.check(fit))

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sleep.csv")
            shutil.copy(SLEEP, path)
            before = os.getcwd()
            os.chdir(folder)
            try:
                fit, pattern = lmmsparse.fit(FORMULA, "sleep.csv"), lmmsparse.fit(FORMULA, "*.csv")
            finally:
                os.chdir(before)
            self.assertIsNone(self.check(fit))  # from another folder
            shutil.copy(path, os.path.join(folder, "more.csv"))
            self.assertIsNone(self.check(fit))
            os.remove(os.path.join(folder, "more.csv"))
            with open(path, "a", encoding="utf-8") as file:
                file.write("300,3,308\n")
            for one in (fit, pattern):
                self.assertIn("sleep.csv was written", self.check(one))
            self.assertEqual(len(fit.predict(path)), 181)
            os.remove(path)
            self.assertIn("sleep.csv", self.check(fit))

    @unittest.skipUnless(have("polars"), "needs Polars")
    def test_numbers_of_rows_of_what_runs_again(self):
        import polars as pl

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sleep.csv")
            shutil.copy(SLEEP, path)
            fit = lmmsparse.fit(FORMULA, pl.scan_csv(path))
            self.assertEqual(len(fit.resid), 180)
            with open(path, "a", encoding="utf-8") as file:
                file.write("300,3,308\n")
            with self.assertRaisesRegex(LmmError, "there are 181 rows, and 180 were read"):
                fit.predict()


class InputFiles(unittest.TestCase):
    def test_they_are_not_written_over(self):
        with tempfile.TemporaryDirectory() as folder:
            path, link, hard = (os.path.join(folder, name) for name in ("a.csv", "link.csv", "hard.csv"))
            shutil.copy(SLEEP, path)
            os.symlink(path, link)
            os.link(path, hard)
            fits = [lmmsparse.fit(FORMULA, data) for data in (path, os.path.join(folder, "a*.csv"))]
            products = lmmsparse.crossprod(FORMULA, path)
            fits.append(products.fit())
            fits.append(lmmsparse.merge([products]).fit())
            saves = [one.save for one in (*fits, products)]
            saves += [fit.report for fit in fits]
            saves.append(lmmsparse.Figure("<svg/>", fits[0]._inputs).save)
            for save in saves:
                for name in (path, Path(link), hard):
                    with self.assertRaisesRegex(LmmError, "is a file that the fit was read from, and would be lost"):
                        save(name)
            with open(path, encoding="utf-8") as file, open(SLEEP, encoding="utf-8") as original:
                self.assertEqual(file.read(), original.read())
            model = os.path.join(folder, "model.lmm")
            fits[0].save(model)
            fits[0].save(model)  # its own
            lmmsparse.load(model).save(model)
            with self.assertRaisesRegex(LmmError, "would be lost"):
                lmmsparse.fit(FORMULA, SLEEP, start=model).save(model)


if __name__ == "__main__":
    unittest.main()
