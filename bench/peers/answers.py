"""What every reader must find out about each endpoint, and whether two of them found the same."""

import json
from pathlib import Path

# Nearest rank: of n sorted durations the one at ceil(n * q), counted from 1. In thousandths, for whole numbers only.
RANKS = (500, 750, 900, 950, 990, 999)
NAMES = ("app", "service", "method")
COLUMNS = ("calls", "errors", "sum", "min", "max", "p50", "p75", "p90", "p95", "p99", "p99.9")
REPORT_COLUMNS = (
    "calls", "errors", "duration_sum_us", "min_us", "max_us", "p50_us", "p75_us", "p90_us", "p95_us", "p99_us", "p999_us",
)  # fmt: skip

Answers = dict[tuple[str, ...], tuple[int, ...]]  # (app, service, method) -> COLUMNS


def nearest_rank(count: int, thousandths: int) -> int:
    """Returns the index, from 0, of a percentile among so many sorted values."""
    return -(-count * thousandths // 1000) - 1


def load(path: Path) -> Answers:
    """Reads what a peer wrote: a list of names and columns in each line."""
    answers: Answers = {}
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            names = tuple(row[: len(NAMES)])
            if names in answers:
                raise SystemExit(f"{path.stem}: {names} is there twice")
            answers[names] = tuple(int(value) for value in row[len(NAMES) :])
    return answers


def of_report(rows: list[dict]) -> Answers:
    """The same of `tymbal report methods --format json`."""
    inexact = [row for row in rows if not row["exact"]]
    if inexact:
        raise SystemExit(f"tymbal: {len(inexact)} rows have percentiles of a histogram, for want of memory")
    return {tuple(row[name] for name in NAMES): tuple(row[column] for column in REPORT_COLUMNS) for row in rows}


def difference(who: str, wanted: Answers, got: Answers) -> str | None:
    """Returns the first endpoint about which `who` says something else than Tymbal, with both rows."""
    for names in sorted(wanted.keys() | got.keys()):
        ours, theirs = wanted.get(names), got.get(names)
        if ours != theirs:
            rows = "\n".join(f"  {name:24}{_text(row)}" for name, row in (("tymbal run", ours), (who, theirs)))
            return f"{who} and tymbal run differ about {' / '.join(names)}:\n{rows}"
    return None


def _text(row: tuple[int, ...] | None) -> str:
    if row is None:
        return "has no such endpoint"
    return " ".join(f"{column}={value}" for column, value in zip(COLUMNS, row, strict=True))


def self_test() -> None:
    """A comparison that can't fail proves nothing."""
    rows = {("a", "", "m"): tuple(range(11)), ("a", "s", "m"): tuple(range(11))}
    assert difference("peer", rows, dict(rows)) is None
    for column in range(len(COLUMNS)):
        changed = list(rows["a", "s", "m"])
        changed[column] += 1
        message = difference("peer", rows, rows | {("a", "s", "m"): tuple(changed)})
        assert message and "a / s / m" in message and f"{COLUMNS[column]}={column + 1}" in message, message
    one_less = {("a", "", "m"): rows["a", "", "m"]}
    assert "no such endpoint" in (difference("peer", rows, one_less) or "")
    assert "no such endpoint" in (difference("peer", one_less, rows) or "")
    assert [nearest_rank(10, rank) for rank in RANKS] == [4, 7, 8, 9, 9, 9]
    assert [nearest_rank(1000, rank) for rank in RANKS] == [499, 749, 899, 949, 989, 998]
    assert nearest_rank(1, 500) == 0
