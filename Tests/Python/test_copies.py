# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies of fits and of cross-products, in memory and by pickle, and that rows count once."""
import copy
import csv
import gc
import os
import pickle
import sys
import tempfile
import unittest
from pathlib import Path

import lmmsparse
from lmmsparse import LmmError

SLEEP = str(Path(__file__).parent.parent.parent / "data/sleepstudy.csv")
FORMULA = "Reaction ~ Days + (Days | Subject)"
ROWS = {"Reaction": [250.0, 260.0, 300.0], "Days": [0.0, 1.0, 2.0], "Subject": ["308", "308", "309"]}

with open(SLEEP, encoding="utf-8") as sleep:
    RECORDS = list(csv.DictReader(sleep))
ROWS_OF_SLEEP = {
    "Reaction": [float(row["Reaction"]) for row in RECORDS], "Days": [float(row["Days"]) for row in RECORDS],
    "Subject": [row["Subject"] for row in RECORDS],
}


class Copies(unittest.TestCase):
    def setUp(self):
        self.lost = []
        hook, sys.unraisablehook = sys.unraisablehook, self.lost.append
        self.addCleanup(setattr, sys, "unraisablehook", hook)

    def tearDown(self):
        gc.collect()
        self.assertEqual(self.lost, [])

    def test_fits(self):
        fit = lmmsparse.fit(FORMULA, SLEEP, ddf="kenward-roger")
        for other in (pickle.loads(pickle.dumps(fit)), copy.deepcopy(fit), copy.copy(fit)):
            self.assertEqual(other.json, fit.json)
            self.assertEqual(repr(other), repr(fit))
            self.assertEqual(list(other.predict(ROWS)), list(fit.predict(ROWS)))
            self.assertEqual(other.contrast("Days = 10").json, fit.contrast("Days = 10").json)
        self.assertEqual(list(copy.deepcopy(fit).resid), list(fit.resid))
        other = copy.deepcopy(fit)
        other.json["fixed"].clear()
        self.assertEqual(len(fit.fixef), 2)
        with self.assertRaisesRegex(LmmError, "rows of the fit are gone: give data="):
            pickle.loads(pickle.dumps(fit)).predict()

    def test_fits_without_products(self):
        fit = lmmsparse.fit(FORMULA, SLEEP, keep_products=False)
        self.assertEqual(list(copy.deepcopy(fit).resid), list(fit.resid))
        with self.assertRaisesRegex(LmmError, "^the fit has not kept its cross-products, so it cannot be saved"):
            pickle.dumps(fit)

    def test_fits_whose_tests_take_the_rows(self):
        robust = lmmsparse.fit("Reaction ~ Days", SLEEP, vcov="HC3")
        self.assertEqual(pickle.loads(pickle.dumps(robust)).contrast("Days").json, robust.contrast("Days").json)
        clustered = lmmsparse.fit(FORMULA, ROWS_OF_SLEEP, cluster="Subject")
        self.assertEqual(pickle.loads(pickle.dumps(clustered)).contrast("Days").json, clustered.contrast("Days").json)
        with self.assertRaisesRegex(LmmError, 'vcov="HC3" take the rows'):
            pickle.dumps(lmmsparse.fit("Reaction ~ Days", ROWS_OF_SLEEP, vcov="HC3"))

    def test_pointers(self):
        with self.assertRaisesRegex(TypeError, "cannot be pickled"):
            pickle.dumps(lmmsparse._library.Handle("lmm_free"))
        lmmsparse._library.Handle.__new__(lmmsparse._library.Handle)  # is taken down without an error

    def test_errors_and_results(self):
        with self.assertRaises(LmmError) as raised:
            lmmsparse.fit("Reaction ~ Dyas + (1 | Subject)", SLEEP)
        error = pickle.loads(pickle.dumps(raised.exception))
        self.assertEqual((str(error), error.code, error.place),
                         (str(raised.exception), "formula", raised.exception.place))
        result = lmmsparse.fit(FORMULA, SLEEP).contrast("Days")
        self.assertEqual(repr(pickle.loads(pickle.dumps(result))), repr(result))

    def test_bytes_that_are_none(self):
        with self.assertRaisesRegex(LmmError, "^these bytes are no model file") as raised:
            lmmsparse.Products.from_bytes(b"abc")
        self.assertEqual(raised.exception.place, {})
        with self.assertRaisesRegex(LmmError, "bytes are wanted, and str was given"):
            lmmsparse.Products.from_bytes("abc")


class Sums(unittest.TestCase):
    def test_rows_count_once(self):
        a, b, same = (lmmsparse.crossprod(FORMULA, ROWS) for _ in range(3))
        twice = [[a, a], [a, pickle.loads(pickle.dumps(a))], [a, b, copy.deepcopy(a)], [b, a + b]]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "part.lmm")
            a.save(path)
            twice.append([lmmsparse.load_products(path), lmmsparse.load_products(path)])
            for parts in twice:
                with self.assertRaisesRegex(LmmError, f"part {len(parts)} has rows that a part before it has"):
                    lmmsparse.merge(parts)
        with self.assertRaisesRegex(LmmError, "rows count once"):
            a + a
        # Equal rows of two readings are two rows, as are equal bytes of two workers.
        self.assertEqual(lmmsparse.merge([a, same, b]).nobs, 9)
        self.assertEqual((lmmsparse.Products.from_bytes(a.to_bytes()) + lmmsparse.Products.from_bytes(b.to_bytes())).nobs, 6)

    def test_orders_of_levels(self):
        """A level that a part lacks is no difference, and another order is one; as of Categoricals."""
        few = {"y": [1.0, 2.0, 4.0], "c": ["mid", "lo", "hi"], "g": ["a", "b", "a"]}
        other = {"y": [3.0, 5.0, 4.5], "c": ["lo", "hi", "lo"], "g": ["a", "b", "b"]}
        order = {"c": ["lo", "mid", "hi"]}

        def part(rows, levels):
            return lmmsparse.crossprod("y ~ c + (1 | g)", rows, levels=levels)

        sums = [part(few, order) + part(other, order), part(few, None) + part(other, None)]
        names = [list(sum.fit(ddf="none").fixef) for sum in sums]
        self.assertEqual(names, [["(Intercept)", "cmid", "chi"], ["(Intercept)", "clo", "cmid"]])
        self.assertEqual(list(sums[1].fit(ddf="none", levels=order).fixef), names[0])
        for levels in ({"c": ["lo", "hi"]}, None):
            with self.assertRaisesRegex(LmmError, "levels of c are lo,mid,hi .* give all parts the same ones, or .* levels="):
                part(few, order) + part(other, levels)

    def test_what_is_no_list_of_products(self):
        part = lmmsparse.crossprod(FORMULA, ROWS)
        for parts, words in [
            ([], "nothing to be merged"), (part, "got Products: crossprod"), ([part.to_bytes()], "Products.from_bytes"),
            (["part.lmm"], "load_products"), (None, "got NoneType"), ([part, ROWS], "got dict"),
        ]:
            with self.assertRaisesRegex(LmmError, words):
                lmmsparse.merge(parts)
        self.assertRaises(TypeError, lambda: part + 3)


if __name__ == "__main__":
    unittest.main()
