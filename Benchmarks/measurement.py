# SPDX-License-Identifier: GPL-2.0-or-later
"""What the comparisons share: whole processes measured, the machine, simulated tables."""
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Measurement:
    """One finished process. `seconds` is wall time; `bytes` its largest resident set."""

    status: int  # exit code, or minus the signal
    timed_out: bool
    seconds: float
    cpu_seconds: float
    bytes: int
    output: str
    errors: str


def measure(command, timeout=None):
    """Runs a command with its own process group, which is killed after `timeout` seconds."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
            start_new_session=True)
        expired = threading.Event()

        def kill():
            expired.set()
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

        timer = threading.Timer(timeout, kill) if timeout else None
        if timer:
            timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            kill()
            raise
        finally:
            if timer:
                timer.cancel()
        seconds = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        unit = 1 if sys.platform == "darwin" else 1024
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return Measurement(
            child.returncode, expired.is_set(), seconds, usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * unit, *texts)


def program(path=None):
    """The release build of lmm-sparse, or the program given."""
    found = Path(path) if path else ROOT / ".build/release/lmm-sparse"
    if not os.access(found, os.X_OK):
        sys.exit(f"error: no program at {found}. Build it: swift build -c release")
    return str(found)


def cache_folder(path=None):
    folder = Path(path) if path else Path(tempfile.gettempdir()) / "lmm-sparse-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def simulated(tool, folder, workload, seed=1, rows=None, levels=None):
    """The path of a simulated table, which is made unless it is there."""
    options, name = ["--seed", str(seed)], f"{workload}-{seed}"
    if rows:
        options += ["--rows", str(rows)]
        name += f"-n{rows}"
    for factor, count in sorted((levels or {}).items()):
        options += ["--levels", f"{factor}={count}"]
        name += f"-{factor}{count}"
    path = folder / f"{name}.csv"
    if not path.exists():
        subprocess.run([tool, "simulate", workload, *options, "--output", str(path)], check=True)
    return str(path)


def workloads(tool):
    """Name → (rows, formula)."""
    listing = subprocess.run(
        [tool, "simulate", "--list"], check=True, capture_output=True, text=True).stdout
    rows = (line.split(None, 2) for line in listing.splitlines())
    return {name: (int(count), formula) for name, count, formula in rows}


def machine():
    """Processor, cores, memory and system in one line."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (f"{model}, {cores} cores, {memory:.0f} GiB, "
            f"{platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f}")
