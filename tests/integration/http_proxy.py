"""An HTTP proxy between a client and a real server that spoils answers, for the checks of what a client does then.

    with HttpProxy(server_url) as proxy:
        proxy.spoil = lambda exchange: with_status(503) if "_search" in exchange.path else None
        ... the client talks to proxy.url ...

`spoil` is asked once for each request, on the thread of its connection, after the real server has answered. What it
returns decides what the client gets: None (or what pass_on says) is the answer as it was, changed as the function
changed `exchange.answer`; the functions of this file make the other ways."""

import dataclasses
import http.client
import itertools
import json
import socket
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVER_SECONDS_MAX = 120
DRIP_BYTES = 64
STREAM_CHUNK = 64 * 1024
# Those about one connection, not about the message.
HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade"}


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    def set_json(self, value):
        self.body = json.dumps(value).encode()


@dataclasses.dataclass
class Exchange:
    """A request and the real server's answer to it."""

    number: int  # From 0 on, over all connections.
    method: str
    path: str  # With the query.
    headers: dict  # Names in lower case.
    body: bytes
    # Both are let go when the client has its answer.
    answer: Answer | None
    previous: Answer | None  # What the client got for the last request whose answer reached it as a whole.


# ---- Ways to answer: functions of a Reply. Each returns whether the connection may go on.


class Reply:
    """What a way to answer has in hand."""

    def __init__(self, handler, exchange, stopped):
        self.handler, self.exchange, self.stopped = handler, exchange, stopped
        self.sent = None  # The answer that the client got as a whole.

    def head(self, answer, length):
        """Sends status and headers. `length`: bytes that are promised; None promises chunks."""
        self.handler.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in HOP_HEADERS:
                self.handler.send_header(name, value)
        if length is None:
            self.handler.send_header("Transfer-Encoding", "chunked")
        else:
            self.handler.send_header("Content-Length", str(length))
        self.handler.end_headers()
        self.handler.wfile.flush()

    def write(self, data):
        if self.exchange.method != "HEAD":
            self.handler.wfile.write(data)
            self.handler.wfile.flush()

    def wait(self, seconds):
        """Waits, but not longer than the proxy lives. Returns whether it still does."""
        return not self.stopped.wait(seconds)

    def whole(self, answer):
        self.head(answer, len(answer.body))
        self.write(answer.body)
        self.sent = answer
        return True


def pass_on(reply):
    return reply.whole(reply.exchange.answer)


