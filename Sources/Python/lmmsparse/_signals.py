# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C, and other signals that Python hears, while the library works."""
from __future__ import annotations

import signal
from typing import Any

_HEARD = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)]


class Deferred:
    """Keeps signals until their handlers may raise: what they raise where C calls Python is lost.

    In the main thread alone, which is the only one that hears signals; in others it does nothing.
    """

    def __init__(self) -> None:
        self._handlers: dict = {}
        self._kept: list = []
        self._may_raise = self._is_over = False

    def __enter__(self) -> "Deferred":
        try:
            for number in _HEARD:
                self._defer(number)
        except ValueError:  # another thread, or another interpreter
            pass
        except BaseException:  # of a handler that is not deferred yet
            self.__exit__()
            raise
        return self

    def _defer(self, number: int) -> None:
        handler = signal.getsignal(number)
        if not callable(handler):  # ignored, or the system's
            return
        outer = getattr(handler, "__self__", None)  # of a call whose listener makes this one
        self._handlers[number] = (handler, outer.handler(number) if isinstance(outer, Deferred) else handler)
        signal.signal(number, self._hear)

    def __exit__(self, *_: Any) -> None:
        """Gives the handlers back, and those that have signals run.

        Raises:
            KeyboardInterrupt: and whatever else handlers raise.
        """
        try:
            for number, (before, _) in self._handlers.items():
                if signal.getsignal(number) == self._hear:
                    signal.signal(number, before)
        finally:
            self._is_over = True
            self.deliver()

    def handler(self, number: int) -> Any:
        """The one that is not of a call."""
        return self._handlers[number][1]

    def _hear(self, number: int, frame: Any) -> None:
        if self._is_over:
            self.handler(number)(number, frame)
        elif self._may_raise:
            self._may_raise = False
            self.handler(number)(number, frame)
            self._may_raise = True
        else:
            self._kept.append((number, frame))

    def deliver(self) -> None:
        """Runs the handlers of signals that came."""
        while self._kept:
            number, frame = self._kept.pop(0)
            self.handler(number)(number, frame)

    def run(self, work: Any, *arguments: Any) -> None:
        """Runs what is the user's own, in which handlers may raise at once.

        Once it has ended, by a value or an exception, they do not raise any more.
        """
        self._may_raise = True
        try:
            self.deliver()
            work(*arguments)
        finally:
            self._may_raise = False
