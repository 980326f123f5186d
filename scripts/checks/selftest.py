"""Checks scripts/lint itself: every rule must catch what it is for, and leave the rest alone."""

import pathlib
import tempfile

import rules
from tree import Tree

# A tree that no rule objects to, full of things that only look bad.
CLEAN = {
    ".clang-format": "BasedOnStyle: Google\nColumnLimit: 100\n",
    "README.md": "See [the packages](docs/dependencies.md), https://example.org/root/x.md\n",
    "docs/dependencies.md": "## `build`: to build\n\n| `cmake` | runs |\n\n## More\n\n| `other` | no |\n",
    "scripts/packages": "[build]\ncmake  # configures\n",
    "scripts/run": "#!/usr/bin/env bash\nset -euo pipefail\necho ready\n",
    "scripts/tool.py": "print('done')\n",
    "src/main.cc": '#include "cli/app.h"\n#include "common/a.h"\n',
    "src/cli/app.h": '#pragma once\n\n#include "worker/b.h"\n',
    "src/worker/b.h": '#pragma once\n\n#include "common/a.h"\n',
    "src/common/a.h": "\n".join(
        [
            "#pragma once",
            "",
            "// Makes a new thing; getenv() and std::thread are only talked about.",
            "struct A {",
            "  A(const A&) = delete;",
            '  const char* text = "steady_clock::now() and new Thing";',
            '  const char* raw = R"sql(delete rows; rand() "quoted")sql";',
            "  int separated = 1'000'000;",
            "  int strand();",
            "  unsigned n = std::thread::hardware_concurrency();",
            "  std::unique_ptr<A> made = std::unique_ptr<A>(  // Private constructor.",
            "      new A());",
            "  std::unique_ptr<A> direct(new A());",
            "};",
            "",
        ]
    ),
}


def _in_function(statement):
    return {"src/common/bad.cc": f"void F() {{ {statement}; }}\n"}


# (rule, files that replace or join those of CLEAN)
BAD = [
    ("wall-clock", _in_function("std::chrono::steady_clock::now()")),
    ("wall-clock", _in_function("std::chrono::system_clock::now()")),
    ("wall-clock", _in_function("SteadyClock::now()")),
    ("sleep", _in_function("std::this_thread::sleep_for(x)")),
    ("sleep", {"tests/bad.cc": "void F() { usleep(1); }\n"}),
    ("random", _in_function("std::random_device device")),
    ("random", _in_function("int x = rand()")),
    ("environment", _in_function('std::getenv("HOME")')),
    ("thread", _in_function("std::thread t(f)")),
    ("thread", _in_function("std::jthread t(f)")),
    ("connector-transaction", _in_function("connection->commit()")),
    ("connector-transaction", _in_function("connection->rollback()")),
    ("connector-transaction", _in_function("connection->setAutoCommit(false)")),
    ("raw-new", _in_function("auto* x = new Thing(1)")),
    ("raw-new", _in_function("delete x")),
    ("raw-new", _in_function("delete[] x")),
    ("const-cast", _in_function("const_cast<int&>(x) = 1")),
    ("include-direction", {"src/common/bad.h": '#pragma once\n#include "worker/b.h"\n'}),
    ("include-direction", {"src/master/bad.h": '#pragma once\n#include "worker/b.h"\n'}),
    ("include-direction", {"src/worker/bad.h": '#pragma once\n#include "master/b.h"\n'}),
    ("include-direction", {"src/report/bad.h": '#pragma once\n#include "cli/app.h"\n'}),
    ("include-direction", {"src/worker/bad.h": '#pragma once\n#include "../master/b.h"\n'}),
    ("include-direction", {"src/elsewhere/bad.cc": "int x;\n"}),
    ("pragma-once", {"src/common/bad.h": "// #pragma once\nint x;\n"}),
    ("trailing-whitespace", {"docs/dependencies.md": CLEAN["docs/dependencies.md"] + "end \n"}),
    ("trailing-whitespace", {"scripts/tool.py": "print('done')\r\n"}),
    ("machine-path", {"scripts/tool.py": "print('" + "/".join(["", "work", "x"]) + "')\n"}),
    ("machine-path", {"README.md": CLEAN["README.md"] + "/".join(["", "root", "x"]) + "\n"}),
    ("named-page", {"scripts/tool.py": "# As docs/imagined.md says.\n"}),
    ("link-target", {"README.md": CLEAN["README.md"] + "[a](docs/imagined.txt)\n"}),
    ("page-linked", {"docs/orphan.md": "Nobody finds me.\n"}),
    ("packages-listed", {"scripts/packages": "[build]\ncmake  # configures\ng++  # compiles\n"}),
    ("packages-listed", {"scripts/packages": "[build]\n"}),
    ("packages-listed", {"scripts/packages": "[build]\ncmake\n"}),
    ("packages-listed", {"scripts/packages": "[test]\ncmake  # configures\n"}),
    ("shell", {"scripts/run": "#!/usr/bin/env bash\nif true; then\n"}),
    ("shell", {"scripts/run": "#!/usr/bin/env bash\nrm -rf $1\n"}),
    ("python", {"scripts/tool.py": "print('done'\n"}),
    ("layout", {"src/common/bad.cc": "int   x ;\n"}),
]

ALLOW = rules.ALLOW_LIST
BAD_NEW = _in_function("delete x")
# (what is wrong with the allow-list or None, files): all of them for the rule raw-new.
ALLOW_CASES = [
    (None, BAD_NEW | {ALLOW: "src/common/bad.cc  raw-new  # a test of the list\n"}),
    ("an unused line", {ALLOW: "src/common/a.h  raw-new  # nothing there\n"}),
    ("no reason", BAD_NEW | {ALLOW: "src/common/bad.cc  raw-new\n"}),
    ("no such rule", BAD_NEW | {ALLOW: "src/common/bad.cc  raw-old  # misspelt\n"}),
]


def _findings(files, only=None):
    with tempfile.TemporaryDirectory(prefix="tymbal-lint.") as folder:
        for path, text in (CLEAN | files).items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        return rules.check(Tree(folder), only)


def run():
    """Returns (cases, what went wrong)."""
    wrong = [f"the clean tree is blamed: {finding}" for finding in _findings({})]
    for rule, files in BAD:
        if not any(finding.rule == rule for finding in _findings(files, [rule])):
            wrong.append(f"{rule} does not catch {files}")
    for trouble, files in ALLOW_CASES:
        blamed = any(f.rule == "allow-list" for f in _findings(files, ["raw-new"]))
        if blamed != (trouble is not None):
            wrong.append(f"allow-list: {trouble or 'a good line'} is {'' if blamed else 'not '}blamed")
    for rule in rules.RULES:
        if rule not in {case[0] for case in BAD}:
            wrong.append(f"{rule} has no case here")
    return 1 + len(BAD) + len(ALLOW_CASES), wrong
