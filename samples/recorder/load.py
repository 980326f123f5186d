"""The customers and the back office of the shop: threads that click, wait and click again."""

import argparse
import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from runtime import PRODUCTS, Json, port_of
from web import fetch

CUSTOMERS = 12
THINK_S_MEAN = 0.75
OFFICE_THINK_S_MEAN = 1.5
ANSWER_TIMEOUT_S = 10.0
WORDS = ["lamp", "chair", "red", "oak", "blue desk", "brass clock", "mug OR vase", "white"]
TYPING_ERRORS = ['"oak shelf', "12' table", "lamp AND"]
TYPING_ERROR_SHARE = 0.03


class Tally:
    """Counts answers by status, and keeps the orders and charges that were made. Thread: any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._statuses: Counter[str] = Counter()
        self._orders: list[tuple[str, str]] = []

    def count(self, status: str) -> None:
        with self._lock:
            self._statuses[status] += 1

    def add_order(self, order: str, charge: str) -> None:
        with self._lock:
            self._orders.append((order, charge))

    def any_order(self) -> tuple[str, str]:
        """Returns ids of an order and its charge, those of none while there is no order."""
        with self._lock:
            return random.choice(self._orders) if self._orders else ("none", "none")

    def summary(self) -> str:
        with self._lock:
            return ", ".join(f"{count} x {status}" for status, count in self._statuses.items())


class Actor:
    """One thread's worth of clicking at one service."""

    def __init__(self, port: int, tally: Tally, name: str) -> None:
        self._port = port
        self.tally = tally
        self.name = name
        self.has_items = False

    def send(self, method: str, target: str, body: Json | None = None) -> Json:
        """Returns the answer's body, empty if there was none or it was a failure."""
        headers = {"Content-Type": "application/json"}
        try:
            status, answer = fetch(
                self._port, method, target, body or {}, headers, ANSWER_TIMEOUT_S
            )
        except (OSError, http.client.HTTPException) as error:
            self.tally.count(type(error).__name__)
            return {}
        self.tally.count(str(status))
        return answer if status < 400 else {}


Click = Callable[[Actor], None]


def any_sku() -> str:
    """Few products are popular. One in a while is asked for that does not exist."""
    return f"P{min(int(random.paretovariate(0.9)), PRODUCTS):04}"


def home(actor: Actor) -> None:
    actor.send("GET", "/")


def look_at_product(actor: Actor) -> None:
    actor.send("GET", f"/products/{any_sku()}")


def search(actor: Actor) -> None:
    typed = TYPING_ERRORS if random.random() < TYPING_ERROR_SHARE else WORDS
    actor.send("GET", "/search?q=" + quote(random.choice(typed)))


def add_to_cart(actor: Actor) -> None:
    body = {"customer": actor.name, "sku": any_sku(), "units": random.choice([1, 1, 1, 2, 3])}
    actor.send("POST", "/cart/items", body)
    actor.has_items = True


def show_cart(actor: Actor) -> None:
    actor.send("GET", f"/cart?customer={actor.name}")


def checkout(actor: Actor) -> None:
    if not actor.has_items:
        add_to_cart(actor)
    actor.has_items = False
    answer = actor.send("POST", "/checkout", {"customer": actor.name})
    if answer:
        actor.tally.add_order(answer["id"], answer["charge"])


def show_order(actor: Actor) -> None:
    actor.send("GET", f"/orders/{actor.tally.any_order()[0]}")


def cancel_order(actor: Actor) -> None:
    actor.send("POST", f"/orders/{actor.tally.any_order()[0]}/cancel")


def daily_report(actor: Actor) -> None:
    actor.send("GET", "/api/reports/daily")


def show_charge(actor: Actor) -> None:
    actor.send("GET", f"/api/charges/{actor.tally.any_order()[1]}")


def refund(actor: Actor) -> None:
    actor.send("POST", "/api/refunds", {"charge": actor.tally.any_order()[1]})


CUSTOMER_CLICKS: dict[Click, float] = {
    home: 26,
    look_at_product: 30,
    search: 14,
    add_to_cart: 13,
    show_cart: 5,
    checkout: 8,
    show_order: 3,
    cancel_order: 1,
}
ACCOUNTANT_CLICKS: dict[Click, float] = {show_charge: 7, refund: 3}
MANAGER_CLICKS: dict[Click, float] = {daily_report: 1}


def click_until(deadline: float, actor: Actor, clicks: dict[Click, float], think_s: float) -> None:
    while time.monotonic() < deadline:
        random.choices(list(clicks), list(clicks.values()))[0](actor)
        pause = random.expovariate(1.0 / think_s)
        time.sleep(max(0.0, min(pause, deadline - time.monotonic())))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("seconds", type=float)
    arguments = parser.parse_args()
    run_dir: Path = arguments.run_dir
    deadline = time.monotonic() + arguments.seconds
    tally = Tally()

    def add_thread(service: str, name: str, clicks: dict[Click, float], think_s: float) -> None:
        actor = Actor(port_of(run_dir, service), tally, name)
        threads.append(
            threading.Thread(target=click_until, args=(deadline, actor, clicks, think_s))
        )

    threads: list[threading.Thread] = []
    for number in range(CUSTOMERS):
        add_thread("storefront", f"customer-{number}", CUSTOMER_CLICKS, THINK_S_MEAN)
    add_thread("payment", "accountant", ACCOUNTANT_CLICKS, OFFICE_THINK_S_MEAN)
    add_thread("orders", "manager", MANAGER_CLICKS, 2 * OFFICE_THINK_S_MEAN)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"answers: {tally.summary()}")


if __name__ == "__main__":
    main()
