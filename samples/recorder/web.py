"""A small HTTP server and client, instrumented after the OpenTelemetry conventions."""

import http.client
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from opentelemetry.trace import Span, SpanKind
from runtime import LOOPBACK, PROPAGATOR, Attributes, Json, Runtime, mark_failed, port_of

BODY_BYTES_MAX = 1 << 20
REQUEST_TIMEOUT_S = 10.0


class HttpError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Request:
    params: dict[str, str]
    query: dict[str, str]
    body: Json


Handler = Callable[[Request], Json]


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler


def _pattern_of(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


class _LoopbackServer(ThreadingHTTPServer):
    request_queue_size = 128  # The default of 5 drops connects under load: one second each.
    daemon_threads = False  # server_close() then waits for the requests in flight.


class WebServer:
    """Routes requests to handlers, one SERVER span and one thread for each request.

    A failure that is the caller's own (4xx) leaves the SERVER span without error status, one
    that is ours (5xx) sets it.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._routes: list[Route] = []
        self._http = _LoopbackServer((LOOPBACK, 0), self._handler_class())
        self._thread = threading.Thread(target=self._http.serve_forever)

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    def route(self, method: str, template: str, handler: Handler) -> None:
        self._routes.append(Route(method, template, _pattern_of(template), handler))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def serve(self, exchange: BaseHTTPRequestHandler) -> None:
        url = urlsplit(exchange.path)
        for route in self._routes:
            match = route.pattern.fullmatch(url.path)
            if match and route.method == exchange.command:
                self._serve_route(exchange, route, match.groupdict())
                return
        _answer(exchange, 404, {"error": "no such resource"})

    def _serve_route(
        self, exchange: BaseHTTPRequestHandler, route: Route, params: dict[str, str]
    ) -> None:
        url = urlsplit(exchange.path)
        name = f"{route.method} {route.template}"
        attributes: Attributes = {
            "http.request.method": route.method,
            "http.route": route.template,
            "url.path": url.path,
        }
        caller = PROPAGATOR.extract(dict(exchange.headers.items()))
        with self._runtime.span(name, SpanKind.SERVER, attributes, caller) as span:
            status, body = self._call_handler(exchange, route, params, span)
            span.set_attribute("http.response.status_code", status)
            _answer(exchange, status, body)

    @staticmethod
    def _call_handler(
        exchange: BaseHTTPRequestHandler, route: Route, params: dict[str, str], span: Span
    ) -> tuple[int, Json]:
        query = dict(parse_qsl(urlsplit(exchange.path).query))
        try:
            return 200, route.handler(Request(params, query, _read_body(exchange)))
        except HttpError as error:
            if error.status >= 500:
                mark_failed(span, error)
            return error.status, {"error": str(error)}
        except Exception as error:  # A bug of a handler is an answer too, not a lost span.
            mark_failed(span, error)
            return 500, {"error": "internal error"}

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Exchange(BaseHTTPRequestHandler):
            timeout = REQUEST_TIMEOUT_S
            wbufsize = -1  # Head and body in one segment.

            def _serve(self) -> None:
                server.serve(self)

            do_GET = do_POST = do_DELETE = _serve  # noqa: N815 (names given by the base class)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Exchange


def _read_body(exchange: BaseHTTPRequestHandler) -> Json:
    size = int(exchange.headers.get("Content-Length", "0"))
    if size > BODY_BYTES_MAX:
        raise HttpError(413, "body too large")
    body: Json = json.loads(exchange.rfile.read(size)) if size else {}
    return body


def _answer(exchange: BaseHTTPRequestHandler, status: int, body: Json) -> None:
    data = json.dumps(body).encode()
    try:
        exchange.send_response(status)
        exchange.send_header("Content-Type", "application/json")
        exchange.send_header("Content-Length", str(len(data)))
        exchange.end_headers()
        exchange.wfile.write(data)
        exchange.wfile.flush()
    except ConnectionError:
        pass  # The caller gave up waiting; its own span says so.


def fetch(
    port: int, method: str, target: str, body: Json, headers: dict[str, str], timeout_s: float
) -> tuple[int, Json]:
    """Sends one request over a new connection. Returns the status and the decoded body.

    Errors: OSError (TimeoutError among them) and http.client.HTTPException.
    """
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout_s)
    try:
        data = json.dumps(body).encode() if body else None
        connection.request(method, target, data, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


class Peer:
    """Another service of the shop, called with one CLIENT span for each request."""

    def __init__(self, runtime: Runtime, name: str, timeout_s: float) -> None:
        self._runtime = runtime
        self._name = name
        self._timeout_s = timeout_s
        self._port = port_of(runtime.run_dir, name)

    def call(
        self,
        method: str,
        template: str,
        params: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        body: Json | None = None,
    ) -> Json:
        """Errors: HttpError with the peer's own status if 4xx, else 502, or 504 if it is late."""
        path = template.format(**(params or {}))
        target = f"{path}?{urlencode(query)}" if query else path
        attributes: Attributes = {
            "http.request.method": method,
            "url.template": template,
            "server.address": self._name,
        }
        with self._runtime.span(f"{method} {template}", SpanKind.CLIENT, attributes) as span:
            try:
                return self._exchange(span, method, target, body or {})
            except TimeoutError as error:
                mark_failed(span, error)
                raise HttpError(504, f"{self._name} is late") from error
            except (OSError, http.client.HTTPException) as error:
                mark_failed(span, error)
                raise HttpError(502, f"{self._name} is not reachable") from error

    def _exchange(self, span: Span, method: str, target: str, body: Json) -> Json:
        headers = {"Content-Type": "application/json"}
        PROPAGATOR.inject(headers)
        status, answer = fetch(self._port, method, target, body, headers, self._timeout_s)
        span.set_attribute("http.response.status_code", status)
        if status < 400:
            return answer
        # For a client every 4xx is a failure as well.
        error = HttpError(status if status < 500 else 502, f"{self._name} answered {status}")
        mark_failed(span, error)
        raise error
