"""Asks one peer once, in a process of its own: what takes time and memory is this question and nothing else.

    peer.py CASE THREADS ANSWERS FILE...

Prints the seconds of the question as JSON, without the start of the process and the import of the library, and the
peak memory of the process until then. Then writes what was found to ANSWERS, unless that is `-`.
"""

import json
import sys
import time

sys.dont_write_bytecode = True  # nothing is left in the tree
from answers import NAMES, RANKS, nearest_rank

KEYS = ", ".join(NAMES)
QUANTILES = [rank / 1000 for rank in RANKS]

# ---- DuckDB. quantile_disc is our percentile. What it finds out goes into a table, as ours goes into SQLite.

DUCKDB = """CREATE TEMP TABLE answer AS
    SELECT app, service, method, count(*), count(*) FILTER (error), sum(duration_us), min(duration_us), max(duration_us),
        quantile_disc(duration_us, [0.5, 0.75, 0.9, 0.95, 0.99, 0.999])
    FROM {spans} GROUP BY ALL"""
DUCKDB_SPAN = {"app": "VARCHAR", "service": "VARCHAR", "method": "VARCHAR", "duration_us": "BIGINT", "error": "BOOLEAN"}
# All members of the answer are named, though we want the hits only: without the others DuckDB 2.0 is 10 times slower.
DUCKDB_ANSWER = {
    "took": "BIGINT",
    "timed_out": "BOOLEAN",
    "_shards": "STRUCT(total BIGINT, successful BIGINT, skipped BIGINT, failed BIGINT)",
    "hits": f"STRUCT(hits STRUCT(_source STRUCT({', '.join(f'{name} {kind}' for name, kind in DUCKDB_SPAN.items())}))[])",
}
DUCKDB_HITS = "(SELECT unnest(s) FROM (SELECT unnest(hits.hits)._source AS s FROM read_json({files}, format = 'newline_delimited'{more})))"


def duckdb(threads, files, spans):
    import duckdb

    db = duckdb.connect(config={"threads": threads})
    query = DUCKDB.format(spans=spans)

    def rows():
        for *row, percentiles in db.execute("FROM answer").fetchall():
            yield [*row, *percentiles]

    return lambda: db.execute(query), rows


def duckdb_auto(threads, files):
    return duckdb(threads, files, f"read_ndjson({files})")


def duckdb_columns(threads, files):
    return duckdb(threads, files, f"read_ndjson({files}, columns = {DUCKDB_SPAN})")


def duckdb_pages_auto(threads, files):
    return duckdb(threads, files, DUCKDB_HITS.format(files=files, more=""))


def duckdb_pages_columns(threads, files):
    return duckdb(threads, files, DUCKDB_HITS.format(files=files, more=f", columns = {DUCKDB_ANSWER}"))


# ---- chDB, which is ClickHouse. Its quantilesExact takes sorted[floor(n * q)], which is not our percentile: it is what
# is measured, as people would write it, and ours is asked for afterwards.

CLICKHOUSE = """SELECT app, service, method, count(), countIf(error), sum(duration_us), min(duration_us), max(duration_us), {percentiles}
    FROM {spans} GROUP BY app, service, method SETTINGS max_threads = {threads}"""
CLICKHOUSE_SPAN = "app String, service String, method String, duration_us UInt64, error Bool"
CLICKHOUSE_ANSWER = f"hits Tuple(hits Array(Tuple(_source Tuple({CLICKHOUSE_SPAN}))))"
CLICKHOUSE_OWN = f"quantilesExact({', '.join(map(str, QUANTILES))})(duration_us)"
CLICKHOUSE_OURS = "arrayMap(r -> arraySort(groupArray(duration_us))[intDiv(count() * r + 999, 1000)], {ranks})".format(ranks=list(RANKS))


