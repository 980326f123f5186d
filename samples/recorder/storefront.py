"""The storefront: what the customers' browsers talk to."""

import threading
from collections import defaultdict

from runtime import Json, Runtime, run_process, work_elsewhere
from web import HttpError, Peer, Request, WebServer


class Storefront:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._catalog = Peer(runtime, "catalog", timeout_s=2.0)
        self._inventory = Peer(runtime, "inventory", timeout_s=2.0)
        self._orders = Peer(runtime, "orders", timeout_s=5.0)
        self._lock = threading.Lock()
        self._carts: defaultdict[str, list[Json]] = defaultdict(list)

    def home(self, request: Request) -> Json:
        products = self._catalog.call("GET", "/api/products")
        return self._render("home", products)

    def product(self, request: Request) -> Json:
        sku = {"sku": request.params["sku"]}
        product = self._catalog.call("GET", "/api/products/{sku}", params=sku)
        stock = self._inventory.call("GET", "/api/stock/{sku}", params=sku)
        return self._render("product", product | stock)

    def search(self, request: Request) -> Json:
        found = self._catalog.call("GET", "/api/search", query=request.query)
        return self._render("results", found)

    def add_to_cart(self, request: Request) -> Json:
        sku = request.body["sku"]
        product = self._catalog.call("GET", "/api/products/{sku}", params={"sku": sku})
        item = {"sku": sku, "units": request.body["units"], "cents": product["price_cents"]}
        with self._lock:
            self._carts[request.body["customer"]].append(item)
        return {}

    def cart(self, request: Request) -> Json:
        with self._lock:
            items = list(self._carts[request.query["customer"]])
        # One call for each item, as many a shop does: the more in the cart, the slower.
        for item in items:
            self._inventory.call("GET", "/api/stock/{sku}", params={"sku": item["sku"]})
        return self._render("cart", {"items": items})

    def checkout(self, request: Request) -> Json:
        with self._lock:
            items = self._carts.pop(request.body["customer"], [])
        if not items:
            raise HttpError(400, "the cart is empty")
        return self._orders.call("POST", "/api/orders", body={"items": items})

    def order(self, request: Request) -> Json:
        order = self._orders.call("GET", "/api/orders/{id}", params=request.params)
        return self._render("order", order)

    def cancel_order(self, request: Request) -> Json:
        return self._orders.call("POST", "/api/orders/{id}/cancel", params=request.params)

    def _render(self, page: str, data: Json) -> Json:
        with self._runtime.step(f"render {page}"):
            work_elsewhere(3, sigma=0.4)
        return data


def build(runtime: Runtime) -> WebServer:
    storefront = Storefront(runtime)
    server = WebServer(runtime)
    server.route("GET", "/", storefront.home)
    server.route("GET", "/products/{sku}", storefront.product)
    server.route("GET", "/search", storefront.search)
    server.route("POST", "/cart/items", storefront.add_to_cart)
    server.route("GET", "/cart", storefront.cart)
    server.route("POST", "/checkout", storefront.checkout)
    server.route("GET", "/orders/{id}", storefront.order)
    server.route("POST", "/orders/{id}/cancel", storefront.cancel_order)
    return server


if __name__ == "__main__":
    run_process("storefront", build)
