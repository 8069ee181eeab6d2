# SPDX-License-Identifier: GPL-2.0-or-later
"""The Python code of the articles is run and prints what is shown, in which a line … stands for any lines."""
import contextlib
import io
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import databases

ROOT = Path(__file__).parent.parent.parent
TOOL = Path(os.environ.get("LMMSPARSE_LIBRARY", "")).parent / "lmm-sparse"
ARTICLES = ROOT / "Sources/MixedModels/MixedModels.docc"


def blocks(path):
    """Language and text of every block between fences."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.M | re.S)


def matches(output, shown):
    def tidy(text):
        return "\n".join(line.rstrip() for line in text.strip().split("\n"))

    pattern = ".*".join(re.escape(piece) for piece in tidy(shown).split("…"))
    return re.fullmatch(pattern, tidy(output), re.S)


class Articles(unittest.TestCase):
    def test_python(self):
        names = ["FromPython.md"]
        before = os.getcwd()
        for name in names:
            names_of_code, all_blocks = {}, blocks(ARTICLES / name)
            self.assertGreaterEqual(sum(language == "python" for language, _ in all_blocks), 5)
            with tempfile.TemporaryDirectory() as folder:
                os.symlink(ROOT / "data", folder + "/data")
                os.chdir(folder)
                try:
                    for (language, code), following in zip(all_blocks, all_blocks[1:] + [("end", "")]):
                        if language != "python":
                            continue
                        output = io.StringIO()
                        with contextlib.redirect_stdout(output):
                            exec(code, names_of_code)
                        if following[0] == "":
                            self.assertTrue(
                                matches(output.getvalue(), following[1]),
                                f"{code}\nprints\n{output.getvalue()}\nand shown is\n{following[1]}")
                finally:
                    os.chdir(before)

    @unittest.skipUnless(TOOL.exists(), "needs the program")
    def test_sql(self):
        sleep = ROOT / "data/sleepstudy.csv"
        with tempfile.TemporaryDirectory() as folder, databases.postgres(sleep) as server:
            os.mkdir(folder + "/rows")
            has_parquet = databases.write_parquet(sleep, folder + "/rows")
            shutil.copy(ROOT / "Tests/ModelFramesTests/Data/Arrow/sleepstudy.feather", folder + "/rows/sleep.arrow")
            os.symlink(folder + "/rows/0.parquet", folder + "/new.parquet")
            databases.write_sqlite(sleep, folder + "/sleep.db")
            path = f"{TOOL.parent}:{os.environ['PATH']}"
            environment = {**os.environ, "PATH": path, **(server or {})}
            fit = [str(TOOL), "fit", "Reaction ~ Days + (Days | Subject)", str(sleep)]
            whole = subprocess.run([*fit, "--save", folder + "/sleep.lmm"], check=True, capture_output=True, text=True)
            estimates = whole.stdout.split("Random effects:")[1].split("Number of obs")[0].lower()
            runs = []
            for language, code in blocks(ARTICLES / "FromSQLAndParquet.md"):
                if language != "bash":
                    continue
                program = code.split()[0]
                is_ready = shutil.which(program, path=path) and (program != "psql" or server)
                if not is_ready or (".parquet" in code and not has_parquet):
                    continue
                run = subprocess.run(
                    ["bash", "-euo", "pipefail", "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
                self.assertEqual((run.returncode, run.stderr), (0, ""), code)
                shown = run.stdout.split("Random effects:")[1].split("Number of obs")[0].lower()
                self.assertEqual(shown, estimates, code)
                runs.append(program)
            wanted = {"lmm-sparse", *(["psql"] if server else []), *filter(shutil.which, ("sqlite3", "duckdb"))}
            self.assertLessEqual(wanted, set(runs))


if __name__ == "__main__":
    unittest.main()
