"""The catalog: products and a full text search over them."""

import random

from database import Database
from runtime import PRODUCTS, Json, Runtime, run_process, work_elsewhere
from web import HttpError, Request, WebServer

COLOURS = ["red", "blue", "green", "black", "white", "oak", "brass", "grey"]
THINGS = ["lamp", "chair", "table", "shelf", "clock", "mug", "rug", "desk", "vase", "mirror"]
SCHEMA = """
CREATE TABLE product(sku TEXT PRIMARY KEY, title TEXT, price_cents INTEGER, sold INTEGER);
CREATE VIRTUAL TABLE product_text USING fts5(sku UNINDEXED, title);
"""


class Catalog:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._database = Database(runtime, SCHEMA)
        products = [
            (f"P{number:04}", _title(), random.randint(300, 90000), random.randint(0, 500))
            for number in range(PRODUCTS)
        ]
        self._database.fill("INSERT INTO product VALUES (?, ?, ?, ?)", list(products))
        self._database.fill(
            "INSERT INTO product_text VALUES (?, ?)", [(sku, title) for sku, title, *_ in products]
        )

    def featured(self, request: Request) -> Json:
        rows = self._database.run(
            "product", "SELECT sku, title, price_cents FROM product ORDER BY sold DESC LIMIT 12"
        )
        work_elsewhere(2)
        return {"products": rows}

    def product(self, request: Request) -> Json:
        rows = self._database.run(
            "product",
            "SELECT title, price_cents FROM product WHERE sku = ?",
            request.params["sku"],
        )
        if not rows:
            raise HttpError(404, "no such product")
        work_elsewhere(1.5)
        return {"title": rows[0][0], "price_cents": rows[0][1]}

    def search(self, request: Request) -> Json:
        # A bug left in on purpose: what the user types is not quoted, so an unbalanced quote is
        # a syntax error of the database and a 500 of ours.
        rows = self._database.run(
            "product_text",
            "SELECT sku, title FROM product_text WHERE product_text MATCH ? LIMIT 200",
            request.query.get("q", ""),
        )
        with self._runtime.step("rank results"):
            ranked = sorted(rows, key=lambda row: len(row[1]))
            work_elsewhere(0.3 + 0.1 * len(rows), sigma=0.8)
        return {"products": ranked[:20]}


def _title() -> str:
    return f"{random.choice(COLOURS)} {random.choice(THINGS)} no {random.randint(1, 99)}"


def build(runtime: Runtime) -> WebServer:
    catalog = Catalog(runtime)
    server = WebServer(runtime)
    server.route("GET", "/api/products", catalog.featured)
    server.route("GET", "/api/products/{sku}", catalog.product)
    server.route("GET", "/api/search", catalog.search)
    return server


if __name__ == "__main__":
    run_process("catalog", build)
