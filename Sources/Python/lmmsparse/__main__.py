# SPDX-License-Identifier: GPL-2.0-or-later
"""``python -m lmmsparse …`` is the command-line program, where it came with the package or is on PATH."""
import os
import shutil
import sys
from pathlib import Path

own = Path(__file__).parent / "bin" / "lmm-sparse"
program = str(own) if own.exists() else shutil.which("lmm-sparse")
if program is None:
    sys.exit(
        "error: this package came without the command-line program lmm-sparse, and none is on PATH. "
        "Use the functions of the package, or build it: swift build -c release --product lmm-sparse")
os.execv(program, [program, *sys.argv[1:]])
