"""Runs Tymbal and the peers: first to see that all find out the same, then in turns to see how long each takes."""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import answers
from data import Data
from peer import CASES

HERE = Path(__file__).resolve().parent
OURS = "tymbal run"
BY_HAND = "C++ by hand"  # by_hand.cc
PEERS = {BY_HAND: ("ndjson", "pages"), **CASES}
SLOW = ("Python script", "pandas")  # One run of these, on one thread, is enough; their times hardly vary by comparison.
SPANS_MAX = {"pandas": 1_000_000}  # It takes 4 kB of memory for each.
PROOF_SPANS = 20_000


@dataclass
class Run:
    spans: int
    seconds: float  # Ours: from the start of the process until the results are published.
    peak_mb: float
    process_seconds: float | None = None  # Ours: to the end of the process.
    read_seconds: float | None = None  # Ours: the reading alone.


@dataclass(frozen=True)
class Case:
    source: str
    who: str
    threads: int

    def __str__(self) -> str:
        return f"{self.who} on {self.source}, {self.threads} thread{'s' if self.threads > 1 else ''}"


class Contest:
    def __init__(self, tymbal: str, by_hand: str, peer_python: Path, data: Data, folder: Path):
        self.tymbal, self.by_hand, self.peer_python, self.data, self.folder = tymbal, by_hand, peer_python, data, folder
        self.runs: dict[Case, list[Run]] = {}
        self.store, self.found = folder / "results.db", folder / "answers"

    def check(self) -> int:
        """Compares the answers of all; returns the number of endpoints. Ends the process at the first difference."""
        self._prove_that_a_difference_shows()
        wanted: answers.Answers = {}
        for source in ("ndjson", "pages"):
            for threads in (1, 2):
                self._run_tymbal(Case(source, OURS, threads), self.data)
                got = self._answers_of_tymbal()
                wanted = wanted or got
                _demand_same(str(Case(source, OURS, threads)), wanted, got)
        for who, sources in PEERS.items():
            data, expected = self.data, wanted
            if data.spans > SPANS_MAX.get(who, data.spans):
                data = data.first(SPANS_MAX[who], self.folder / "part.ndjson")
                self._run_tymbal(Case("ndjson", OURS, 2), data)
                expected = self._answers_of_tymbal()
            for source in sources:
                case = Case(source, who, 1 if who in SLOW else 2)
                run = self._run_peer(case, data, keep=True)
                _demand_same(str(case), expected, answers.load(self.found))
                _say(f"the same {len(expected)} rows: {case}, {data.spans} spans, {run.seconds:.2f} s")
                if who in SLOW:
                    self.runs[case] = [run]
        return len(wanted)

    def measure(self, rounds: int) -> None:
        """Runs each case in turn, so that what disturbs the machine disturbs all alike."""
        for threads in (1, 2):
            cases = [Case(source, OURS, threads) for source in ("ndjson", "pages")]
            cases += [Case(source, who, threads) for who in PEERS if who not in SLOW for source in PEERS[who]]
            for number in range(rounds):
                self.data.warm()
                for case in cases:
                    run = self._run_tymbal(case, self.data) if case.who == OURS else self._run_peer(case, self.data)
                    self.runs.setdefault(case, []).append(run)
                    _say(f"round {number + 1} of {rounds}: {case}: {run.seconds:.2f} s, {run.peak_mb:.0f} MB")

    def results(self) -> list[dict]:
        """For each case its best run, the most memory of any run, and all seconds."""
        rows = []
        for case, runs in self.runs.items():
            best = asdict(min(runs, key=lambda run: run.seconds)) | {"peak_mb": max(run.peak_mb for run in runs)}
            rows.append(asdict(case) | best | {"all_seconds": [run.seconds for run in runs]})
        return rows

    def _prove_that_a_difference_shows(self) -> None:
        """One microsecond more in one span of the peer's copy must be found, and named."""
        ours = self.data.first(PROOF_SPANS, self.folder / "ours.ndjson")
        theirs = Data(ours.spans, self.folder / "theirs.ndjson", [])
        others, _, last = ours.ndjson.read_text(encoding="utf-8").rstrip("\n").rpartition("\n")
        span = json.loads(last)
        span["duration_us"] += 1
        theirs.ndjson.write_text(f"{others}\n{json.dumps(span)}\n", encoding="utf-8")
        self._run_tymbal(Case("ndjson", OURS, 2), ours)
        self._run_peer(Case("ndjson", "DuckDB, columns", 2), theirs, keep=True)
        message = answers.difference("the altered copy", self._answers_of_tymbal(), answers.load(self.found))
        if message is None or " / ".join((span["app"], span["service"], span["method"])) not in message:
            raise SystemExit(f"bench/run: an altered duration was not found, so the comparison proves nothing: {message}")

    def _run_tymbal(self, case: Case, data: Data) -> Run:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.store}{suffix}").unlink(missing_ok=True)
        result = self.folder / "measured.json"
        command = [self.tymbal, "run", *data.files(case.source), "--store", self.store, "--period", "1h"]
        command += ["--threads", case.threads, "--json"]
        out = _call([sys.executable, "-S", HERE / "measured.py", result, *command])
        measured, summary = json.loads(result.read_text(encoding="ascii")), json.loads(out)
        if measured["exit"] != 0 or len(summary["periods"]) != 1:
            raise SystemExit(f"{case}: exit code {measured['exit']}, {len(summary['periods'])} periods")
        with closing(sqlite3.connect(self.store)) as db:
            published_ms = db.execute("SELECT max(published_ms) FROM run").fetchone()[0]
        published_seconds = published_ms / 1000 - measured["started"]
        return Run(data.spans, published_seconds, measured["peak_mb"], measured["seconds"], summary["read_seconds"])

    def _answers_of_tymbal(self) -> answers.Answers:
        report = [self.tymbal, "report", "methods", "--store", self.store, "--limit", "0", "--format", "json"]
        return answers.of_report(json.loads(_call(report)))

    def _run_peer(self, case: Case, data: Data, keep: bool = False) -> Run:
        kept = self.found if keep else "-"
        program = [self.by_hand] if case.who == BY_HAND else [self.peer_python, HERE / "peer.py", case.who]
        command = [*program, case.source, case.threads, kept]
        return Run(data.spans, **json.loads(_call([*command, *data.files(case.source)])))


def _demand_same(who: str, wanted: answers.Answers, got: answers.Answers) -> None:
    if message := answers.difference(who, wanted, got):
        raise SystemExit(f"bench/run: {message}")


def _call(command: list) -> str:
    words = [str(word) for word in command]
    run = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(words)[:300]} failed ({run.returncode}):\n{run.stderr[-2000:]}")
    return run.stdout


def _say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)
