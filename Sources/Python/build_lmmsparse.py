# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the wheel: the package with its shared library, which Swift compiles; for pip and for build_wheel."""
import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SUMMARY = "Linear mixed-effects models for very large grouped data"


def version() -> str:
    text = (ROOT / "Sources/MixedModels/Text/SoftwareVersion.swift").read_text(encoding="utf-8")
    return re.search(r'softwareVersion = "([^"]+)"', text)[1]


def library() -> Path:
    """The shared library: LMMSPARSE_LIBRARY, or what Swift makes."""
    named = os.environ.get("LMMSPARSE_LIBRARY")
    if named:
        return Path(named)
    if shutil.which("swift") is None:
        sys.exit("Swift is not along PATH: it compiles the library. Install it (swift.org), or a wheel of lmmsparse.")
    command = ["swift", "build", "-c", "release", "--product", "lmmsparse", "--package-path", str(ROOT)]
    scratch = Path(os.environ.get("LMMSPARSE_SCRATCH") or ROOT / ".build")
    if sys.platform.startswith("linux"):
        command += ["-Xswiftc", "-static-stdlib", "-Xlinker", f"--version-script={HERE / 'lmm.map'}"]
        command += ["-Xlinker", str(older_glibc(scratch))]
    command += ["--scratch-path", str(scratch)]
    subprocess.run(command, check=True)
    path = subprocess.run([*command, "--show-bin-path"], check=True, capture_output=True, text=True).stdout.strip()
    return next(p for p in Path(path).glob("liblmmsparse.*") if p.suffix in (".so", ".dylib"))


def older_glibc(folder: Path) -> Path:
    """What the library has of its own so that it does not ask for a newer glibc; compiled by Swift's clang."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "hypotf.o"
    swift = Path(os.path.realpath(shutil.which("swift")))
    clang = swift.with_name("clang")
    compiler = str(clang) if clang.exists() else "cc"
    subprocess.run([compiler, "-O2", "-fPIC", "-c", str(HERE / "hypotf.c"), "-o", str(made)], check=True)
    return made


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = f"lmmsparse-{version()}"
    tag = "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())
    files = {f"lmmsparse/{p.name}": p.read_bytes() for p in sorted((HERE / "lmmsparse").iterdir()) if p.is_file()}
    built = library()
    files[f"lmmsparse/lib/{built.name}"] = built.read_bytes()
    for header in ("CLMMSparse/include/lmm.h", "CArrow/include/arrow_c_stream.h"):
        files[f"lmmsparse/include/{Path(header).name}"] = (ROOT / "Sources" / header).read_bytes()
    info = f"{name}.dist-info"
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: lmmsparse\nVersion: {version()}\nSummary: {SUMMARY}\n"
        "License: GPL-2.0-or-later\nRequires-Python: >=3.8\nDescription-Content-Type: text/markdown\n\n"
        f"# lmmsparse\n\n{SUMMARY}: lme4's formulas, rows read once from anything that speaks Arrow.\n").encode()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: build_lmmsparse\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    records = []
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        records.append(f"{path},sha256={digest},{len(data)}\n")
    files[f"{info}/RECORD"] = ("".join(records) + f"{info}/RECORD,,\n").encode()
    wheel = f"{name}-{tag}.whl"
    with zipfile.ZipFile(Path(wheel_directory) / wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = (0o755 if path.endswith((".so", ".dylib")) else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return wheel


def build_sdist(sdist_directory, config_settings=None):
    raise NotImplementedError("the package is built from a checkout of lmm-sparse: pip install ./Sources/Python")
