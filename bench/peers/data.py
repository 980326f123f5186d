"""The spans that all read: NDJSON, and the same documents as answers of Elasticsearch 8 to `_search`."""

import itertools
import subprocess
from dataclasses import dataclass
from pathlib import Path

HITS_A_PAGE = 10_000
BLOCK_BYTES = 1 << 20


@dataclass
class Data:
    spans: int
    ndjson: Path
    pages: list[Path]  # One answer in each.

    def files(self, source: str) -> list[Path]:
        return [self.ndjson] if source == "ndjson" else self.pages

    def size(self, source: str) -> int:
        return sum(path.stat().st_size for path in self.files(source))

    def first(self, count: int, ndjson: Path) -> "Data":
        """Writes the first spans into a file of their own."""
        with open(self.ndjson, "rb") as stream, open(ndjson, "wb") as out:
            out.writelines(itertools.islice(stream, count))
        return Data(min(count, self.spans), ndjson, [])

    def warm(self) -> None:
        """Reads everything, so that it is in memory: an idle file falls out of the page cache."""
        for path in [self.ndjson, *self.pages]:
            with open(path, "rb", buffering=0) as stream:
                while stream.read(BLOCK_BYTES):
                    pass


def make(tymbal: str, spans: int, endpoints: int, folder: Path) -> Data:
    """Generates the spans, always the same ones, into `folder`. All start within an hour, so one period holds them."""
    ndjson = folder / "spans.ndjson"
    options = ["--spans", spans, "--endpoints", endpoints, "--seed", 1, "--duration", "1h", "--output", ndjson]
    subprocess.run([tymbal, "generate", *map(str, options)], check=True)
    return Data(spans, ndjson, write_pages(ndjson, spans, folder / "pages"))


def write_pages(ndjson: Path, total: int, folder: Path) -> list[Path]:
    """Writes the documents as a client gets them that pages through an index in the order of its shards."""
    folder.mkdir()
    pages: list[Path] = []
    hits: list[bytes] = []

    def end_page() -> None:
        pages.append(folder / f"{len(pages):05}.json")
        head = (
            b'{"took":41,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},'
            b'"hits":{"total":{"value":%d,"relation":"eq"},"max_score":null,"hits":[' % total
        )
        pages[-1].write_bytes(head + b",".join(hits) + b"]}}")
        hits.clear()

    with open(ndjson, "rb") as stream:
        for number, line in enumerate(stream):
            source = line.rstrip(b"\n")
            hit = b'{"_index":"tymbal-span-2026-11-22","_id":"%020x","_score":null,"_source":%s,"sort":[%d]}'
            hits.append(hit % (number, source, number))
            if len(hits) == HITS_A_PAGE:
                end_page()
    if hits:
        end_page()
    return pages
