"""The payment service. Its acquirer, a machine of another company, has a bad minute."""

import hashlib
import random
import threading
import time
import uuid

from opentelemetry.trace import SpanKind
from database import Database
from messages import publish
from runtime import Attributes, Json, Runtime, mark_failed, run_process, work_elsewhere
from web import HttpError, Request, WebServer

ACQUIRER_CONNECTIONS = 4
HASH_ROUNDS = 15000
DECLINED_SHARE = 0.04
# One minute after the start the acquirer is slow and unreliable for half a minute, so that the
# periods of the recording differ.
INCIDENT_AFTER_S = 60.0
INCIDENT_S = 30.0
SCHEMA = "CREATE TABLE charge(id TEXT PRIMARY KEY, cents INTEGER, state TEXT);"


class AcquirerError(Exception):
    pass


class Acquirer:
    """Stands for the bank: waits and chance instead of a network call."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._incident_at = time.monotonic() + INCIDENT_AFTER_S
        self._connections = threading.Semaphore(ACQUIRER_CONNECTIONS)

    def call(self, operation: str) -> None:
        with self._runtime.step("wait for connection"):
            self._connections.acquire()
        try:
            self._call(operation)
        finally:
            self._connections.release()

    def _call(self, operation: str) -> None:
        attributes: Attributes = {"server.address": "acquirer.example"}
        with self._runtime.span(f"POST /{operation}", SpanKind.CLIENT, attributes) as span:
            try:
                self._exchange()
            except AcquirerError as error:
                mark_failed(span, error)
                raise HttpError(503, "acquirer is unavailable") from error

    def _exchange(self) -> None:
        bad = 0 <= time.monotonic() - self._incident_at < INCIDENT_S
        work_elsewhere(500 if bad else 60, sigma=0.9 if bad else 0.6)
        if random.random() < (0.25 if bad else 0.01):
            raise AcquirerError("connection reset by peer")


class Payment:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._database = Database(runtime, SCHEMA)
        self._acquirer = Acquirer(runtime)

    def charge(self, request: Request) -> Json:
        charge = uuid.uuid4().hex[:12]
        with self._runtime.step("sign request"):
            hashlib.pbkdf2_hmac("sha256", charge.encode(), b"shop", HASH_ROUNDS)
        self._acquirer.call("authorize")
        if random.random() < DECLINED_SHARE:
            raise HttpError(402, "card declined")
        self._database.run(
            "charge", "INSERT INTO charge VALUES (?, ?, 'paid')", charge, request.body["cents"]
        )
        return {"id": charge}

    def show(self, request: Request) -> Json:
        rows = self._database.run(
            "charge", "SELECT cents, state FROM charge WHERE id = ?", request.params["id"]
        )
        if not rows:
            raise HttpError(404, "no such charge")
        return {"cents": rows[0][0], "state": rows[0][1]}

    def refund(self, request: Request) -> Json:
        charge = request.body["charge"]
        rows = self._database.run(
            "charge",
            "UPDATE charge SET state = 'refunded' WHERE id = ? AND state = 'paid' RETURNING id",
            charge,
        )
        if not rows:
            raise HttpError(409, "nothing to refund")
        self._acquirer.call("refund")
        publish(self._runtime, "payments.refunded", {"charge": charge})
        return {}


def build(runtime: Runtime) -> WebServer:
    payment = Payment(runtime)
    server = WebServer(runtime)
    server.route("POST", "/api/charges", payment.charge)
    server.route("GET", "/api/charges/{id}", payment.show)
    server.route("POST", "/api/refunds", payment.refund)
    return server


if __name__ == "__main__":
    run_process("payment", build)