def clickhouse(threads, spans):
    from chdb.session import Session

    session = Session()
    query = CLICKHOUSE.format(percentiles=CLICKHOUSE_OWN, spans=spans, threads=threads)
    check = CLICKHOUSE.format(percentiles=CLICKHOUSE_OURS, spans=spans, threads=threads)

    def rows():
        text = session.query(check + ", output_format_json_quote_64bit_integers = 0", "JSONCompactEachRow").bytes()
        for line in bytes(text).decode("utf-8").splitlines():
            *row, percentiles = json.loads(line)
            yield [*row, *percentiles]

    return lambda: session.query(query, "Native"), rows


def clickhouse_ndjson(threads, files):
    return clickhouse(threads, f"file('{files[0]}', 'JSONEachRow', '{CLICKHOUSE_SPAN}')")


def clickhouse_pages(threads, files):
    folder = files[0].rpartition("/")[0]
    names = ", ".join(f"s.{name} AS {name}" for name in (*NAMES, "duration_us", "error"))
    hits = f"SELECT arrayJoin(hits.hits)._source AS s FROM file('{folder}/*.json', 'JSONEachRow', '{CLICKHOUSE_ANSWER}')"
    return clickhouse(threads, f"(SELECT {names} FROM ({hits}))")


# ---- What people write in Python.


def script(threads, files):
    """Nothing but the standard library, and exactly our percentiles."""
    table = []

    def question():
        groups = {}
        with open(files[0], encoding="utf-8") as stream:
            for line in stream:
                span = json.loads(line)
                key = (span["app"], span["service"], span["method"])
                group = groups.get(key)
                if group is None:
                    group = groups[key] = [0, []]
                group[0] += span["error"]
                group[1].append(span["duration_us"])
        for key, (errors, durations) in groups.items():
            durations.sort()
            count = len(durations)
            percentiles = [durations[nearest_rank(count, rank)] for rank in RANKS]
            table.append([*key, count, errors, sum(durations), durations[0], durations[-1], *percentiles])

    return question, lambda: table


def pandas(threads, files):
    """Its quantile lies between two durations, which is not our percentile: that is looked up afterwards."""
    import pandas

    frames = []

    def question():
        frame = pandas.read_json(files[0], lines=True)
        groups = frame.groupby(list(NAMES))
        groups["duration_us"].agg(["count", "sum", "min", "max"])
        groups["error"].sum()
        groups["duration_us"].quantile(QUANTILES)
        frames.append(frame)

    def rows():
        groups = frames[0].groupby(list(NAMES))
        errors = groups["error"].sum()
        for key, durations in groups["duration_us"]:
            found = sorted(durations.tolist())
            percentiles = [found[nearest_rank(len(found), rank)] for rank in RANKS]
            yield [*key, len(found), int(errors[key]), sum(found), found[0], found[-1], *percentiles]

    return question, rows


# Each returns two functions: the question that is measured, and the rows for the comparison, asked for after it.
CASES = {
    "DuckDB, auto": {"ndjson": duckdb_auto, "pages": duckdb_pages_auto},
    "DuckDB, columns": {"ndjson": duckdb_columns, "pages": duckdb_pages_columns},
    "chDB": {"ndjson": clickhouse_ndjson, "pages": clickhouse_pages},
    "Python script": {"ndjson": script},
    "pandas": {"ndjson": pandas},
}


def peak_mb() -> float:
    with open("/proc/self/status", encoding="ascii", errors="replace") as stream:
        return next(int(line.split()[1]) for line in stream if line.startswith("VmHWM:")) / 1024


def main() -> None:
    name, source, threads, answers, *files = sys.argv[1:]
    question, rows = CASES[name][source](int(threads), files)
    before = time.perf_counter()
    question()
    print(json.dumps({"seconds": time.perf_counter() - before, "peak_mb": peak_mb()}))
    if answers != "-":
        with open(answers, "w", encoding="utf-8") as stream:
            for row in rows():
                stream.write(json.dumps(row, default=int) + "\n")


if __name__ == "__main__":
    main()
