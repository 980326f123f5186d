"""The mailer: consumes messages of the other services and sends mail, or fails to."""

import random
from functools import partial

from opentelemetry.trace import SpanKind
from messages import Consumer
from runtime import Attributes, Json, Runtime, mark_failed, run_process, work_elsewhere

WORKERS = 2
ATTEMPTS = 2
REFUSED_SHARE = 0.2


class MailRefusedError(Exception):
    pass


class Mailer:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def mail(self, template: str, payload: Json) -> None:
        with self._runtime.step(f"render {template}"):
            work_elsewhere(2 + payload.get("lines", 1), sigma=0.4)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._deliver(attempt)
                return
            except MailRefusedError:
                if attempt == ATTEMPTS:
                    raise

    def _deliver(self, attempt: int) -> None:
        """Stands for the mail server of the provider: waits and chance."""
        attributes: Attributes = {
            "server.address": "mail.example",
            "mail.attempt": attempt,
        }
        with self._runtime.span("SMTP DATA", SpanKind.CLIENT, attributes) as span:
            work_elsewhere(45, sigma=1.0)
            if random.random() < REFUSED_SHARE:
                error = MailRefusedError("451 try again later")
                mark_failed(span, error)
                raise error


def build(runtime: Runtime) -> Consumer:
    mailer = Mailer(runtime)
    consumer = Consumer(runtime, WORKERS)
    consumer.subscribe("orders.placed", partial(mailer.mail, "confirmation"))
    consumer.subscribe("orders.cancelled", partial(mailer.mail, "cancellation"))
    consumer.subscribe("payments.refunded", partial(mailer.mail, "refund"))
    return consumer


if __name__ == "__main__":
    run_process("mailer", build)
