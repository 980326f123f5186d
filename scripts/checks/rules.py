"""What scripts/lint checks: each rule is a function from a tree to its findings."""

import os
import re
import shutil
import subprocess
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

ALLOW_LIST = "scripts/lint-allow.txt"
PACKAGES = "scripts/packages"
PACKAGES_PAGE = "docs/dependencies.md"
TOOL_SECONDS_MAX = 120

Finding = namedtuple("Finding", "path line rule message")


class ToolMissing(Exception):
    pass


# rule -> (folders, pattern, what to do instead). Node logic runs in a simulation too, so time, chance
# and the outer world reach it through ports only; see CONTRIBUTING.md.
BANS = {
    "wall-clock": (["src"], r"(?i)\b\w*clock::now\b", "ask a Clock"),
    "sleep": (
        ["src", "tests"],
        r"\b(?:sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(",
        "wait for what should happen, with a deadline",
    ),
    "random": (["src"], r"\brandom_device\b|\bs?rand\s*\(", "take a seeded generator"),
    "environment": (["src"], r"\b(?:secure_)?getenv\s*\(", "take it from the configuration"),
    "thread": (["src"], r"\bstd::(?:j?thread\b(?!::hardware_)|async\b)", "threads belong to the executor"),
    "connector-transaction": (
        ["src"],
        r"(?:->|\.)(?:commit|rollback)\s*\(\s*\)|(?:->|\.)setAutoCommit\s*\(",
        "send the statement: the connector swallows the error",
    ),
    "raw-new": (
        ["src"],
        r"\bnew\b\s*[A-Za-z_:(]|\bdelete\b\s*(?:\[\s*\])?\s*[A-Za-z_:(*]",
        "use make_unique",
    ),
    "const-cast": (["src"], r"\bconst_cast\s*<", "mend the signature"),
}

# What may stand before the pattern of a rule: a private constructor is out of make_unique's reach.
EXCUSES = {"raw-new": r"\bunique_ptr<[^;{}]*>\s*\w*\s*\(\s*$"}

# folder of src/ -> the folders that its files may include from.
MAY_INCLUDE = {
    "common": {"common"},
    "master": {"common", "master"},
    "worker": {"common", "search", "worker"},
    "node": {"common", "master", "search", "worker", "node"},
    "search": {"common", "search"},
    "report": {"common", "report"},
    "generate": {"common", "generate"},
    "cli": {"common", "master", "worker", "node", "search", "report", "generate", "cli"},
    "": {"common", "master", "worker", "node", "search", "report", "generate", "cli"},  # main.cc
}

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
# Not after a letter, so that src/work/ or https://host/root/ is none.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|farm|root)/")
PAGE_NAME = re.compile(r"[\w./:-]*\w\.md\b")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
PACKAGE = re.compile(r"([a-z0-9][a-z0-9+.-]*)\s+#\s*\S")


def _line_of(text, position):
    return text.count("\n", 0, position) + 1


def _ban(rule):
    folders, pattern, advice = BANS[rule]
    compiled = re.compile(pattern)
    excuse = re.compile(EXCUSES.get(rule, r"(?!)"))

    def check(tree):
        for path in tree.cpp(*folders):
            code = tree.code(path)
            for match in compiled.finditer(code):
                if excuse.search(code, max(0, match.start() - 200), match.start()):
                    continue
                what = " ".join(match.group().split())
                yield Finding(path, _line_of(code, match.start()), rule, f"{what}: {advice}")

    return check


def include_direction(tree):
    for path in tree.cpp("src"):
        parts = path.split("/")
        folder = parts[1] if len(parts) > 2 else ""
        text = tree.text(path)
        if folder not in MAY_INCLUDE:
            yield Finding(path, 1, "include-direction", f"src/{folder}/ has no place in MAY_INCLUDE")
            continue
        for match in INCLUDE.finditer(text):
            other, slash, _ = match.group(1).partition("/")
            if not slash or other not in MAY_INCLUDE[folder]:
                place = f"src/{folder}/" if folder else path
                message = f"{place} must not include {match.group(1)}"
                yield Finding(path, _line_of(text, match.start(1)), "include-direction", message)


