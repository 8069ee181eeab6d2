# SPDX-License-Identifier: GPL-2.0-or-later
"""Parquet files of every writer, encoding and compression hold the rows of an Arrow stream, to the last bit."""
import os
import tempfile
import unittest

import lmmsparse
import parquet_files

FORMULA = "y ~ x + f + n + ok + day + price + (1 | g) + (1 | id)"
FEWER = "y ~ x + f + (1 | g) + (1 | id)"  # of the columns that fastparquet was given


def numbers(fit):
    return fit.criterion, fit.sigma, fit.theta, fit.fixef, fit.se, fit.nobs


@unittest.skipUnless(parquet_files.have("pyarrow"), "needs PyArrow")
class Parquet(unittest.TestCase):
    def test_every_writer(self):
        with tempfile.TemporaryDirectory() as folder:
            table, names = parquet_files.write(folder, 700)
            expected = {formula: numbers(lmmsparse.fit(formula, table)) for formula in (FORMULA, FEWER)}
            for name in names:
                formula = FEWER if name.startswith("fastparquet") else FORMULA
                with self.subTest(name):
                    fit = lmmsparse.fit(formula, f"{folder}/{name}.parquet")
                    self.assertEqual(numbers(fit), expected[formula])
            days = lmmsparse.fit("y ~ x + (1 | day)", table)
            self.assertEqual(numbers(lmmsparse.fit("y ~ x + (1 | day)", f"{folder}/delta.parquet")), numbers(days))

    def test_files_are_one_stream(self):
        import pyarrow.parquet as parquet

        table = parquet_files.table(100_000).select(["y", "x", "f", "g", "id"])
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(folder + "/parts.parquet")
            for k, start in enumerate(range(0, 100_000, 30_011)):
                parquet.write_table(
                    table.slice(start, 30_011), f"{folder}/parts.parquet/{k}.parquet", row_group_size=9_999,
                    compression="zstd")
            whole = lmmsparse.fit(FEWER, table)
            self.assertEqual(numbers(lmmsparse.fit(FEWER, folder + "/parts.parquet/*.parquet")), numbers(whole))
            self.assertEqual(numbers(lmmsparse.fit(FEWER, folder + "/parts.parquet", threads=3)), numbers(whole))


if __name__ == "__main__":
    unittest.main()
