# SPDX-License-Identifier: GPL-2.0-or-later
"""What shows how far a call is."""
from __future__ import annotations

import sys
from typing import Any, Callable, Optional, Union

ProgressArgument = Union[bool, Callable[[dict], Any], None]


def listener(progress: ProgressArgument) -> Optional[Callable[[dict], Any]]:
    """A callable of the user's as it is; True is a line on standard error, or a bar of tqdm where that is there."""
    if progress is None or progress is False:
        return None
    if callable(progress):
        return progress
    return _Line()


class _Line:
    def __init__(self):
        self._bar = None
        self._width = 0
        try:
            from tqdm.auto import tqdm

            self._tqdm = tqdm
        except ImportError:
            self._tqdm = None

    def __call__(self, event: dict) -> None:
        stage = event.get("stage")
        if self._tqdm is not None and "of" in event:
            if self._bar is None:
                self._bar = self._tqdm(total=event["of"], desc=stage)
            self._bar.update(event["done"] - self._bar.n)
            if event["done"] >= event["of"]:
                self._bar.close()
                self._bar = None
            return
        if stage in ("reading", "rows", "residuals"):
            text = f"{stage}: {event['rows']:,} rows"
        elif stage == "evaluating":
            text = f"evaluation {event['evaluation']}: criterion {event['criterion']:.4f}"
        else:
            text = f"{stage}: {event.get('done')} of {event.get('of')}"
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)

    def __del__(self):
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
