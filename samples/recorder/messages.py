"""A message queue over a loopback socket: one JSON message per connection."""

import json
import queue
import socket
import socketserver
import threading
from collections.abc import Callable

from opentelemetry.trace import SpanKind
from runtime import LOOPBACK, PROPAGATOR, Attributes, Json, Runtime, mark_failed, port_of

MESSAGE_BYTES_MAX = 1 << 16
SEND_TIMEOUT_S = 2.0


def _attributes(operation: str, topic: str) -> Attributes:
    return {
        "messaging.system": "shop-queue",
        "messaging.operation.type": operation,
        "messaging.destination.name": topic,
    }


def publish(runtime: Runtime, topic: str, payload: Json) -> None:
    """Hands a message to the mailer's queue, with a PRODUCER span."""
    with runtime.span(f"send {topic}", SpanKind.PRODUCER, _attributes("send", topic)) as span:
        headers: dict[str, str] = {}
        PROPAGATOR.inject(headers)
        message = {"topic": topic, "headers": headers, "payload": payload}
        address = (LOOPBACK, port_of(runtime.run_dir, "mailer"))
        try:
            with socket.create_connection(address, timeout=SEND_TIMEOUT_S) as connection:
                connection.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            mark_failed(span, error)
            raise


class Consumer:
    """Receives messages and works on them one by one, each with a CONSUMER span.

    Messages wait in a queue while all workers are busy, so they are consumed in their trace but
    later than they were sent.
    """

    def __init__(self, runtime: Runtime, workers: int) -> None:
        self._runtime = runtime
        self._handlers: dict[str, Callable[[Json], None]] = {}
        self._waiting: queue.Queue[Json | None] = queue.Queue()
        self._socket = _QueueSocket((LOOPBACK, 0), self._receiver_class())
        self._receiving = threading.Thread(target=self._socket.serve_forever)
        self._workers = [threading.Thread(target=self._work) for _ in range(workers)]

    @property
    def port(self) -> int:
        return int(self._socket.server_address[1])

    def subscribe(self, topic: str, handler: Callable[[Json], None]) -> None:
        self._handlers[topic] = handler

    def start(self) -> None:
        for thread in [self._receiving, *self._workers]:
            thread.start()

    def stop(self) -> None:
        self._socket.shutdown()
        self._receiving.join()
        self._socket.server_close()
        for _ in self._workers:
            self._waiting.put(None)  # Behind everything received, so that is still worked on.
        for worker in self._workers:
            worker.join()

    def _work(self) -> None:
        while (message := self._waiting.get()) is not None:
            self._consume(message)

    def _consume(self, message: Json) -> None:
        topic: str = message["topic"]
        attributes = _attributes("process", topic)
        sender = PROPAGATOR.extract(message["headers"])
        with self._runtime.span(f"process {topic}", SpanKind.CONSUMER, attributes, sender) as span:
            try:
                self._handlers[topic](message["payload"])
            except Exception as error:  # A lost mail is a failed span, not a dead worker.
                mark_failed(span, error)

    def _receiver_class(self) -> type[socketserver.StreamRequestHandler]:
        waiting = self._waiting

        class Receiver(socketserver.StreamRequestHandler):
            timeout = SEND_TIMEOUT_S

            def handle(self) -> None:
                waiting.put(json.loads(self.rfile.readline(MESSAGE_BYTES_MAX)))

        return Receiver


class _QueueSocket(socketserver.ThreadingTCPServer):
    request_queue_size = 128
    daemon_threads = False
