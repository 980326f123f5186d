"""What the integration checks share. Each check runs the built program, TYMBAL=path, on files of its own
making, and ends with 0 (passed), 1 (failed) or 77 (skipped, as a whole or a part of it: the line that begins
with SKIPPED says what and why)."""

import contextlib
import datetime
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_BAD_INPUT, EXIT_CONFLICT = 0, 1, 2, 3, 4
EXIT_SKIPPED = 77

RUN_SECONDS_MAX = 60  # One call of the program, with sanitizers on a busy machine.
FAILURES_SHOWN = 20
NOBODY = 65534
MEMORY = "/dev/shm"
ROOM_BYTES = 256 * 1024 * 1024

# 2026-11-22 10:00 UTC: a multiple of every period length that the checks use.
EPOCH_MS = 1795341600000

# All periods, whatever a check has put into a store.
ALL_TIME = ("--from", "2000-01-01T00:00Z", "--to", "2099-12-31T00:00Z", "--limit", "0")

PERCENTILES = {"p50_us": 500, "p75_us": 750, "p90_us": 900, "p95_us": 950, "p99_us": 990, "p999_us": 999}

SANITIZER_REPORT = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error:")


def millis(text):
    """The ms since 1970 of a time in a report."""
    moment = datetime.datetime.fromisoformat(text)
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(milliseconds=1)


def has_room(directory):
    try:
        return os.access(directory, os.W_OK) and shutil.disk_usage(directory).free > ROOM_BYTES
    except OSError:
        return False


def span(start_ms, duration_us, app="shop", service="orders", method="list", **more):
    """A native span."""
    return {
        "app": app,
        "service": service,
        "method": method,
        "start_time": start_ms,
        "duration_us": duration_us,
        **more,
    }


def ndjson(spans):
    return "".join(json.dumps(one) + "\n" for one in spans)


class Ended:
    """How a call of the program ended."""

    def __init__(self, args, code, out, err, peak_mb=0.0):
        self.args, self.code, self.err, self.peak_mb = args, code, err, peak_mb
        self.raw_out = out
        self.out = out.decode("utf-8", "replace")

    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise ValueError(f"no JSON: {self.out[:300]!r} of {self}") from None

    def __str__(self):
        shown = " ".join(str(arg) for arg in self.args)
        return f"tymbal {shown:.300}: exit {self.code}\n    {self.err[:600].strip()}"


