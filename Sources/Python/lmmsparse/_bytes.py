# SPDX-License-Identifier: GPL-2.0-or-later
"""Model files in memory."""
from __future__ import annotations

import os
import tempfile
from typing import Any, Callable

from ._library import LmmError


def written(save: Callable[[str], Any]) -> bytes:
    """What a function writes to a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.lmm")
        _without_name(lambda: save(path), path)
        with open(path, "rb") as file:
            return file.read()


def read(data: bytes, load: Callable[[str], Any]) -> Any:
    """What a function reads from a file of these bytes."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise LmmError(f"bytes are wanted, and {type(data).__name__} was given.", "request")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.lmm")
        with open(path, "wb") as file:
            file.write(data)
        return _without_name(lambda: load(path), path)


def _without_name(work: Callable[[], Any], path: str) -> Any:
    """The file is nobody's to look for: messages do not name it."""
    try:
        return work()
    except LmmError as error:
        message = str(error).replace(f"{path}: ", "").replace(f"{path} is ", "these bytes are ").replace(path, "these bytes")
        place = {name: value for name, value in error.place.items() if name != "file"}
        raise LmmError(message, error.code, place) from None
