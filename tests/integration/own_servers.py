"""Servers of a check's own, which it may kill, freeze, wipe and start again: on a shared one that would hit every other test."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

from support import EXIT_SKIPPED

STACK = Path(__file__).resolve().parents[2] / "scripts" / "stack"
STACK_SECONDS_MAX = 300


class OwnServers:
    """Servers of scripts/stack, by kind, from `with` to its end. Skips the check when one can't be had."""

    def __init__(self, check, *kinds, options=""):
        """`options`: further ones for the command line of those that speak SQL."""
        self.check, self.kinds, self.options = check, kinds, options
        self._directory = tempfile.TemporaryDirectory(prefix="tymbal-own-")
        self.dir = Path(self._directory.name)

    def __enter__(self):
        try:
            for kind in self.kinds:
                started = self._stack("start", kind, options=self.options)
                if started.returncode == EXIT_SKIPPED:
                    self.__exit__()
                    self.check.skip((started.stdout + started.stderr).strip().removeprefix("SKIPPED: "))
                if started.returncode != 0:
                    raise RuntimeError(f"scripts/stack: {started.stderr}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._stack("stop")
        self._directory.cleanup()

    def _stack(self, action, *kinds, options=""):
        return subprocess.run([STACK, action, *kinds, "--dir", str(self.dir)], capture_output=True, text=True,
                              timeout=STACK_SECONDS_MAX, env=os.environ | {"TYMBAL_STACK_SQL_OPTIONS": options})

    def fact(self, kind, name):
        """What scripts/stack says of a server, such as its URL."""
        facts = dict(line.split("=", 1) for line in (self.dir / f"{kind}.env").read_text().splitlines())
        return facts[name]

    def signal(self, kind, number):
        os.kill(int(self.fact(kind, "PID")), number)

    def kill(self, kind):
        """As if the power went: what it has on disk stays."""
        self.signal(kind, signal.SIGKILL)

    def restart(self, kind, options=None):
        """Starts it again on the same data and port; kills it first if it lives."""
        restarted = self._stack("restart", kind, options=self.options if options is None else options)
        self.check.expect(restarted.returncode == 0, f"the restart of {kind}: {restarted.stderr:.500}")
