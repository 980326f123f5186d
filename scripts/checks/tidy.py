"""clang-tidy over the sources, with the compile commands of build/clang."""

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from rules import ToolMissing

FILE_SECONDS_MAX = 300
TOOL = "clang-tidy-14"


def changed(tree):
    """Returns the paths that differ from the last commit."""
    command = ["git", "-c", f"safe.directory={tree.root}", "-C", str(tree.root)]
    names = set()
    for arguments in (
        ["diff", "--name-only", "-z", "HEAD"],
        ["ls-files", "-z", "--others", "--exclude-standard"],
    ):
        run = subprocess.run(command + arguments, capture_output=True, text=True, timeout=60)
        names |= set(run.stdout.split("\0"))
    return names


def run(tree, only=None):
    """Returns (number of files, texts of complaints)."""
    if not shutil.which(TOOL):
        raise ToolMissing(TOOL)
    database = tree.root / "build" / "clang"
    if not (database / "compile_commands.json").exists():
        raise SystemExit("lint: clang-tidy needs build/clang: cmake --preset clang")
    files = [p for p in tree.cpp("src") if p.endswith(".cc") and (only is None or p in only)]

    def one(path):
        run = subprocess.run(
            [TOOL, "--quiet", "-p", str(database), "--warnings-as-errors=*", path],
            cwd=tree.root,
            capture_output=True,
            text=True,
            timeout=FILE_SECONDS_MAX,
        )
        return run.returncode, run.stdout.replace(f"{tree.root}/", "")

    complaints = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for status, text in pool.map(one, files):
            if status != 0:
                # A header's complaint comes with every file that includes it; once is enough.
                for block in re.split(r"\n(?=\S+:\d+:\d+: (?:error|warning))", text.strip()):
                    complaints[block] = True
    return len(files), list(complaints)
