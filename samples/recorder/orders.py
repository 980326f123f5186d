"""The order service: reserves, charges, stores, and tells the mailer."""

import random
import uuid

from database import Database
from messages import publish
from runtime import PRODUCTS, Json, Runtime, run_process, work_elsewhere
from web import HttpError, Peer, Request, WebServer

OLD_ORDERS = 60000
SCHEMA = """
CREATE TABLE orders(id TEXT PRIMARY KEY, day INTEGER, sku TEXT, cents INTEGER, charge TEXT,
                    reservation TEXT, state TEXT);
"""


class Orders:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._inventory = Peer(runtime, "inventory", timeout_s=2.0)
        self._payment = Peer(runtime, "payment", timeout_s=2.0)
        self._database = Database(runtime, SCHEMA)
        self._database.fill(
            "INSERT INTO orders VALUES (?, ?, ?, ?, '', '', 'sent')",
            [
                (
                    f"old-{number}",
                    number % 90,
                    f"P{number % PRODUCTS:04}",
                    random.randint(300, 90000),
                )
                for number in range(OLD_ORDERS)
            ],
        )

    def place(self, request: Request) -> Json:
        items: list[Json] = request.body["items"]
        cents = sum(item["cents"] * item["units"] for item in items)
        reservations: list[str] = []
        try:
            for item in items:
                reservations.append(self._reserve(item))
            charge = self._payment.call("POST", "/api/charges", body={"cents": cents})["id"]
        except HttpError:
            self._release(reservations)
            raise
        order = uuid.uuid4().hex[:12]
        self._database.run(
            "orders",
            "INSERT INTO orders VALUES (?, 90, ?, ?, ?, ?, 'paid')",
            order,
            items[0]["sku"],
            cents,
            charge,
            reservations[0],
        )
        publish(self._runtime, "orders.placed", {"order": order, "lines": len(items)})
        return {"id": order, "charge": charge}

    def show(self, request: Request) -> Json:
        rows = self._database.run(
            "orders", "SELECT cents, state FROM orders WHERE id = ?", request.params["id"]
        )
        if not rows:
            raise HttpError(404, "no such order")
        work_elsewhere(2)
        return {"cents": rows[0][0], "state": rows[0][1]}

    def cancel(self, request: Request) -> Json:
        order = request.params["id"]
        rows = self._database.run(
            "orders",
            "UPDATE orders SET state = 'cancelled' WHERE id = ? AND state = 'paid' "
            "RETURNING charge, reservation",
            order,
        )
        if not rows:
            raise HttpError(409, "too late to cancel")
        charge, reservation = rows[0]
        self._payment.call("POST", "/api/refunds", body={"charge": charge})
        self._release([reservation])
        publish(self._runtime, "orders.cancelled", {"order": order, "lines": 1})
        return {}

    def report(self, request: Request) -> Json:
        """Rarely asked for, and slow by real work: a window over every order there is."""
        days = self._database.run(
            "orders",
            "SELECT day, sum(cents), max(share) FROM (SELECT day, cents, 1.0 * cents / "
            "sum(cents) OVER (PARTITION BY sku) AS share FROM orders) GROUP BY day",
        )
        with self._runtime.step("format report"):
            return {"days": [f"{day};{cents / 100:.2f};{top:.4f}" for day, cents, top in days]}

    def _reserve(self, item: Json) -> str:
        reservation: str = self._inventory.call(
            "POST", "/api/reservations", body={"sku": item["sku"], "units": item["units"]}
        )["id"]
        return reservation

    def _release(self, reservations: list[str]) -> None:
        for reservation in reservations:
            self._inventory.call("DELETE", "/api/reservations/{id}", params={"id": reservation})


def build(runtime: Runtime) -> WebServer:
    orders = Orders(runtime)
    server = WebServer(runtime)
    server.route("POST", "/api/orders", orders.place)
    server.route("GET", "/api/orders/{id}", orders.show)
    server.route("POST", "/api/orders/{id}/cancel", orders.cancel)
    server.route("GET", "/api/reports/daily", orders.report)
    return server


if __name__ == "__main__":
    run_process("orders", build)
