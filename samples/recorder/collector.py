"""Takes spans the way a Zipkin server does and writes them to one file when it is stopped."""

import argparse
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from runtime import LOOPBACK, announce_port, block_stop_signals, wait_for_stop_signal

Span = dict[str, Any]
BODY_BYTES_MAX = 16 << 20
REQUEST_TIMEOUT_S = 10.0


class Spans:
    """Thread: any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: list[Span] = []

    def add(self, spans: list[Span]) -> None:
        with self._lock:
            self._spans.extend(spans)

    def write(self, file: Path) -> None:
        """Writes one JSON array, a span per line. Spans of a trace stand together, by start."""
        with self._lock:
            spans = [_without_nulls(span) for span in self._spans]
        trace_starts: dict[str, int] = {}
        for span in spans:
            start = span["timestamp"]
            trace_starts[span["traceId"]] = min(start, trace_starts.get(span["traceId"], start))
        spans.sort(key=lambda s: (trace_starts[s["traceId"]], s["traceId"], s["timestamp"]))
        lines = (json.dumps(span, separators=(",", ":")) for span in spans)
        file.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def _without_nulls(span: Span) -> Span:
    # The Python exporter says `"kind": null` for local spans; in Zipkin's format the field is
    # left out. This and the order of the spans is all that is changed in what was received.
    return {key: value for key, value in span.items() if value is not None}


def _receiver_class(spans: Spans) -> type[BaseHTTPRequestHandler]:
    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # Exporters keep their connection.
        timeout = REQUEST_TIMEOUT_S

        def do_POST(self) -> None:  # noqa: N802 (name given by the base class)
            size = int(self.headers.get("Content-Length", "0"))
            if self.path != "/api/v2/spans" or size > BODY_BYTES_MAX:
                self.send_error(404 if size <= BODY_BYTES_MAX else 413)
                return
            spans.add(json.loads(self.rfile.read(size)))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Receiver


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run_dir", type=Path)
    run_dir: Path = parser.parse_args().run_dir
    block_stop_signals()
    spans = Spans()
    server = ThreadingHTTPServer((LOOPBACK, 0), _receiver_class(spans))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    announce_port(run_dir, "collector", int(server.server_address[1]))
    wait_for_stop_signal()
    server.shutdown()
    thread.join()
    server.server_close()
    spans.write(run_dir / "spans.json")


if __name__ == "__main__":
    main()