def with_status(status, body=b"", **headers):
    """Another status: with_status(429, Retry_After="2")."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply: reply.whole(Answer(status, {"Content-Type": "application/json"} | named, body))


def too_many_requests(retry_after=None):
    error = {"error": {"type": "es_rejected_execution_exception", "reason": "rejected by a test"}, "status": 429}
    headers = {} if retry_after is None else {"Retry_After": str(retry_after)}
    return with_status(429, json.dumps(error).encode(), **headers)


def unavailable():
    return with_status(503, b'{"error":{"type":"unavailable_shards_exception","reason":"by a test"},"status":503}')


def redirect(location, status=302):
    return with_status(status, Location=location)


def html_page(status=200):
    """What a portal or a proxy in front of a server says."""
    return with_status(status, b"<!DOCTYPE html><html><body>Please log in</body></html>", Content_Type="text/html")


def cut(share=0.5):
    """Promises the whole body, sends a part of it and closes the connection."""

    def way(reply):
        body = reply.exchange.answer.body
        reply.head(reply.exchange.answer, len(body))
        reply.write(body[: int(len(body) * share)])
        return False

    return way


def cut_chunked(share=0.5):
    """The same in chunks: the last one never comes."""

    def way(reply):
        body = reply.exchange.answer.body
        part = body[: int(len(body) * share)]
        reply.head(reply.exchange.answer, None)
        reply.write(b"%x\r\n%s\r\n" % (len(part), part))
        return False

    return way


def cut_but_complete(share=0.5):
    """Sends a part of the body as if it were all: only what it says can show it."""

    def way(reply):
        answer = reply.exchange.answer
        return reply.whole(Answer(answer.status, answer.headers, answer.body[: int(len(answer.body) * share)]))

    return way


def hang_up(_reply):
    """Closes the connection without a word."""
    return False


def never(reply):
    """Keeps the connection open and says nothing."""
    while reply.wait(1):
        pass
    return False


def delayed(seconds, then=pass_on):
    def way(reply):
        return reply.wait(seconds) and then(reply)

    return way


def drip(seconds_between=0.2, bytes_each=DRIP_BYTES):
    """The true answer, but slowly."""

    def way(reply):
        body = reply.exchange.answer.body
        reply.head(reply.exchange.answer, len(body))
        for start in range(0, len(body), bytes_each):
            if start > 0 and not reply.wait(seconds_between):
                return False
            reply.write(body[start : start + bytes_each])
        reply.sent = reply.exchange.answer
        return True

    return way


def endless(prefix=b'{"hits":{"hits":[', repeated=b'{"_source":{}},'):
    """Chunks that never end. They stop when the client closes the connection or the proxy ends."""

    def way(reply):
        reply.head(Answer(200, {"Content-Type": "application/json"}, b""), None)
        reply.write(b"%x\r\n%s\r\n" % (len(prefix), prefix))
        block = repeated * (STREAM_CHUNK // len(repeated) + 1)
        while not reply.stopped.is_set():
            reply.write(b"%x\r\n%s\r\n" % (len(block), block))
        return False

    return way


def huge(size, filler=b" "):
    """The true answer, with so many bytes of white space before it: 300 MB without holding them."""

    def way(reply):
        answer = reply.exchange.answer
        reply.head(answer, size + len(answer.body))
        block = filler * STREAM_CHUNK
        for start in range(0, size, STREAM_CHUNK):
            reply.write(block[: min(STREAM_CHUNK, size - start)])
        reply.write(answer.body)
        reply.sent = answer
        return True

    return way


def repeat_previous(reply):
    """What the client got last, once more; the true answer is lost."""
    return reply.whole(reply.exchange.previous or reply.exchange.answer)


# ---- The proxy


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client, with one of its own to the real server. Both are kept alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.upstream = http.client.HTTPConnection(*self.server.proxy.upstream, timeout=SERVER_SECONDS_MAX)

    def finish(self):
        self.upstream.close()
        try:
            super().finish()
        except OSError:
            pass  # The client has gone.

    def log_message(self, *_):
        pass

    def request_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass
        return body

    def ask_server(self, body):
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_HEADERS}
        for attempt in itertools.count():
            try:
                self.upstream.request(self.command, self.path, body or None, headers)
                answer = self.upstream.getresponse()
                return Answer(answer.status, dict(answer.getheaders()), answer.read())
            except (OSError, http.client.HTTPException):
                self.upstream.close()
                if attempt > 0:  # The first may have found a connection that the server had closed.
                    raise

    def handle_exchange(self):
        proxy = self.server.proxy
        try:
            body = self.request_body()
            answer = self.ask_server(body)
            headers = {name.lower(): value for name, value in self.headers.items()}
            exchange = proxy.note(self.command, self.path, headers, body, answer)
            reply = Reply(self, exchange, proxy.stopped)
            way = proxy.spoil(exchange) if proxy.spoil else None
            goes_on = (way or pass_on)(reply)
            if reply.sent is not None:
                proxy.previous = reply.sent
            exchange.answer = exchange.previous = None
        except (OSError, http.client.HTTPException):
            goes_on = False  # One of the two sides has gone.
        except Exception as error:  # noqa: BLE001 - a mistake in `spoil` must fail the check, not only this thread.
            proxy.mistakes.append(error)
            goes_on = False
        if not goes_on:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = handle_exchange


class HttpProxy:
    """Listens on a free port of 127.0.0.1 from construction until `close`, or the end of its `with`."""

    def __init__(self, upstream_url, spoil=None):
        """`spoil(exchange)` returns a way to answer or None; it may be replaced at any time."""
        parts = urllib.parse.urlsplit(upstream_url)
        self.upstream = (parts.hostname, parts.port)
        self.spoil = spoil
        self.exchanges = []  # All so far.
        self.mistakes = []
        self.previous = None
        self.connections = 0
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._open = set()
        proxy = self

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

            def process_request(self, request, address):
                with proxy._lock:
                    proxy.connections += 1
                    proxy._open.add(request)
                super().process_request(request, address)

            def shutdown_request(self, request):
                with proxy._lock:
                    proxy._open.discard(request)
                super().shutdown_request(request)

            def handle_error(self, *_):
                pass  # A client that goes in the middle is what these checks are about.

        self._server = Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def note(self, method, path, headers, body, answer):
        with self._lock:
            exchange = Exchange(len(self.exchanges), method, path, headers, body, answer, self.previous)
            self.exchanges.append(exchange)
            return exchange

    def count(self, text):
        """How many requests so far had this text in their path."""
        with self._lock:
            return sum(text in exchange.path for exchange in self.exchanges)

    def close(self):
        """Ends all connections, also those that hang. Raises what `spoil` raised."""
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It has just ended.
        self._thread.join()
        if self.mistakes:
            raise self.mistakes[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Times:
    """Spoils only some of the requests whose path has `text`: the first `count` after `skip`."""

    def __init__(self, text, way, count=1, skip=0):
        self.text, self.way, self.left, self.skip = text, way, count, skip
        self.spoiled = 0
        self._lock = threading.Lock()

    def __call__(self, exchange):
        if self.text not in exchange.path:
            return None
        with self._lock:
            if self.skip > 0:
                self.skip -= 1
                return None
            if self.left == 0:
                return None
            self.left -= 1
            self.spoiled += 1
        return self.way


def change_json(change):
    """A way that passes on the answer after `change(document)` has changed its JSON in place."""

    def way(reply):
        document = reply.exchange.answer.json()
        change(document)
        reply.exchange.answer.set_json(document)
        return pass_on(reply)

    return way
