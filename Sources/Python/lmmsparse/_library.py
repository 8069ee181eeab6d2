# SPDX-License-Identifier: GPL-2.0-or-later
"""The shared library: where it is, its functions, its errors, progress and interruption."""
from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
import sys
import threading
import warnings
import weakref
from pathlib import Path
from typing import Any, Callable, Optional

from ._signals import Deferred

KERNEL_VARIABLE = "OPENBLAS_CORETYPE"


class LmmError(Exception):
    """What went wrong, in a sentence that says what to do.

    Attributes:
        code: ``request``, ``data``, ``formula``, ``fit``, ``inference``, ``file``, ``range``, ``memory``,
            ``interrupted`` or ``failed``.
        place: What is known of where: ``file``, ``line``, ``row`` (both from 1), ``column``, ``value``; of a
            formula its text and ``position``, in characters from 0.
    """

    def __init__(self, message: str, code: str = "failed", place: Optional[dict] = None):
        super().__init__(message)
        self.code = code
        self.place = place or {}


class LmmNote(UserWarning):
    """What is to be known of a result."""


# Types of pointers are made once: ctypes keeps those that it has made for a whole process, and another interpreter that
# imports it makes it forget them, so that those made later would be others.
class ArrowSchema(ctypes.Structure):
    pass


SchemaPointer = ctypes.POINTER(ArrowSchema)
SchemaPointers = ctypes.POINTER(SchemaPointer)
ArrowSchema._fields_ = [
    ("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64), ("n_children", ctypes.c_int64),
    ("children", SchemaPointers), ("dictionary", SchemaPointer),
    ("release", ctypes.CFUNCTYPE(None, SchemaPointer)), ("private_data", ctypes.c_void_p),
]


class ArrowArray(ctypes.Structure):
    pass


ArrayPointer = ctypes.POINTER(ArrowArray)
ArrayPointers = ctypes.POINTER(ArrayPointer)
BufferPointers = ctypes.POINTER(ctypes.c_void_p)
ArrowArray._fields_ = [
    ("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64), ("n_children", ctypes.c_int64), ("buffers", BufferPointers),
    ("children", ArrayPointers), ("dictionary", ArrayPointer),
    ("release", ctypes.CFUNCTYPE(None, ArrayPointer)), ("private_data", ctypes.c_void_p),
]


class ArrowArrayStream(ctypes.Structure):
    pass


StreamPointer = ctypes.POINTER(ArrowArrayStream)
ArrowArrayStream._fields_ = [
    ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, StreamPointer, SchemaPointer)),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, StreamPointer, ArrayPointer)),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, StreamPointer)),
    ("release", ctypes.CFUNCTYPE(None, StreamPointer)), ("private_data", ctypes.c_void_p),
]

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_NO_CALLBACK = _Callback()
_lock = threading.Lock()
_loaded: Optional[ctypes.CDLL] = None


def path() -> Path:
    """The shared library: named by LMMSPARSE_LIBRARY, or the one that came with the package."""
    named = os.environ.get("LMMSPARSE_LIBRARY")
    if named:
        return Path(named)
    here = Path(__file__).parent
    for folder in (here / "lib", here):
        for name in ("liblmmsparse.so", "liblmmsparse.dylib"):
            if (folder / name).exists():
                return folder / name
    raise ImportError(
        "liblmmsparse is not in the package. Install the wheel, or name the library by LMMSPARSE_LIBRARY.")


def library() -> ctypes.CDLL:
    global _loaded
    with _lock:
        if _loaded is None:
            _loaded = _load()
    return _loaded


def _load() -> ctypes.CDLL:
    place = str(path())
    kernel = _fitting_kernel(place)
    before = os.environ.get(KERNEL_VARIABLE)
    if kernel:
        os.environ[KERNEL_VARIABLE] = kernel
    try:
        lib = ctypes.CDLL(place)
    finally:
        if kernel:
            if before is None:
                del os.environ[KERNEL_VARIABLE]
            else:
                os.environ[KERNEL_VARIABLE] = before
    text = ctypes.POINTER(ctypes.c_char_p)
    handle = ctypes.POINTER(ctypes.c_void_p)
    void, chars = ctypes.c_void_p, ctypes.c_char_p
    stream = ctypes.c_void_p
    for name, arguments in {
        "lmm_speak": [chars, text], "lmm_info": [chars, text], "lmm_columns": [chars, text],
        "lmm_fit": [stream, chars, handle, text], "lmm_plan": [stream, chars, text],
        "lmm_responses": [stream, chars, text],
        "lmm_crossprod": [stream, chars, handle, text],
        "lmm_merge": [handle, ctypes.c_size_t, handle, text],
        "lmm_fit_products": [void, chars, handle, text],
        "lmm_save_products": [void, chars, text], "lmm_load_products": [chars, handle, text],
        "lmm_call": [void, chars, text], "lmm_compare": [handle, ctypes.c_size_t, chars, text],
        "lmm_predict": [void, stream, chars, StreamPointer, text],
        "lmm_augment": [void, stream, chars, StreamPointer, text],
        "lmm_simulate": [void, stream, chars, StreamPointer, text],
        "lmm_ranef": [void, chars, StreamPointer, text],
        "lmm_influence": [void, stream, chars, text], "lmm_plot": [void, stream, chars, text],
        "lmm_report": [void, stream, chars, text],
        "lmm_save": [void, chars, text], "lmm_load": [chars, chars, handle, text],
    }.items():
        function = getattr(lib, name)
        function.argtypes, function.restype = arguments, ctypes.c_int
    for name in ("lmm_free", "lmm_free_products", "lmm_free_text"):
        getattr(lib, name).argtypes, getattr(lib, name).restype = [void], None
    lib.lmm_on_progress.argtypes, lib.lmm_on_progress.restype = [_Callback, void], None
    lib.lmm_version.argtypes, lib.lmm_version.restype = [], chars
    taken = ctypes.c_char_p()
    if lib.lmm_speak(b"python", ctypes.byref(taken)) == 0:
        lib.lmm_free_text(ctypes.cast(taken, void))
    return lib


