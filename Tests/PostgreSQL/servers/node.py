"""A member of a cluster: a PostgreSQL server and the Patroni that runs it."""

import contextlib
import json
import os
import signal
import urllib.error
import urllib.request
from pathlib import Path

from .processes import (
    HOST, Failure, PidFile, account, kill, make_folder, postgres_pids, process_status, program_folder,
    running_processes, signal_all, socket_folder, spawn, write_file)
from .server import remove_lock_files
from .settings import INITDB_OPTIONS, SETTINGS

# In seconds; short, so that a failover takes 5 to 10 s. Patroni requires loop_wait + 2 * retry_timeout <= ttl.
TTL, LOOP_WAIT, RETRY_TIMEOUT = 7, 1, 3


class Node:
    def __init__(self, cluster_folder, config, number):
        """`number` counts from 1."""
        self.config, self.number, self.name = config, number, f"node{number}"
        self.folder = cluster_folder / self.name
        self.data = self.folder / "data"
        self.port = config["ports"][number - 1]
        self.rest_port = config["rest_ports"][number - 1]
        self.patroni = PidFile(self.folder / "patroni.pid")

    def write_config(self):
        make_folder(self.folder)
        rest = f"{HOST}:{self.rest_port}"
        roles = ("superuser", "replication", "rewind")
        initdb = [option.removeprefix("--").split("=", 1) for option in INITDB_OPTIONS]
        document = {
            "scope": "evento", "name": self.name,
            "restapi": {"listen": rest, "connect_address": rest},
            # Not "etcd3": with it, Patroni 3.0.2 renews the leader's key without checking who holds it, so that a
            # leader that was paused takes the lead back from its successor.
            "etcd": {"host": f"{HOST}:{self.config['etcd_port']}", "protocol": "http"},
            "bootstrap": {
                "dcs": {
                    "ttl": TTL, "loop_wait": LOOP_WAIT, "retry_timeout": RETRY_TIMEOUT,
                    "maximum_lag_on_failover": 64 << 20, "master_start_timeout": 10,
                    "synchronous_mode": self.config["is_synchronous"],
                    "postgresql": {"use_pg_rewind": True, "use_slots": True},
                },
                # Patroni names the superuser and the authentication itself.
                "initdb": [{name: value} for name, value in initdb if name not in ("username", "auth")],
            },
            "postgresql": {
                "listen": f"{HOST}:{self.port}", "connect_address": f"{HOST}:{self.port}",
                "data_dir": str(self.data), "bin_dir": str(program_folder()), "pgpass": str(self.folder / "pgpass"),
                "authentication": {role: {"username": "postgres", "sslmode": "disable"} for role in roles},
                "pg_hba": ["local all all trust", f"host all all {HOST}/32 trust",
                           f"host replication all {HOST}/32 trust"],
                "parameters": SETTINGS | {
                    "hot_standby": "on", "wal_log_hints": "on", "max_wal_senders": "20",
                    "max_replication_slots": "20", "wal_keep_size": "256MB", "wal_sender_timeout": "5s",
                    "wal_receiver_timeout": "5s", "wal_retrieve_retry_interval": "500ms",
                    "unix_socket_directories": socket_folder(self.folder)} | self.config["settings"],
                "basebackup": [{"checkpoint": "fast"}],
                "remove_data_directory_on_rewind_failure": True,
                "remove_data_directory_on_diverged_timelines": True,
            },
            "watchdog": {"mode": "off"},
        }
        # YAML includes JSON.
        write_file(self.folder / "patroni.yml", json.dumps(document, indent=1))

    def start(self):
        if self.patroni.pid:
            return
        # A server without its Patroni never stops leading.
        kill(self.pids)
        remove_lock_files(self.data, self.folder)
        self.patroni.write(spawn(["patroni", self.folder / "patroni.yml"], self.folder / "log"))

    def kill(self):
        # Stopped first, so that none reacts to the end of another.
        self.pause()
        kill(self.pids)

    def pause(self):
        """SIGSTOP. The kernel still answers: clients see silence, not an error."""
        # Twice, for what was forked meanwhile.
        for _ in range(2):
            signal_all(self.pids(), signal.SIGSTOP)

    def resume(self):
        signal_all(self.pids(), signal.SIGCONT)

    def pids(self):
        """Patroni comes first, so that it does not notice the pause of its server."""
        patroni = [self.patroni.pid] if self.patroni.pid else []
        return patroni + self._patroni_children() + postgres_pids(self.data)

    def _patroni_children(self):
        """Programs that Patroni runs for a while, such as pg_basebackup: each has this folder in its arguments."""
        folder, pids = str(self.folder).encode() + b"/", []
        for pid in running_processes():
            if pid in (os.getpid(), self.patroni.pid):
                continue
            with contextlib.suppress(OSError):
                program, _, arguments = Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")
                is_ours = folder in arguments and (b"pg_" in program or b"patroni" in arguments)
                if is_ours and process_status(pid) and os.stat(f"/proc/{pid}").st_uid == account().pw_uid:
                    pids.append(pid)
        return pids

    @property
    def state(self):
        """dead, paused, leader, replica, or what Patroni reports, such as starting."""
        if not self.pids():
            return "dead"
        patroni = process_status(self.patroni.pid) if self.patroni.pid else None
        if patroni and patroni[0] in "Tt":
            return "paused"
        status = self.status()
        if not status or status.get("state") != "running":
            return status["state"] if status else "starting"
        return "leader" if status["role"] in ("master", "primary") else status["role"]

    def status(self):
        """What Patroni reports of this node, or None."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.rest_port}/patroni", timeout=1.5) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            # The status is 503 if the server does not run; the body is the report nevertheless.
            with contextlib.suppress(ValueError):
                return json.load(error)
        except (OSError, ValueError):
            pass
        return None

    def post(self, path, body):
        """Asks Patroni for a change."""
        request = urllib.request.Request(f"http://{HOST}:{self.rest_port}{path}", json.dumps(body).encode())
        try:
            urllib.request.urlopen(request, timeout=60).close()
        except urllib.error.HTTPError as error:
            raise Failure(error.read().decode())
        except OSError as error:
            raise Failure(f"{self.name}: {error}")
