"""Runs a command and writes its wall seconds, peak memory and exit code as JSON to a file: measured.py RESULT COMMAND...

A process of its own, since the kernel hands the peak of whoever starts a process on to it, and this one is small.
The peak is that of the command or of the largest process that it started.
"""

import json
import os
import resource
import sys
import time


def main() -> None:
    result, *command = sys.argv[1:]
    before = time.perf_counter()
    started = time.time()
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status = os.waitpid(pid, 0)
    seconds = time.perf_counter() - before
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    with open(result, "w", encoding="ascii") as stream:
        json.dump({"seconds": seconds, "started": started, "peak_mb": peak_mb, "exit": os.waitstatus_to_exitcode(status)}, stream)


if __name__ == "__main__":
    main()