_PROBE = """
import ctypes, sys
lib = ctypes.CDLL(sys.argv[1])
text = ctypes.c_char_p()
lib.lmm_info(sys.argv[2].encode(), ctypes.byref(text))
print(text.value.decode())
"""


def _fitting_kernel(place: str) -> Optional[str]:
    """Kernels of OpenBLAS for the vectors of this processor, where it takes others and these compute right.

    OpenBLAS chooses when it is loaded, from a list of processors as old as its release. So another process is
    asked; where there is no Linux, or the choice is made already, nobody.
    """
    if os.environ.get(KERNEL_VARIABLE) or not sys.platform.startswith("linux") or not sys.executable:
        return None

    def ask(options: dict, environment: dict) -> dict:
        run = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROBE, place, json.dumps(options)], env=environment,
            capture_output=True, timeout=60)
        return json.loads(run.stdout) if run.returncode == 0 else {}

    try:
        fitting = ask({}, dict(os.environ)).get("blas", {}).get("kernel_fitting")
        if not fitting:
            return None
        answer = ask({"self_test": True}, {**os.environ, KERNEL_VARIABLE: fitting})
        blas = answer.get("blas", {})
        right = answer.get("self_test") == "passed" and str(blas.get("kernel")).lower() == fitting.lower()
        return fitting if right else None
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


Progress = Optional[Callable[[dict], Any]]


def _depth() -> int:
    """How many frames above the caller's the user's code is."""
    frame, depth, own = sys._getframe(1), 0, os.path.dirname(__file__)
    while frame is not None and os.path.dirname(frame.f_code.co_filename) == own:
        frame, depth = frame.f_back, depth + 1
    return depth


_heard_by = threading.local()  # the callback of the call that this thread makes


class listening:
    """Hears of what calls by this thread do, and ends the work where a listener or the handler of a signal raises."""

    def __init__(self, progress: Progress = None):
        self._progress = progress
        self._raised: list = []
        self._callback = _Callback(self._hear)
        self._signals = Deferred()

    def _hear(self, event: bytes, _context: Any) -> int:
        try:
            self._signals.run(self._tell, event)
            return 0
        except BaseException as error:  # also an interrupt from the keyboard
            self._raised.append(error)
            return 1

    def _tell(self, event: bytes) -> None:
        told = json.loads(event.decode())
        if told.get("stage") == "note":
            warnings.warn(told["text"], LmmNote, stacklevel=_depth() + 1)
        elif self._progress is not None:
            self._progress(told)

    def __enter__(self) -> "listening":
        lib = library()
        self._signals.__enter__()
        self._outer = getattr(_heard_by, "callback", _NO_CALLBACK)
        _heard_by.callback = self._callback
        lib.lmm_on_progress(self._callback, None)
        return self

    def __exit__(self, *_: Any) -> None:
        _heard_by.callback = self._outer
        library().lmm_on_progress(self._outer, None)
        self._signals.__exit__()
        if self._raised:
            raise self._raised[0]


def call(name: str, *arguments: Any, progress: Progress = None) -> dict:
    """Calls a function with its arguments but for the last, which takes the JSON; returns the result.

    Raises:
        LmmError: for an error of the library.
        KeyboardInterrupt: and whatever else ``progress`` raises, which ends the work.
    """
    lib = library()
    text = ctypes.c_char_p()
    with listening(progress):
        code = getattr(lib, name)(*arguments, ctypes.byref(text))
        answer = text.value
        if answer is not None:
            lib.lmm_free_text(ctypes.cast(text, ctypes.c_void_p))
    result = json.loads(answer.decode()) if answer else {}
    if code != 0:
        error = result.get("error", {})
        message = re.sub(r"^lmm_\w+: ", "", error.get("message", f"{name} failed"))
        raise LmmError(message, error.get("code", "failed"), error.get("place"))
    return result


def encoded(options: dict) -> bytes:
    return json.dumps({k: v for k, v in options.items() if v is not None}, allow_nan=False).encode()


class _Freeing(weakref.ref):
    """Frees a pointer when its handle is gone, by C alone: what a signal's handler raises in ``__del__`` would be lost."""

    __slots__ = ("_as_parameter_",)


_freeing: list = []


class Handle:
    """A pointer of the library's that is given back with this object."""

    def __init__(self, free: str):
        global _freeing
        self.pointer = ctypes.c_void_p()
        freed = _Freeing(self, getattr(library(), free))
        freed._as_parameter_ = self.pointer  # for the function, which is called with the reference
        if len(_freeing) >= 64 and len(_freeing) & (len(_freeing) - 1) == 0:
            _freeing = [one for one in _freeing if one() is not None]
        _freeing.append(freed)

    def __copy__(self) -> "Handle":
        return self  # what it points to does not change

    def __deepcopy__(self, _: dict) -> "Handle":
        return self

    def __reduce__(self):
        raise TypeError("a pointer of this process cannot be pickled")


def version() -> str:
    return library().lmm_version().decode()


def info() -> dict:
    """Versions, the BLAS in use and whether its kernels fit the processor, cores, memory in bytes."""
    return call("lmm_info", b"{}")
