# SPDX-License-Identifier: GPL-2.0-or-later
"""Signals that come while the library works, or between its calls."""
import csv
import os
import signal
import sys
import threading
import time
import unittest
from pathlib import Path

import lmmsparse

SLEEP = str(Path(__file__).parent.parent.parent / "data/sleepstudy.csv")
FORMULA = "Reaction ~ Days + (Days | Subject)"


@unittest.skipUnless(hasattr(signal, "setitimer"), "needs timers")
class Interruption(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(SLEEP, encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        columns = {name: [float(row[name]) for row in rows] for name in ("Reaction", "Days")}
        cls.fit = lmmsparse.fit(FORMULA, {**columns, "Subject": [row["Subject"] for row in rows]})
        cls.fit.ranef()  # what is imported is imported now

    def setUp(self):
        self.lost = []
        hook, sys.unraisablehook = sys.unraisablehook, self.lost.append
        self.addCleanup(setattr, sys, "unraisablehook", hook)
        before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        self.handler = signal.default_int_handler  # which processes in the background have not
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, self.handler))

    def interrupt(self, work, error=KeyboardInterrupt, delays=(0.003, 0.011, 0.029)):
        for delay in delays:
            end = time.monotonic() + 30
            with self.assertRaises(error):
                signal.setitimer(signal.ITIMER_REAL, delay)
                while time.monotonic() < end:
                    work()
            self.assertIs(signal.getsignal(signal.SIGINT), self.handler)
        self.assertEqual(self.lost, [])

    def test_one_call(self):
        self.interrupt(lambda: self.fit.bootstrap(replicates=1_000_000))
        self.interrupt(lambda: self.fit.bootstrap(replicates=1_000_000, progress=lambda event: None))
        self.interrupt(lambda: self.fit.bootstrap(replicates=1_000_000, progress=lambda event: time.sleep(0.1)))

    def test_many_calls(self):
        rows = {"Days": [1.0, 2.0], "Subject": ["308", "309"], "Reaction": [250.0, 260.0]}
        self.interrupt(lambda: lmmsparse.fit(FORMULA, SLEEP))
        self.interrupt(self.fit.predict)
        self.interrupt(lambda: (self.fit.predict(rows), lmmsparse.crossprod(FORMULA, rows), self.fit.ranef()))

    def test_other_signals(self):
        def expire(*_):
            raise TimeoutError

        signal.signal(signal.SIGALRM, expire)
        self.interrupt(lambda: self.fit.bootstrap(replicates=1_000_000), TimeoutError)
        # One whose handler raises nothing ends nothing.
        heard = []
        signal.signal(signal.SIGALRM, lambda *_: heard.append(True))
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        self.assertEqual(self.fit.bootstrap(replicates=40).json["replicates"], 40)
        end = time.monotonic() + 30
        while not heard and time.monotonic() < end:  # the work may be done before the signal comes
            time.sleep(0.001)
        self.assertEqual(heard, [True])

    def test_a_listener_that_fits(self):
        events = []

        def listen(event):
            events.append(event)
            if len(events) == 2:
                lmmsparse.fit(FORMULA, SLEEP)

        lmmsparse.fit(FORMULA, SLEEP, progress=listen)
        self.assertGreater(len(events), 2)  # is heard after its own call, too
        self.interrupt(lambda: self.fit.bootstrap(
            replicates=1_000_000, progress=lambda event: self.fit.bootstrap(replicates=1_000_000)))

    def test_other_threads_are_not_interrupted(self):
        results = []
        thread = threading.Thread(target=lambda: results.append(self.fit.bootstrap(replicates=400)))
        thread.start()
        self.interrupt(lambda: self.fit.bootstrap(replicates=1_000_000), delays=[0.01])
        thread.join()
        self.assertEqual(results[0].json["replicates"], 400)


if __name__ == "__main__":
    unittest.main()
