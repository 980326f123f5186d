"""The Python environment of the peers: made once from requirements.txt, in the user's cache."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements.txt"
INSTALL_SECONDS_MAX = 600


class Unavailable(Exception):
    """The packages can't be had here; says why, without the address of a registry."""


def peer_python() -> Path:
    """Returns the interpreter that has the peers' packages, and installs them if they aren't there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tymbal"
    # Other versions, or another Python, are another folder: nothing is ever changed in one that is complete.
    key = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache / f"bench-{key}"
    python, complete = folder / "bin" / "python", folder / "complete"
    if complete.exists():
        return python
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = open(cache / "bench.lock", "w", encoding="ascii")
    except OSError as error:
        raise Unavailable(f"cannot write to the cache folder: {error.strerror}") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Two at once would spoil it.
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            print("Installing the peers once into the cache folder.", file=sys.stderr)
            _call([sys.executable, "-m", "venv", folder])
            _call([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS])
            complete.touch()
    return python


def _call(command: list) -> None:
    what = f"python3 -m {command[2]}"
    try:
        run = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{what}: no end within {INSTALL_SECONDS_MAX} s") from None
    if run.returncode != 0:
        lines = [line for line in (run.stderr + run.stdout).splitlines() if line.strip()] or [f"exit {run.returncode}"]
        first = next((line for line in lines if "ERROR" in line or "Error" in line), lines[-1])
        raise Unavailable(f"{what}: " + re.sub(r"[a-z]+://\S+|host='[^']*'", "...", first)[:160])
