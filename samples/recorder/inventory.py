"""The inventory: units on the shelves, which popular products really run out of."""

import threading
import time
import uuid

from database import Database
from runtime import PRODUCTS, Json, Runtime, run_process, work_elsewhere
from web import HttpError, Request, WebServer

UNITS_FULL = 14
UNITS_LOW = 2
RESTOCK_INTERVAL_S = 12.0
SCHEMA = """
CREATE TABLE stock(sku TEXT PRIMARY KEY, units INTEGER);
CREATE TABLE reservation(id TEXT PRIMARY KEY, sku TEXT, units INTEGER);
"""


class Inventory:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._database = Database(runtime, SCHEMA)
        self._database.fill(
            "INSERT INTO stock VALUES (?, ?)",
            [(f"P{number:04}", UNITS_FULL) for number in range(PRODUCTS)],
        )

    def stock(self, request: Request) -> Json:
        rows = self._database.run(
            "stock", "SELECT units FROM stock WHERE sku = ?", request.params["sku"]
        )
        if not rows:
            raise HttpError(404, "no such product")
        return {"units": rows[0][0]}

    def reserve(self, request: Request) -> Json:
        sku, units = request.body["sku"], request.body["units"]
        left = self._database.run(
            "stock",
            "UPDATE stock SET units = units - ?1 WHERE sku = ?2 AND units >= ?1 RETURNING units",
            units,
            sku,
        )
        if not left:
            raise HttpError(409, f"too few units of {sku}")
        with self._runtime.step("choose shelf"):
            work_elsewhere(4, sigma=0.9)
        reservation = uuid.uuid4().hex[:12]
        self._database.run(
            "reservation", "INSERT INTO reservation VALUES (?, ?, ?)", reservation, sku, units
        )
        return {"id": reservation}

    def release(self, request: Request) -> Json:
        rows = self._database.run(
            "reservation",
            "DELETE FROM reservation WHERE id = ? RETURNING sku, units",
            request.params["id"],
        )
        if not rows:
            raise HttpError(404, "no such reservation")
        sku, units = rows[0]
        self._database.run("stock", "UPDATE stock SET units = units + ? WHERE sku = ?", units, sku)
        return {}

    def restock_forever(self) -> None:
        """A background job: its spans are roots of their own traces, and local."""
        while True:
            time.sleep(RESTOCK_INTERVAL_S)
            with self._runtime.step("restock shelves"):
                self._database.run(
                    "stock", "UPDATE stock SET units = ? WHERE units <= ?", UNITS_FULL, UNITS_LOW
                )


def build(runtime: Runtime) -> WebServer:
    inventory = Inventory(runtime)
    server = WebServer(runtime)
    server.route("GET", "/api/stock/{sku}", inventory.stock)
    server.route("POST", "/api/reservations", inventory.reserve)
    server.route("DELETE", "/api/reservations/{id}", inventory.release)
    threading.Thread(target=inventory.restock_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    run_process("inventory", build)
