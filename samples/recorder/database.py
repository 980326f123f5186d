"""SQLite with one CLIENT span for each statement."""

import sqlite3
from pathlib import Path
from typing import Any

from opentelemetry.trace import SpanKind
from runtime import Attributes, Runtime, mark_failed

Row = tuple[Any, ...]
LOCK_WAIT_S = 2.0


class Database:
    """A file in the run directory. Thread: any, each statement has its own connection."""

    def __init__(self, runtime: Runtime, schema: str) -> None:
        self._runtime = runtime
        self._path: Path = runtime.run_dir / f"{runtime.name}.sqlite"
        connection = self._connect()
        connection.executescript(f"PRAGMA journal_mode = WAL; {schema}")
        connection.close()

    def fill(self, statement: str, rows: list[Row]) -> None:
        """Inserts the stock of data at start-up, without spans."""
        connection = self._connect()
        with connection:
            connection.executemany(statement, rows)
        connection.close()

    def run(self, table: str, statement: str, *values: Any) -> list[Row]:
        """Executes and commits one statement and returns its rows."""
        operation = statement.split(maxsplit=1)[0].upper()
        attributes: Attributes = {
            "db.system.name": "sqlite",
            "db.operation.name": operation,
            "db.collection.name": table,
        }
        with self._runtime.span(f"{operation} {table}", SpanKind.CLIENT, attributes) as span:
            connection = self._connect()
            try:
                with connection:
                    return connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                mark_failed(span, error)
                raise
            finally:
                connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=LOCK_WAIT_S)
        # The data lives as long as the recording; waiting for a disk would only add noise.
        connection.execute("PRAGMA synchronous = OFF")
        return connection
