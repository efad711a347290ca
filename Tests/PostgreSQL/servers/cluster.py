"""Several PostgreSQL servers under Patroni, with one etcd."""

import json
import shutil
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .node import Node
from .processes import (
    HOST, Failure, PidFile, free_ports, kill, last_lines, locked, make_folder, psql, require, require_writable, spawn,
    wait_until, write_file)
from .server import create_database
from .settings import NAME


class Cluster:
    """A cluster whose state is all in its folder: any process can change it."""

    def __init__(self, folder):
        self.folder = Path(folder).absolute()
        try:
            self.config = json.loads((self.folder / "cluster.json").read_text())
        except OSError:
            raise Failure(f"There is no cluster in {self.folder}.")
        self.etcd = PidFile(self.folder / "etcd" / "pid")
        self.nodes = [Node(self.folder, self.config, number + 1) for number in range(len(self.config["ports"]))]

    @classmethod
    def create(cls, folder, nodes=3, is_synchronous=False, settings=None):
        require("patroni", "etcd", "psql", "initdb")
        folder = make_folder(Path(folder).absolute())
        require_writable(folder)
        ports = free_ports(2 * nodes + 2)
        write_file(folder / "cluster.json", json.dumps({
            "ports": ports[:nodes], "rest_ports": ports[nodes:2 * nodes], "etcd_port": ports[-2],
            "etcd_peer_port": ports[-1], "is_synchronous": is_synchronous, "settings": settings or {}}))
        return cls(folder)

    @property
    def url(self):
        """Names all nodes, and selects the one that accepts writes."""
        return url(self.config["ports"])

    def start(self):
        """Starts what does not run, and returns when the followers stream."""
        with locked(self.folder):
            self._start_etcd()
            is_new = not any(node.data.exists() for node in self.nodes)
            for node in self.nodes:
                node.write_config()
                node.start()
                if is_new and node is self.nodes[0]:
                    self.wait_for_leader()
            create_database(self.wait_for_leader().port)
            self.wait_for_all()

    def _start_etcd(self):
        if self.etcd.pid:
            return
        folder = make_folder(self.folder / "etcd")
        make_folder(folder / "data", 0o700)
        client, peer = (f"http://{HOST}:{self.config[name]}" for name in ("etcd_port", "etcd_peer_port"))
        self.etcd.write(spawn(
            ["etcd", "--name", "etcd", "--data-dir", folder / "data", "--listen-client-urls", client,
             "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
             "--initial-cluster", f"etcd={peer}", "--heartbeat-interval", "100", "--election-timeout", "1000",
             "--enable-v2", "--logger", "zap"], folder / "log", folder))

        def is_healthy():
            try:
                with urllib.request.urlopen(f"{client}/health", timeout=1) as response:
                    return json.load(response).get("health") == "true"
            except (OSError, ValueError):
                return False
        wait_until(is_healthy, 30, "etcd's start")

    def states(self):
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            return list(pool.map(lambda node: node.state, self.nodes))

    def leader(self):
        """The node that leads, or None: also while the others take a dead or paused node for the leader."""
        leaders = [node for node, state in zip(self.nodes, self.states()) if state == "leader"]
        return leaders[0] if len(leaders) == 1 else None

    def wait_for_leader(self, other_than=None, seconds=90):
        """Waits until a node accepts writes, and returns it."""
        def writable_leader():
            leader = self.leader()
            if leader and leader is not other_than and \
                    psql(leader.port, "SELECT pg_is_in_recovery()", check=False) == "f":
                return leader
            return None
        return wait_until(writable_leader, seconds, "A leader that accepts writes")

    def wait_for_all(self, seconds=180):
        """Waits until every node runs and the followers stream; in a synchronous cluster, the leader waits for one."""
        def is_complete():
            if sorted(self.states()) != ["leader"] + ["replica"] * (len(self.nodes) - 1):
                return False
            leader = self.leader()
            states = (psql(leader.port, "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming' AND "
                           "application_name LIKE 'node%'", check=False) or "").split() if leader else []
            return len(states) >= len(self.nodes) - 1 and (
                not self.config["is_synchronous"] or len(self.nodes) == 1 or "sync" in states)
        try:
            wait_until(is_complete, seconds, "All nodes streaming", 0.2)
        except Failure as failure:
            logs = "\n".join(f"{node.name} {node.state}\n{last_lines(node.folder / 'log', 8)}" for node in self.nodes)
            raise Failure(f"{failure}\n{logs}")

    # Faults. Each returns the node that it concerns.

    def kill_leader(self):
        with locked(self.folder):
            leader = wait_until(self.leader, 30, "A leader to kill")
            leader.kill()
            return leader

    def pause_leader(self):
        with locked(self.folder):
            leader = wait_until(self.leader, 30, "A leader to pause")
            leader.pause()
            return leader

    def switch_over(self):
        """Hands the lead over in good order, and returns the new leader."""
        with locked(self.folder):
            leader = wait_until(self.leader, 30, "A leader to switch from")
            leader.post("/switchover", {"leader": leader.name})
            return self.wait_for_leader(other_than=leader)

    def revive(self, numbers=()):
        """Starts what is dead, resumes what is paused, and returns when these nodes run; without numbers, all."""
        with locked(self.folder):
            self._start_etcd()
            nodes = [self.node(number) for number in numbers] or self.nodes
            for node in nodes:
                if node.state == "paused":
                    node.resume()
                node.start()
            if numbers:
                wait_until(lambda: all(node.state in ("leader", "replica") for node in nodes), 180, "Revived nodes")
            else:
                self.wait_for_all()

    def node(self, number):
        if not 1 <= number <= len(self.nodes):
            raise Failure(f"There is no node {number}. Choose one of 1 to {len(self.nodes)}.")
        return self.nodes[number - 1]

    def stop(self):
        with locked(self.folder):
            # All Patronis first, so that none of them makes another node the leader.
            kill(lambda: [node.patroni.pid for node in self.nodes if node.patroni.pid])
            for node in self.nodes:
                node.kill()
            kill(lambda: [self.etcd.pid] if self.etcd.pid else [])

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)


def url(ports):
    """The URL of a cluster whose nodes listen on these ports."""
    hosts = ",".join(f"{HOST}:{port}" for port in ports)
    return f"postgresql://{NAME}@{hosts}/{NAME}?target_session_attrs=read-write"
