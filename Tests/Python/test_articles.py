# SPDX-License-Identifier: GPL-2.0-or-later
"""The Python code of the articles is run and prints what is shown, in which a line … stands for any lines."""
import contextlib
import io
import os
import re
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
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


if __name__ == "__main__":
    unittest.main()
