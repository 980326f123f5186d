"""Prints what a recording holds: kinds, services, endpoints and one-minute periods.

Needs nothing but Python's own library: python3 samples/recorder/summary.py FILE
"""

import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

Span = dict[str, Any]
ENTRY_KINDS = ("SERVER", "CONSUMER")
PERIOD_US = 60_000_000


def utc(timestamp_us: int) -> str:
    return datetime.fromtimestamp(timestamp_us // 10**6, timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


def failed(span: Span) -> bool:
    return "error" in span.get("tags", {})


def quantile_ms(durations_us: list[int], share: float) -> float:
    ordered = sorted(durations_us)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] / 1000


def print_table(header: list[str], rows: Iterable[Iterable[object]]) -> None:
    print("\n| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def print_counts(spans: list[Span]) -> None:
    kinds = ["SERVER", "CLIENT", "PRODUCER", "CONSUMER", "(local)"]
    counts = Counter(
        (span["localEndpoint"]["serviceName"], span.get("kind", "(local)")) for span in spans
    )
    errors = Counter(span["localEndpoint"]["serviceName"] for span in spans if failed(span))
    rows: dict[str, list[int]] = {}
    for service in sorted({service for service, _ in counts}):
        by_kind = [counts[service, kind] for kind in kinds]
        rows[service] = [*by_kind, sum(by_kind), errors[service]]
    rows["all"] = [sum(column) for column in zip(*rows.values(), strict=True)]
    header = ["service", *kinds, "spans", "with tags.error"]
    print_table(header, ([service, *numbers] for service, numbers in rows.items()))


def print_endpoints(spans: list[Span]) -> None:
    groups: defaultdict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in spans:
        if span.get("kind") in ENTRY_KINDS:
            groups[span["localEndpoint"]["serviceName"], span["name"]].append(span)
    rows = []
    for (service, name), group in sorted(groups.items()):
        durations = [span["duration"] for span in group]
        quantiles = [f"{quantile_ms(durations, share):.1f}" for share in (0.5, 0.99, 1.0)]
        rows.append([service, name, len(group), sum(map(failed, group)), *quantiles])
    print_table(["service", "endpoint", "calls", "errors", "p50 ms", "p99 ms", "max ms"], rows)


def print_periods(spans: list[Span]) -> None:
    groups: defaultdict[int, list[Span]] = defaultdict(list)
    for span in spans:
        groups[span["timestamp"] // PERIOD_US * PERIOD_US].append(span)
    rows = []
    for start, group in sorted(groups.items()):
        entries = [span for span in group if span.get("kind") in ENTRY_KINDS]
        rows.append([utc(start), len(group), len(entries), sum(map(failed, entries))])
    print_table(["minute", "spans", "server and consumer spans", "of these failed"], rows)


def main() -> None:
    with gzip.open(sys.argv[1], "rt", encoding="utf-8") as file:
        spans: list[Span] = json.load(file)
    starts = [span["timestamp"] for span in spans]
    traces = {span["traceId"] for span in spans}
    print(f"{len(spans)} spans of {len(traces)} traces, {utc(min(starts))} to {utc(max(starts))}")
    print_counts(spans)
    print_endpoints(spans)
    print_periods(spans)


if __name__ == "__main__":
    main()
