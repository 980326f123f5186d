"""What was measured, as JSON and as the generated section of docs/performance.md."""

import datetime
import os
import re
import subprocess
from pathlib import Path

END = "<!-- to here -->"
OURS = "tymbal run"
SOURCES = {"ndjson": "NDJSON", "pages": "Answer pages"}

QUIET_LOAD_MAX = 0.5

# source, peer, threads -> their time / ours, at least.
RATIOS_MIN = {
    ("ndjson", "DuckDB", 1): 2.3, ("ndjson", "DuckDB", 2): 2, ("ndjson", "chDB", 1): 3.3, ("ndjson", "chDB", 2): 3.3,
    ("pages", "DuckDB", 1): 6, ("pages", "DuckDB", 2): 5, ("pages", "chDB", 1): 3.5, ("pages", "chDB", 2): 3.5,
    ("ndjson", "Python script", 1): 25,
}  # fmt: skip
# source, threads -> our peak memory, at most.
PEAK_MB_MAX = {("ndjson", 1): 64, ("ndjson", 2): 90}


def machine(tymbal: str) -> dict:
    """What the numbers depend on besides the program."""

    def first(path: str, pattern: str) -> str:
        match = re.search(pattern, Path(path).read_text(errors="replace"), re.MULTILINE)
        return match.group(1).strip() if match else "unknown"

    def said(*command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True).stdout.split("\n", 1)[0].strip()

    # The compiler that built the program, if it stands in its build folder.
    cache = Path(tymbal).resolve().parent / "CMakeCache.txt"
    compiler = first(str(cache), r"^CMAKE_CXX_COMPILER:\w+=(.*)$") if cache.exists() else "g++"
    return {
        "cpu": first("/proc/cpuinfo", r"^model name\s*:\s*(.*)$"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(first("/proc/meminfo", r"^MemTotal:\s*(\d+)")) / 2**20),
        "kernel": os.uname().release,
        "compiler": said(compiler, "--version"),
        "load_before": round(os.getloadavg()[0], 1),
        "tymbal": said(tymbal, "--version"),
    }


def judge(results: list[dict]) -> list[dict]:
    """Compares with the targets. Of a peer that was asked in several ways the quickest counts."""
    def best(source: str, who: str, threads: int) -> dict | None:
        rows = [row for row in results if (row["source"], row["who"].split(",")[0], row["threads"]) == (source, who, threads)]
        return min(rows, key=lambda row: row["seconds"], default=None)

    verdicts = []
    for (source, who, threads), wanted in RATIOS_MIN.items():
        theirs, ours = best(source, who, threads), best(source, OURS, threads)
        if theirs and ours:
            ratio = theirs["seconds"] / ours["seconds"]
            verdicts.append({"target": f"{SOURCES[source]}, {who}, {_threads(threads)}: times as long as ours", "wanted": f"≥ {wanted}",
                             "measured": round(ratio, 2), "met": ratio >= wanted})  # fmt: skip
    for (source, threads), wanted in PEAK_MB_MAX.items():
        if ours := best(source, OURS, threads):
            verdicts.append({"target": f"{SOURCES[source]}, our peak memory, {_threads(threads)}", "wanted": f"≤ {wanted} MB",
                             "measured": round(ours["peak_mb"]), "met": ours["peak_mb"] <= wanted})  # fmt: skip
    return verdicts


def section(measured: dict) -> str:
    """Returns the Markdown of what was measured."""
    about, on = measured["data"], measured["machine"]
    quiet = "" if on["load_before"] <= QUIET_LOAD_MAX else ", so it was not quiet: times are too long, ratios rough"
    lines = [
        f"{measured['date']}, `{measured['command']}`: {about['spans']:,} spans of {about['endpoints']:,} endpoints, of which "
        f"{about['found']:,} occur; {about['ndjson_bytes'] / 1e6:,.0f} MB of NDJSON, {about['pages_bytes'] / 1e6:,.0f} MB in "
        f"{about['pages']:,} answer pages.",
        "",
        f"{on['cpu']}, {on['cores']} cores, {on['memory_gib']} GiB, Linux {on['kernel']}; {on['tymbal']}, built by {on['compiler']}; "
        f"{measured['versions']}. Load of the machine before: {on['load_before']}{quiet}.",
    ]
    for source, title in SOURCES.items():
        for threads in (1, 2):
            rows = [row for row in measured["results"] if (row["source"], row["threads"]) == (source, threads)]
            if rows:
                lines += ["", f"### {title}, {_threads(threads)}", "", *_table(rows)]
    lines += ["", "### Targets", "", "| target | wanted | measured | |", "|---|---|---|---|"]
    lines += [f"| {v['target']} | {v['wanted']} | {v['measured']} | {'met' if v['met'] else '**not met**'} |" for v in measured["targets"]]
    return "\n".join(lines)


def _table(rows: list[dict]) -> list[str]:
    ours = next(row for row in rows if row["who"] == OURS)
    lines = ["| | seconds | M spans/s | peak MB | times as long as ours |", "|---|---|---|---|---|"]
    for row in sorted(rows, key=_rate, reverse=True):
        # By spans: one of the peers gets only a part of them.
        ratio = "" if row is ours else f"{_rate(ours) / _rate(row):.1f}"
        notes = [f"{row['spans']:,} spans"] if row["spans"] != ours["spans"] else []
        notes += ["one run"] if len(row["all_seconds"]) == 1 else []
        name = row["who"] + (f" ({', '.join(notes)})" if notes else "")
        lines.append(f"| {name} | {row['seconds']:.2f} | {_rate(row) / 1e6:.2f} | {row['peak_mb']:,.0f} | {ratio} |")
    parts = f"reading alone {ours['read_seconds']:.2f} s, to the end of the process {ours['process_seconds']:.2f} s"
    return [*lines, "", f"Of ours: {parts}."]


def _rate(row: dict) -> float:
    return row["spans"] / row["seconds"]


def _threads(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


def conditions(tymbal: str, command: str) -> str:
    """Returns when and on what something is measured, in a sentence."""
    on = machine(tymbal)
    return (f"{datetime.date.today()}, `{command}`. {on['cpu']}, {on['cores']} cores, {on['memory_gib']} GiB, Linux {on['kernel']}; {on['tymbal']}, "
            f"built by {on['compiler']}. Load of the machine before: {on['load_before']}.")  # fmt: skip


def write(path: Path, text: str, author: str = "bench/run") -> None:
    """Puts the text between the author's markers on a page, and leaves the rest of it alone."""
    marker = f"<!-- {author} writes from here -->"
    page = path.read_text(encoding="utf-8")
    before, begin, rest = page.partition(marker)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{path.name} has no lines '{marker}' and '{END}'")
    path.write_text(f"{before}{marker}\n\n{text}\n\n{END}{after}", encoding="utf-8")
