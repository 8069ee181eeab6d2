# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that a fit was read from: whether they are the same still, and that nothing is written over them."""
from __future__ import annotations

import glob
import os
from typing import Any, Iterable, Iterator, Mapping, Union

from ._library import LmmError


def _expanded(name: str) -> Iterator[str]:
    """The files of a name, a pattern or a folder."""
    for found in [name] if os.path.exists(name) else glob.glob(name, recursive=True):
        if os.path.isdir(found):
            for folder, _, files in os.walk(found):
                yield from (os.path.join(folder, file) for file in files)
        else:
            yield found


def marks(names: Iterable[str]) -> dict:
    """Sizes and times of files, by which a change is seen."""
    found = {}
    for name in names:
        for path in _expanded(name):
            known = os.stat(path)
            found[path] = known.st_size, known.st_mtime_ns
    return found


class InputFiles:
    """Names of files, patterns and folders that were read, absolute."""

    def __init__(self, names: Iterable[Any] = ()):
        self.names = list(dict.fromkeys(os.path.abspath(os.fspath(name)) for name in names))

    @staticmethod
    def of(files: Iterable[Any], options: Mapping[str, Any]) -> "InputFiles":
        """Those of the rows and those that options name."""
        named = [options.get("start")]
        for name in ("relationship", "precision", "pedigree", "neighbours"):
            named += (options.get(name) or {}).values()
        return InputFiles([*files, *(name for name in named if isinstance(name, (str, os.PathLike)))])

    def __add__(self, other: "InputFiles") -> "InputFiles":
        return InputFiles(self.names + other.names)

    def refuse(self, path: Union[str, os.PathLike]) -> None:
        """
        Raises:
            LmmError: where the path is that of a file among these, by whatever name.
        """
        try:
            there = os.stat(path)
        except (OSError, ValueError):
            return
        for name in self.names:
            for file in _expanded(name):
                try:
                    same = os.path.samestat(there, os.stat(file))
                except OSError:
                    continue
                if same:
                    raise LmmError(
                        f"{os.fspath(path)} is a file that the fit was read from, and would be lost. Write to another "
                        "file.", "file", {"file": os.fspath(path)})
