"""The stores under test, and what can happen to them."""

import multiprocessing
import random
import shutil
import sqlite3
import sys
import threading
import time
from pathlib import Path

from servers import cluster as clusters
from servers.processes import HOST, make_folder
from servers.server import Server
from servers.settings import NAME

from . import postgres

PROBE_PAUSE_SECONDS = 0.05
CUTS = 8


class SQLiteStore:
    """One file, and so one gateway."""
    gateway_count = 1
    faults = ["kill-gateway"]

    def __init__(self, folder):
        self.file = folder / "events.sqlite"
        self.database = str(self.file)
        self.copy = folder / "copy.sqlite"

    def start(self):
        pass

    def stop(self):
        pass

    def begin_loss(self):
        """What is committed from now on is lost by `lose`."""
        with sqlite3.connect(self.file) as source, sqlite3.connect(self.copy) as copy:
            source.backup(copy)
        source.close()
        copy.close()

    def lose(self, gateways):
        """Loses commits, and returns when this is done."""
        for gateway in gateways:
            gateway.kill()
        for suffix in ("-wal", "-shm"):
            Path(f"{self.file}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self.copy, self.file)
        for gateway in gateways:
            gateway.start()

    def heal(self):
        pass


class PostgreSQLStore:
    """What a single server and a cluster have in common: gateways reach the servers through relays."""
    gateway_count = 4

    def begin(self, ports):
        self.ports = ports
        self.relays = Relays(ports)

    @property
    def database(self):
        return clusters.url(self.relays.ports)

    def cut(self):
        """Cuts all connections of the gateways, several times in a row."""
        for _ in range(CUTS):
            self.relays.cut()
            time.sleep(random.uniform(0.05, 0.3))

    def terminate(self):
        """Ends all sessions of the gateways on the server."""
        for port in self.ports:
            try:
                with postgres.Connection(port, 5) as connection:
                    connection.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                     f"WHERE datname = '{NAME}' AND usename = '{NAME}'")
            except OSError:
                # A follower that is down has no sessions.
                continue


class ServerStore(PostgreSQLStore):
    faults = ["terminate", "cut", "kill-server", "kill-gateway"]

    def __init__(self, folder):
        self.server = Server(make_folder(folder / "postgresql"))

    def start(self):
        self.server.create()
        self.server.start()
        self.begin([self.server.config["port"]])

    def stop(self):
        if hasattr(self, "relays"):
            self.relays.stop()
        self.server.remove()

    def kill_server(self):
        self.server.kill()
        self.server.start()

    def heal(self):
        pass


class ClusterStore(PostgreSQLStore):
    faults = ["kill-leader", "switchover", "pause-leader", "cut", "terminate"]

    def __init__(self, folder, is_synchronous):
        self.folder, self.is_synchronous, self.cluster = folder / "cluster", is_synchronous, None

    def start(self):
        self.cluster = clusters.Cluster.create(self.folder, is_synchronous=self.is_synchronous)
        self.cluster.start()
        self.begin([node.port for node in self.cluster.nodes])

    def stop(self):
        if hasattr(self, "relays"):
            self.relays.stop()
        if self.cluster:
            self.cluster.remove()

    def begin_loss(self):
        leader = self.cluster.leader()
        for node in self.cluster.nodes:
            if node is not leader:
                node.kill()

    def lose(self, gateways):
        leader = self.cluster.kill_leader()
        followers = [node.number for node in self.cluster.nodes if node is not leader]
        self.cluster.revive(followers)
        self.cluster.wait_for_leader(other_than=leader)

    def heal(self):
        self.cluster.revive()


class Relays:
    """A relay before each server, in a process of its own."""

    def __init__(self, upstream_ports):
        context = multiprocessing.get_context("spawn")
        self.pipe, other_end = context.Pipe()
        self.process = context.Process(target=_relay, args=(upstream_ports, other_end), daemon=True)
        self.process.start()
        self.ports = self.pipe.recv()

    def cut(self):
        self.pipe.send("cut")
        return self.pipe.recv()

    def stop(self):
        self.process.kill()
        self.process.join()


def _relay(upstream_ports, pipe):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Peers"))
    from relay import Relay
    relays = [Relay((HOST, port)) for port in upstream_ports]
    pipe.send([relay.port for relay in relays])
    while pipe.recv() == "cut":
        pipe.send(sum(relay.cut() for relay in relays))


class Probe:
    """Finds the moment from which a server other than the old leader commits."""

    def __init__(self, ports, old_port=None):
        self.first_commit_at = None
        self.ended = threading.Event()
        for port in ports:
            if port != old_port:
                threading.Thread(target=self._run, args=(port,), daemon=True).start()

    def _run(self, port):
        connection = None
        while not self.ended.is_set():
            try:
                connection = connection or postgres.Connection(port, 2)
                if connection.query("SELECT pg_is_in_recovery()") == [["f"]]:
                    connection.query("CREATE TABLE IF NOT EXISTS probe (n int)")
                    connection.query("INSERT INTO probe VALUES (1)")
                    if not self.ended.is_set():
                        self.first_commit_at = time.monotonic()
                        self.ended.set()
            except OSError:
                if connection:
                    connection.close()
                connection = None
            self.ended.wait(PROBE_PAUSE_SECONDS)
        if connection:
            connection.close()

    def wait(self, seconds=60):
        if not self.ended.wait(seconds):
            self.ended.set()
            raise TimeoutError(f"No server commits within {seconds} s.")
        return self.first_commit_at
