"""What every process of the shop has: a name, a port, a tracer, the ports of the others."""

import argparse
import math
import random
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import requests
from opentelemetry.context import Context
from opentelemetry.exporter.zipkin.json import ZipkinExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Json = dict[str, Any]
Attributes = dict[str, str | int]

LOOPBACK = "127.0.0.1"
PRODUCTS = 2000  # Known to the shop as P0000 to P1999.
DELAY_MAX_S = 8.0

# Used explicitly: the SDK's global propagator depends on the environment of whoever records.
PROPAGATOR = TraceContextTextMapPropagator()


class Server(Protocol):
    """Serves on a thread of its own between start() and stop()."""

    @property
    def port(self) -> int: ...

    def start(self) -> None: ...

    def stop(self) -> None:
        """Takes nothing new and returns when everything already taken is done."""


def announce_port(run_dir: Path, name: str, port: int) -> None:
    """Tells the other processes where `name` listens. They see the whole file or none."""
    part = run_dir / f"{name}.port.part"
    part.write_text(f"{port}\n", encoding="ascii")
    part.rename(run_dir / f"{name}.port")


def port_of(run_dir: Path, name: str) -> int:
    return int((run_dir / f"{name}.port").read_text(encoding="ascii"))


def wait_for_stop_signal() -> None:
    """REQUIRES: block_stop_signals() was called before any thread was started."""
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


def block_stop_signals() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})


def work_elsewhere(median_ms: float, sigma: float = 0.5) -> None:
    """Waits as one does for a disk or another company's machine: log-normal, so with a tail."""
    seconds = random.lognormvariate(math.log(median_ms / 1000.0), sigma)
    time.sleep(min(seconds, DELAY_MAX_S))


def mark_failed(span: Span, error: BaseException) -> None:
    """Sets the error status, which the exporter writes as `tags.error`.

    The exception itself is not recorded: its stack trace holds file paths of this machine.
    """
    span.set_attribute("error.type", type(error).__name__)
    span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))


class Runtime:
    """The tracer and the surroundings of one process. Thread: any, once tracing is started."""

    def __init__(self, name: str, run_dir: Path) -> None:
        self.name = name
        self.run_dir = run_dir
        resource = Resource({"service.name": name, "service.namespace": "shop"})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._tracer: Tracer = self._provider.get_tracer("shop", "1.0.0")

    def start_tracing(self, own_port: int) -> None:
        session = requests.Session()
        session.trust_env = False  # A proxy of the environment must not see loopback traffic.
        exporter = ZipkinExporter(
            endpoint=f"http://{LOOPBACK}:{port_of(self.run_dir, 'collector')}/api/v2/spans",
            local_node_ipv4=LOOPBACK,
            local_node_port=own_port,
            session=session,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))

    def stop_tracing(self) -> None:
        """Sends what is still buffered."""
        self._provider.shutdown()

    def step(self, name: str) -> AbstractContextManager[Span]:
        """A local span: work inside the process, without a Zipkin kind."""
        return self.span(name, SpanKind.INTERNAL)

    def span(
        self,
        name: str,
        kind: SpanKind,
        attributes: Attributes | None = None,
        parent: Context | None = None,
    ) -> AbstractContextManager[Span]:
        """A span within the current one, or within `parent`. For its status see mark_failed()."""
        return self._tracer.start_as_current_span(
            name,
            context=parent,
            kind=kind,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        )


def run_process(name: str, build: Callable[[Runtime], Server]) -> None:
    """Runs one service until SIGTERM: the whole life of a process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run_dir", type=Path)
    block_stop_signals()
    runtime = Runtime(name, parser.parse_args().run_dir)
    server = build(runtime)
    runtime.start_tracing(server.port)
    server.start()
    announce_port(runtime.run_dir, name, server.port)
    wait_for_stop_signal()
    server.stop()
    runtime.stop_tracing()
