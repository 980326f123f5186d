"""A real Elasticsearch or OpenSearch for the checks: its indices, what is written into them and how they are changed.
All versions from Elasticsearch 6 on answer alike here."""

import base64
import http.client
import json
import os
import pathlib
import ssl
import time
import urllib.parse

ANSWER_SECONDS_MAX = 60
BULK_DOCUMENTS = 5_000

# The fields of Tymbal's own spans.
SPAN_MAPPING = {
    "app": {"type": "keyword"},
    "service": {"type": "keyword"},
    "method": {"type": "keyword"},
    "start_time": {"type": "date", "format": "epoch_millis"},
    "duration_us": {"type": "long"},
    "error": {"type": "boolean"},
    "kind": {"type": "keyword"},
    "trace_id": {"type": "keyword"},
    "span_id": {"type": "keyword"},
    "slot": {"type": "short"},
}


class SearchError(Exception):
    """An answer with another status than 2xx."""

    def __init__(self, what, status, body):
        super().__init__(f"{what}: {status} {body:.500}")
        self.status, self.body = status, body


def environment_of(kind):
    """The facts of a server of `scripts/stack run`, by their names; none if it isn't there."""
    prefix = f"TYMBAL_TEST_{kind.upper().replace('-', '_')}_"
    facts = {key.removeprefix(prefix): value for key, value in os.environ.items() if key.startswith(prefix)}
    if "URL" not in facts:
        return None
    if folder := os.environ.get("TYMBAL_TEST_STACK_DIR"):
        # One that was restarted meanwhile is another process: its file knows.
        file = pathlib.Path(folder, f"{kind}.env")
        facts |= dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())
    return facts


class SearchServer:
    """A server at a URL. For one thread: it keeps one connection, which `close` ends."""

    def __init__(self, url, *, ca=None, user=None, password=None, seconds_max=ANSWER_SECONDS_MAX):
        self.url = url
        parts = urllib.parse.urlsplit(url)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=ca)
            self._connection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=seconds_max, context=context)
        else:
            self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds_max)
        self._headers = {}
        if user is not None:
            token = base64.b64encode(f"{user}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {token}"
        self._version = None

    @classmethod
    def of_stack(cls, facts, account="ADMIN"):
        """The server of `environment_of`, as one of its accounts where it has some."""
        return cls(facts["URL"], ca=facts.get("CA"), user=facts.get(f"{account}_USER"),
                   password=facts.get(f"{account}_PASSWORD"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._connection.close()

    # ---- Requests

    def raw(self, method, path, body=None, content_type="application/json"):
        """Returns the status and the text of an answer, whatever they are. `body`: bytes, or what becomes JSON."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = self._headers | ({"Content-Type": content_type} if body is not None else {})
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            self._connection.close()  # What is left of an answer must not be taken for the next one's.
            raise

    def request(self, method, path, body=None, content_type="application/json"):
        """Returns the decoded JSON of a good answer. Raises SearchError for any other."""
        status, text = self.raw(method, path, body, content_type)
        if not 200 <= status < 300:
            raise SearchError(f"{method} {path:.200}", status, text)
        return json.loads(text) if text else None

    def get(self, path, body=None):
        # With a body it is a POST: proxies drop the body of a GET.
        return self.request("GET" if body is None else "POST", path, body)

    # ---- What it is

    @property
    def version(self):
        """Its numbers, as a tuple: (2, 19, 1). GET / is not answered by all."""
        if self._version is None:
            nodes = self.get("/_nodes/_local?filter_path=nodes.*.version")["nodes"]
            self._version = tuple(int(number) for number in next(iter(nodes.values()))["version"].split("."))
        return self._version

    @property
    def has_types(self):
        """Elasticsearch 6 wants the type of a document in paths and mappings."""
        return self.version[0] == 6

    def can_compute_slots(self):
        """Whether a node has the script processor and painless, which the builds for integration tests lack."""
        nodes = self.get("/_nodes/ingest?filter_path=nodes.*.ingest.processors.type")
        return any(processor["type"] == "script" for node in nodes.get("nodes", {}).values()
                   for processor in node["ingest"]["processors"])

    def wait(self, status="yellow", nodes=1, seconds_max=ANSWER_SECONDS_MAX):
        """Waits until the cluster has this health and at least so many nodes."""
        deadline = time.monotonic() + seconds_max
        while True:
            code, text = self.raw("GET", f"/_cluster/health?wait_for_status={status}&wait_for_nodes=>={nodes}&timeout=1s")
            if code == 200:
                return json.loads(text)
            if time.monotonic() > deadline:
                raise SearchError("the cluster's health", code, text)

    # ---- Indices

    def create_index(self, index, mapping=None, **settings):
        """`mapping`: properties, those of spans unless said otherwise. `settings`: number_of_shards=2 and so on."""
        properties = {"properties": SPAN_MAPPING if mapping is None else mapping}
        mappings = {"_doc": properties} if self.has_types else properties
        settings = {"number_of_shards": 1, "number_of_replicas": 0} | settings
        self.request("PUT", f"/{index}", {"settings": {"index": settings}, "mappings": mappings})

    def set_settings(self, index, **settings):
        self.request("PUT", f"/{index}/_settings", {"index": settings})

    def delete_index(self, index):
        """Deletes it; nothing happens if it isn't there."""
        status, text = self.raw("DELETE", f"/{index}")
        if status not in (200, 404):
            raise SearchError(f"DELETE /{index}", status, text)

    def close_index(self, index):
        self.request("POST", f"/{index}/_close")

    def open_index(self, index):
        self.request("POST", f"/{index}/_open")

    def refresh(self, index):
        self.request("POST", f"/{index}/_refresh")

    def alias(self, alias, add=(), remove=()):
        """Makes, in one step, the alias name the indices of `add` and no longer those of `remove`."""
        actions = [{"add": {"index": index, "alias": alias}} for index in add]
        actions += [{"remove": {"index": index, "alias": alias}} for index in remove]
        self.request("POST", "/_aliases", {"actions": actions})

    def aliased(self, alias):
        """The indices behind an alias, sorted."""
        status, text = self.raw("GET", f"/_alias/{alias}")
        if status == 404:
            return []
        return sorted(json.loads(text))

    # ---- Documents

    def bulk(self, index, documents, pipeline=None):
        """Writes documents (dicts) and returns how many. Raises SearchError if a single one was refused."""
        path = f"/{index}/_doc/_bulk" if self.has_types else f"/{index}/_bulk"
        if pipeline is not None:
            path += f"?pipeline={pipeline}"
        written, lines = 0, []

        def send():
            answer = self.request("POST", path, "".join(lines).encode(), "application/x-ndjson")
            refused = [item for item in answer["items"] if next(iter(item.values()))["status"] not in (200, 201)]
            if refused or answer["errors"]:
                raise SearchError(f"{len(refused)} documents of a bulk for {index}", 200, json.dumps(refused[:1]))
            count = len(lines)
            lines.clear()
            return count

        for document in documents:
            lines.append('{"index":{}}\n' + json.dumps(document) + "\n")
            if len(lines) == BULK_DOCUMENTS:
                written += send()
        return written + (send() if lines else 0)

    def count(self, index, query=None):
        return self.get(f"/{index}/_count", {"query": query} if query else None)["count"]

    def search(self, index, **body):
        """Returns the answer of a search: search("spans", size=10, query={"match_all": {}})."""
        return self.get(f"/{index}/_search", body)


def total(answer):
    """How many documents a search has found; a mere number on Elasticsearch 6."""
    found = answer["hits"]["total"]
    return found if isinstance(found, int) else found["value"]
