"""The files of a source tree, as the checks see them."""

import gzip
import os
import pathlib
import re
import subprocess

TEXT_BYTES_MAX = 64 << 20  # More than that is no source text.

# Comments, string and character literals of C++. A quote after a letter or digit is a digit separator.
NOT_CODE = re.compile(
    r"""//[^\n]*
    | /\*.*?\*/
    | \bR"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
    | "(?:\\.|[^"\\\n])*"
    | (?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'
    """,
    re.DOTALL | re.VERBOSE,
)


def _blank(match):
    return " " + "\n" * match.group().count("\n")


class Tree:
    """Files below `root` that git tracks or would add; without a repository all but build/."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.paths = sorted(p for p in self._list() if (self.root / p).is_file())
        self._texts = {}
        self._code = {}

    def _list(self):
        if (self.root / ".git").exists():
            try:
                # Another user's tree: git would refuse to look at it, and looking is all we do.
                command = ["git", "-c", f"safe.directory={self.root}", "-C", str(self.root)]
                command += ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
                run = subprocess.run(command, capture_output=True, timeout=60)
                if run.returncode == 0:
                    return {os.fsdecode(p) for p in run.stdout.split(b"\0") if p}
            except FileNotFoundError:
                pass  # A machine without git.
        found = set()
        for folder, folders, files in os.walk(self.root):
            relative = os.path.relpath(folder, self.root)
            skip = {".git", "__pycache__"} | ({"build"} if relative == "." else set())
            folders[:] = [f for f in folders if f not in skip]
            found |= {os.path.normpath(os.path.join(relative, f)) for f in files}
        return found

    def text(self, path):
        """Returns the text of a file (of a .gz file, what it holds), or None where there is no text."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path):
        try:
            data = (self.root / path).read_bytes()
        except FileNotFoundError:
            return None
        if path.endswith(".gz"):
            try:
                with gzip.open(self.root / path) as stream:
                    data = stream.read(TEXT_BYTES_MAX)
            except (OSError, EOFError):
                return None
        if b"\0" in data[:4096] or len(data) > TEXT_BYTES_MAX:
            return None
        return data.decode("utf-8", "replace")

    def lines(self, path):
        """Yields (number, line) of a text file, nothing of another one."""
        text = self.text(path)
        if text is not None:
            yield from enumerate(text.split("\n"), 1)

    def code(self, path):
        """Returns the text of a C++ file with comments and literals blanked, line by line the same."""
        if path not in self._code:
            self._code[path] = NOT_CODE.sub(_blank, self.text(path) or "")
        return self._code[path]

    def cpp(self, *folders):
        return [
            p for p in self.paths if p.endswith((".cc", ".h")) and p.split("/")[0] in folders
        ]

    def scripts(self, interpreter):
        """Returns the files that `interpreter` runs, by their suffix or first line."""
        suffix = {"bash": ".sh", "python3": ".py"}[interpreter]
        found = []
        for path in self.paths:
            if path.endswith(suffix):
                found.append(path)
            elif "." not in path.rsplit("/", 1)[-1] or path.startswith(".ci/"):
                first = (self.text(path) or "").split("\n", 1)[0]
                if first.startswith("#!") and first.rstrip().endswith(interpreter):
                    found.append(path)
        return found
