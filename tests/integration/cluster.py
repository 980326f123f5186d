"""A cluster of real nodes for the checks: processes that are started, watched, signalled and ended."""

import json
import os
import signal
import subprocess
import time

from mysql_server import CANARY
from support import ALL_TIME, EPOCH_MS, EXIT_OK

SESSION_S = 2
TICK_S = 0.5  # Of the ZooKeeper of scripts/stack.
PERIOD_S = 60
WAIT_S = 120
STOP_S = 10  # A node that is told to stop is gone after this long.

CONF = """
store: {store}
period: {{length: {period}s}}
source: {{file: {{path: "{files}"}}}}
worker: {{threads: 1, fragments: 2, stall_timeout: 5s, attempts: {attempts}}}
node: {{id: {node}, advertise: "{advertise}"}}
coordinator: {{servers: "{servers}", root: {root}, session_timeout: {session}s}}
schedule: {{delay: 0s, first: "{first}", retry_failed: {retry}s}}
"""
PASSWORD = {"TYMBAL_STORE_PASSWORD": CANARY}


def iso(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms / 1000))


def reports(check, store):
    """What a store shows, by view, without the numbers of the runs: those are the ledger's."""
    found = {}
    for view in ("methods", "services", "apps", "slow"):
        ended = check.run("report", view, *ALL_TIME, "--format", "csv", "--store", store, env=PASSWORD)
        check.expect(ended.code == EXIT_OK, str(ended))
        found[view] = [line.rsplit(",", 1)[0] if view != "slow" else line for line in ended.out.splitlines()]
    return found


def expect_reports(check, store, wanted, what):
    got = reports(check, store)
    for view, lines in wanted.items():
        check.expect(got[view] == lines,
                     f"{what}: the report {view} is not that of tymbal run ({len(got[view])} lines, {len(lines)} wanted)")


def published(periods):
    """Whether so many periods are: for Cluster.wait."""
    end_ms = EPOCH_MS + periods * PERIOD_S * 1000
    return lambda status: status.get("watermark_ms") is not None and status["watermark_ms"] >= end_ms


class Cluster:
    """Nodes as processes of their own, all killed at the end of `with`."""

    def __init__(self, check, name, servers, store, files, **more):
        self.check, self.name, self.store = check, name, store
        self.values = {"store": store, "files": files, "servers": servers, "period": PERIOD_S, "session": SESSION_S,
                       "root": f"/check-{os.getpid()}-{name}", "first": iso(EPOCH_MS), "attempts": 5, "retry": 600,
                       "advertise": "", **more}
        self.nodes, self.logs = {}, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.nodes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()

    def conf(self, node, **more):
        return self.check.write(f"{self.name}-{node}.yaml", CONF.format(node=node, **(self.values | more)))

    def start(self, node, before=(), env=None, **more):
        """Starts a node; `before`: what stands before it on the command line, `more`: other values for its configuration."""
        log = open(self.check.dir / f"{self.name}-{node}.log", "ab")
        self.logs[node] = log.name
        self.nodes[node] = subprocess.Popen([*before, self.check.tymbal, "node", "--conf", self.conf(node, **more)],
                                            env=self.check.environment(PASSWORD | (env or {})), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        return self.nodes[node]

    def signal(self, node, number):
        self.nodes[node].send_signal(number)
        if number == signal.SIGKILL:
            self.nodes[node].wait()

    def stop(self, *nodes):
        """Tells them to stop; returns how long the last one took."""
        began = time.monotonic()
        for node in nodes:
            self.nodes[node].terminate()
        for node in nodes:
            try:
                code = self.nodes[node].wait(timeout=2 * STOP_S)
            except subprocess.TimeoutExpired:
                code = "none"
            self.check.expect(code == EXIT_OK, f"{self.name}: {node} was told to stop: exit {code}\n{self.tail()}")
        took = time.monotonic() - began
        self.check.expect(took < STOP_S, f"{self.name}: {nodes} took {took:.1f} s to stop")
        return took

    def alive(self):
        return [node for node, process in self.nodes.items() if process.poll() is None]

    def look(self):
        """The status, or nothing while ZooKeeper or the store can't be reached."""
        ended = self.check.run("status", "--json", "--conf", self.conf("looker"), env=PASSWORD)
        return ended.json() if ended.code == EXIT_OK else {}

    def status(self):
        status = self.look()
        self.check.expect(status, f"{self.name}: no status")
        return status

    def wait(self, what, done, seconds=WAIT_S):
        """Waits for `done`, a function of the status, and returns that."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.look()
            if status and done(status):
                return status
            if time.monotonic() > deadline:
                self.check.expect(False, f"{self.name}: waited {seconds} s for {what}: {json.dumps(status)[:1500]}\n{self.tail()}")
                return status
            time.sleep(0.1)

    def log(self, node):
        return open(self.logs[node], errors="replace").read()

    def tail(self):
        return "\n".join(f"{node}: " + "\n".join(self.log(node).splitlines()[-4:]) for node in self.logs)

    def errors(self):
        return [line for node in self.logs for line in self.log(node).splitlines() if " ERROR " in line]

    def working(self, status, *not_these):
        """Whether all fragments of the open run have been begun by nodes other than these, under the tokens of now."""
        return bool(status.get("runs")) and all(
            fragment["node"] not in not_these and fragment["node"] in self.logs and
            any(f"fragment={fragment['no']} token={fragment['token']} " in line for line in self.log(fragment["node"]).splitlines()
                if "fragment started" in line and f"run={status['runs'][0]['run']} " in line)
            for fragment in status["runs"][0]["fragments"])