class Check:
    """One check: its directory, its calls of the program, what it expected and didn't see."""

    def __init__(self, name, in_memory=False):
        """`in_memory`: its files may be in memory, where commits are quick."""
        self.name = name
        self.failures = []
        self.parts_skipped = []
        self.started = time.monotonic()
        tymbal = os.environ.get("TYMBAL")
        if not tymbal or not os.access(tymbal, os.X_OK):
            sys.exit(f"{name}: set TYMBAL to the path of the tymbal program")
        self.tymbal = Path(tymbal).resolve()
        self.sanitized = os.environ.get("TYMBAL_SANITIZED") == "1" or any(
            mark in self.tymbal.read_bytes() for mark in (b"__asan_init", b"__tsan_init")
        )
        parent = MEMORY if in_memory and has_room(MEMORY) else None
        self._directory = tempfile.TemporaryDirectory(prefix="tymbal-check-", dir=parent)
        self.dir = Path(self._directory.name)

    # ---- What is expected

    def expect(self, condition, what):
        """Notes a failure unless `condition`; `what` may be a text or a function that makes it."""
        if not condition:
            self.failures.append(what() if callable(what) else what)
        return bool(condition)

    def expect_equal(self, got, wanted, what):
        return self.expect(got == wanted, lambda: f"{what}: got {got!r:.300}, wanted {wanted!r:.300}")

    def expect_exit(self, ended, code, *texts, what=""):
        """Expects an exit code, and that what it said on stderr holds all `texts`."""
        good = self.expect(ended.code == code, lambda: f"{what or 'exit code'}: wanted exit {code} of {ended}")
        for text in texts:
            good &= self.expect(str(text) in ended.err, lambda: f"{what or 'message'}: no {text!r:.200} in: {ended}")
        return good

    def skip_part(self, reason):
        self.parts_skipped.append(reason)

    # ---- Calls of the program

    def environment(self, more=None):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TYMBAL")}
        environment["LC_ALL"] = "C.UTF-8"
        return environment | {key: str(value) for key, value in (more or {}).items()}

    def start(self, *args, **options):
        """Starts the program and returns the process; for those that are watched or killed."""
        command = [str(options.pop("program", self.tymbal)), *map(str, args)]
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(command, env=self.environment(options.pop("env", None)), **options)

    def end(self, process, args=(), stdin=None):
        """Waits for a started process. One that hangs ends the check: others would hang as well."""
        try:
            out, err = process.communicate(stdin, timeout=RUN_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.expect(False, f"tymbal {args!r:.300} took more than {RUN_SECONDS_MAX} s")
            self.finish("")
        return self._ended(args, process.returncode, out, err)

    def run(self, *args, stdin=None, **options):
        """Runs the program to its end. `stdin`: bytes or text for its standard input."""
        if stdin is not None:
            options["stdin"] = subprocess.PIPE
            stdin = stdin.encode() if isinstance(stdin, str) else stdin
        return self.end(self.start(*args, **options), args, stdin)

    def run_measured(self, *args):
        """Runs the program and returns, with how it ended, the most memory it held."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = self.start(*args, stdout=out, stderr=err)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            return self._ended(args, process.returncode, out.read(), err.read(), usage.ru_maxrss / 1024)

    def _ended(self, args, code, out, err, peak_mb=0.0):
        ended = Ended(args, code, out or b"", (err or b"").decode("utf-8", "replace"), peak_mb)
        self.expect(not SANITIZER_REPORT.search(ended.err), lambda: f"a sanitizer's report: {ended}\n{ended.err}")
        self.expect(code >= 0 or code == -signal.SIGKILL, lambda: f"ended by a signal: {ended}")
        return ended

    def succeed(self, *args, **options):
        """Runs the program, which must succeed."""
        ended = self.run(*args, **options)
        self.expect(ended.code == EXIT_OK, lambda: f"wanted success of {ended}")
        return ended

    def report(self, view, store, *args):
        """The rows of a report as JSON; of all periods unless `args` say which."""
        scope = args or (("--limit", "0") if view == "periods" else ALL_TIME)
        return self.succeed("report", view, "--store", store, "--format", "json", *scope).json()

    def results(self, store):
        """All that a store shows, but for run ids: equal for equal results."""
        texts = []
        for view in ("methods", "services", "apps", "slow"):
            ended = self.succeed("report", view, "--store", store, "--format", "json", *ALL_TIME)
            texts.append(re.sub(r',"run_id":\d+', "", ended.out))
        return "\n".join(texts)

    # ---- Files

    def write(self, name, content):
        path = self.dir / name
        path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        return path

    def compress(self, path, tool):
        """Makes path.gz or path.zst of a file; nothing if the tool isn't there."""
        if shutil.which(tool) is None:
            return None
        suffix = {"gzip": ".gz", "zstd": ".zst"}[tool]
        packed = path.with_name(path.name + suffix)
        packed.write_bytes(subprocess.run([tool, "-c", str(path)], check=True, stdout=subprocess.PIPE).stdout)
        return packed

    # ---- The end

    def finish(self, summary):
        """Says how it went and ends the process."""
        seconds = time.monotonic() - self.started
        with contextlib.suppress(OSError):
            self._directory.cleanup()
        if self.failures:
            for failure in self.failures[:FAILURES_SHOWN]:
                print(f"  {failure}")
            print(f"{self.name}: {len(self.failures)} failed expectations, in {seconds:.1f} s")
            sys.exit(EXIT_FAILED)
        print(f"{self.name}: {summary}, in {seconds:.1f} s")
        if self.parts_skipped:
            print(f"SKIPPED: {'; '.join(self.parts_skipped)} (the rest of {self.name} passed)")
            sys.exit(EXIT_SKIPPED)
        sys.exit(EXIT_OK)

    def skip(self, reason):
        """Ends the process: nothing was checked."""
        with contextlib.suppress(OSError):
            self._directory.cleanup()
        print(f"SKIPPED: {self.name}: {reason}")
        sys.exit(EXIT_SKIPPED)


def query(store, sql, *parameters):
    """Rows of a store, read around the program. Like the next process, it rolls back what a killed one left."""
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=rw", uri=True)) as db:
        return db.execute(sql, parameters).fetchall()