def pragma_once(tree):
    for path in tree.paths:
        if path.endswith(".h") and "#pragma once" not in tree.code(path).split("\n"):
            yield Finding(path, 1, "pragma-once", "a header without #pragma once")


def trailing_whitespace(tree):
    for path in tree.paths:
        if path.endswith(".gz"):
            continue
        for number, line in tree.lines(path):
            if line != line.rstrip(" \t\r"):
                yield Finding(path, number, "trailing-whitespace", "blanks at the end of the line")


def machine_path(tree):
    for path in tree.paths:
        for number, line in tree.lines(path):
            match = MACHINE_PATH.search(line)
            if match:
                start = line[match.start() : match.start() + 40]
                yield Finding(path, number, "machine-path", f"a path of one machine: {start}")


def named_page(tree):
    """Pages that a text mentions exist, so that nobody looks for them in vain."""
    pages = {p.rsplit("/", 1)[-1] for p in tree.paths if p.endswith(".md")}
    for path in tree.paths:
        if path.endswith(".gz"):
            continue
        for number, line in tree.lines(path):
            for name in PAGE_NAME.findall(line):
                if "://" not in name and name.rsplit("/", 1)[-1] not in pages:
                    yield Finding(path, number, "named-page", f"there is no {name}")


def _links(tree, path):
    """Yields (line, target) of the relative links of a page, target from the root of the tree."""
    for number, line in tree.lines(path):
        for target in LINK.findall(line):
            if not re.match(r"[a-z]+:|#", target):
                file = target.split("#", 1)[0]
                yield number, os.path.normpath(os.path.join(os.path.dirname(path), file))


def link_target(tree):
    for path in tree.paths:
        if path.endswith(".md"):
            for number, target in _links(tree, path):
                if not (tree.root / target).exists():
                    yield Finding(path, number, "link-target", f"a link to {target}, which is not there")


