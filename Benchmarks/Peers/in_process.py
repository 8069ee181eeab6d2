# SPDX-License-Identifier: GPL-2.0-or-later
"""Seconds of a fit alone, without the start of Python, imports and the file."""
import time


def timed(fit):
    """What `fit` returns, and its wall and CPU seconds by the names that the comparison reads."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = fit()
    return result, {"fit_seconds": time.perf_counter() - wall, "fit_cpu_seconds": time.process_time() - cpu}
