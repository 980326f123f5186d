"""A real MySQL or MariaDB for the checks: a database in it, and the accounts of docs/mysql.md."""

import os
import re
import subprocess

CANARY = "canary-Tr0ub4dor"
URL = re.compile(r"mysql://(?P<user>[^@]+)@(?P<host>[^:/]+):(?P<port>\d+)/")
GRANTS = {
    "admin": "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, CREATE VIEW",
    "node": "SELECT, INSERT, UPDATE, DELETE",
    "reader": "SELECT",
}


class Server:
    """A real server, a database in it, and the accounts of the manual."""

    def __init__(self, name, url):
        found = URL.match(url)
        self.user, self.host, self.port = found["user"], found["host"], found["port"]
        self.database = f"tymbal_check_{os.getpid()}_{name}"

    def client(self, text):
        return ["mariadb", "--no-defaults", "--protocol=tcp", "-N", "-B", f"--host={self.host}", f"--port={self.port}",
                f"--user={self.user}", "--execute", text]

    def sql(self, text):
        ended = subprocess.run(self.client(text), capture_output=True, text=True, timeout=60, check=True)
        return ended.stdout.strip()

    def account(self, role):
        return f"tymbal_{os.getpid()}_{role}"

    def url(self, role, more=""):
        return f"mysql://{self.account(role)}@{self.host}:{self.port}/{self.database}{more}"

    def __enter__(self):
        self.sql(f"CREATE DATABASE {self.database}")
        for role, grants in GRANTS.items():
            self.sql(f"CREATE USER '{self.account(role)}'@'127.0.0.1' IDENTIFIED BY '{CANARY}';"
                     f"GRANT {grants} ON {self.database}.* TO '{self.account(role)}'@'127.0.0.1'")
        return self

    def __exit__(self, *_):
        self.sql(f"DROP DATABASE IF EXISTS {self.database}")
        for role in GRANTS:
            self.sql(f"DROP USER IF EXISTS '{self.account(role)}'@'127.0.0.1'")