def page_linked(tree):
    """Every page can be reached from the README."""
    reached, todo = set(), ["README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page not in tree.paths:
            continue
        reached.add(page)
        todo += [target for _, target in _links(tree, page) if target.endswith(".md")]
    for path in tree.paths:
        if path.startswith("docs/") and path.endswith(".md") and path not in reached:
            yield Finding(path, 1, "page-linked", "no link leads here from README.md")


def packages_listed(tree):
    """scripts/packages and the page about it name the same packages in the same groups."""
    listed, explained = {}, {}
    group = None
    for number, line in tree.lines(PACKAGES):
        if line.startswith("["):
            group = line.strip()[1:-1]
        elif line.strip() and not line.startswith("#"):
            match = PACKAGE.match(line)
            if group is None or not match or match.group(1) in listed:
                message = "wanted: below a [group], once: package  # reason"
                yield Finding(PACKAGES, number, "packages-listed", message)
            else:
                listed[match.group(1)] = (group, number)
    group = None
    for number, line in tree.lines(PACKAGES_PAGE):
        heading = re.match(r"## `(\w+)`", line)
        row = re.match(r"\| `([^`]+)` \|", line)
        if heading or line.startswith("## "):
            group = heading.group(1) if heading else None
        elif row and group:
            explained[row.group(1)] = (group, number)
    for package, (group, number) in listed.items():
        if explained.get(package, (None,))[0] != group:
            message = f"{package} is not explained under `{group}` in {PACKAGES_PAGE}"
            yield Finding(PACKAGES, number, "packages-listed", message)
    for package, (group, number) in explained.items():
        if listed.get(package, (None,))[0] != group:
            message = f"{package} is not under [{group}] in {PACKAGES}"
            yield Finding(PACKAGES_PAGE, number, "packages-listed", message)


def format_all(tree):
    """Brings all C++ files into the layout of .clang-format."""
    files = tree.cpp("src", "tests", "bench")
    if not shutil.which("clang-format-14"):
        raise ToolMissing("clang-format-14")
    if files:
        subprocess.run(
            ["clang-format-14", "-i", "--style=file", *files],
            cwd=tree.root,
            check=True,
            timeout=TOOL_SECONDS_MAX,
        )
    return len(files)


def _run(command, tree):
    return subprocess.run(
        command, cwd=tree.root, capture_output=True, text=True, timeout=TOOL_SECONDS_MAX
    )


def shell(tree):
    scripts = tree.scripts("bash")
    for path in scripts:
        run = _run(["bash", "-n", path], tree)
        if run.returncode != 0:
            yield Finding(path, 1, "shell", run.stderr.strip())
    if not scripts:
        return
    if not shutil.which("shellcheck"):
        raise ToolMissing("shellcheck")
    run = _run(["shellcheck", "--external-sources", "--format=gcc", *scripts], tree)
    yield from _gcc_findings(run, "shell")


def python(tree):
    for path in tree.scripts("python3"):
        try:
            compile(tree.text(path), path, "exec")
        except SyntaxError as error:
            yield Finding(path, error.lineno or 1, "python", f"{error.msg}")


def layout(tree):
    files = tree.cpp("src", "tests", "bench")
    if not files:
        return
    if not shutil.which("clang-format-14"):
        raise ToolMissing("clang-format-14")
    batches = [files[i::4] for i in range(4) if files[i::4]]
    with ThreadPoolExecutor(len(batches)) as pool:
        command = ["clang-format-14", "--dry-run", "-Werror", "--style=file"]
        for run in pool.map(lambda batch: _run(command + batch, tree), batches):
            first = {}
            for finding in _gcc_findings(run, "layout"):
                first.setdefault(finding.path, finding)
            yield from first.values()


def _gcc_findings(run, rule):
    """Yields what a tool that reports like GCC has found."""
    seen = set()
    for line in (run.stdout + run.stderr).split("\n"):
        match = re.match(r"([^:\s][^:]*):(\d+):\d+: (?:fatal )?\w+: (.*)", line)
        # One finding for a line is enough.
        if match and (match.group(1), match.group(2)) not in seen:
            seen.add((match.group(1), match.group(2)))
            yield Finding(match.group(1), int(match.group(2)), rule, match.group(3))
    if run.returncode != 0 and not seen:
        yield Finding("-", 0, rule, (run.stdout + run.stderr).strip()[:400])


RULES = {rule: _ban(rule) for rule in BANS} | {
    "include-direction": include_direction,
    "pragma-once": pragma_once,
    "trailing-whitespace": trailing_whitespace,
    "machine-path": machine_path,
    "named-page": named_page,
    "link-target": link_target,
    "page-linked": page_linked,
    "packages-listed": packages_listed,
    "shell": shell,
    "python": python,
    "layout": layout,
}


def allowed(tree):
    """Returns {(path, rule): line} of the allow-list and the findings about the list itself."""
    entries, findings = {}, []
    for number, line in tree.lines(ALLOW_LIST):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.match(r"(\S+)\s+(\S+)\s+#\s*\S", line)
        if not match or match.group(2) not in RULES:
            message = "wanted: path  rule  # reason"
            findings.append(Finding(ALLOW_LIST, number, "allow-list", message))
        else:
            entries[match.group(1), match.group(2)] = number
    return entries, findings


def check(tree, rules=None):
    """Returns the findings of all rules (or some) that the allow-list doesn't excuse."""
    entries, findings = allowed(tree)
    used = set()
    for rule in rules or RULES:
        for finding in RULES[rule](tree):
            if (finding.path, rule) in entries:
                used.add((finding.path, rule))
            else:
                findings.append(finding)
    for (path, rule), number in entries.items():
        if (path, rule) not in used and (rules is None or rule in rules):
            message = f"{path} needs no exception from {rule}: remove the line"
            findings.append(Finding(ALLOW_LIST, number, "allow-list", message))
    return findings


def long_files(tree):
    """Returns what is longer than we like, as warnings: splitting takes judgement."""
    warnings = []
    for path in tree.cpp("src", "tests", "bench"):
        lines = tree.text(path).count("\n")
        lines_max = 150 if path.endswith(".h") else 400
        if lines > lines_max:
            warnings.append(f"{path} has {lines} lines, more than {lines_max}")
    return warnings
