"""A single PostgreSQL server in a folder of its own."""

import contextlib
import json
import shutil
import signal
from pathlib import Path

from .processes import (
    HOST, Failure, PidFile, free_ports, kill, last_lines, locked, make_folder, postgres_pids, process_status,
    program_folder, psql, require, require_writable, run, signal_all, socket_folder, spawn, wait_until, write_file)
from .settings import INITDB_OPTIONS, NAME, SETTINGS


class Server:
    """A server whose state is all in its folder: any process can stop it, kill it and start it again."""

    def __init__(self, folder):
        self.folder = Path(folder).absolute()
        # More environment variables of the server.
        self.variables = {}
        self.data = self.folder / "data"
        self.postgres = PidFile(self.folder / "pid")

    @property
    def config(self):
        try:
            return json.loads((self.folder / "server.json").read_text())
        except OSError:
            raise Failure(f"There is no server in {self.folder}.")

    @property
    def url(self):
        return self.config["url"]

    def create(self, settings=None, password=None, has_tls=False):
        """Makes the data directory.

        With a password, the role of the URL must give it. With TLS, that role must encrypt, and the certificate of
        the authority is in `ca.pem`. The superuser `postgres` needs neither.
        """
        require("initdb", "postgres", "psql")
        make_folder(self.folder)
        require_writable(self.folder)
        port = free_ports(1)[0]
        run("initdb", "--no-sync", "-D", self.data, *INITDB_OPTIONS)
        all_settings = SETTINGS | {
            "listen_addresses": HOST, "port": str(port), "unix_socket_directories": socket_folder(self.folder)}
        if has_tls:
            all_settings |= {"ssl": "on"}
            self._make_certificate()
        all_settings |= settings or {}
        with open(self.data / "postgresql.auto.conf", "a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in all_settings.items())
        kind, method = "hostssl" if has_tls else "host", "scram-sha-256" if password else "trust"
        (self.data / "pg_hba.conf").write_text(
            f"local all postgres trust\nhost all postgres {HOST}/32 trust\n{kind} all all {HOST}/32 {method}\n")
        write_file(self.folder / "server.json", json.dumps(
            {"port": port, "password": password, "url": f"postgresql://{NAME}@{HOST}:{port}/{NAME}"}))

    def _make_certificate(self):
        """Makes an authority, and a certificate for localhost that the authority has signed."""
        authority, key, request = self.folder / "ca.pem", self.data / "server.key", self.folder / "server.csr"
        extensions = self.folder / "server.ext"
        write_file(extensions, f"subjectAltName = DNS:localhost, IP:{HOST}\n")
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        run("openssl", "req", "-x509", *new_key, "-days", "30", "-subj", "/CN=evento tests", "-keyout",
            self.folder / "ca.key", "-out", authority)
        run("openssl", "req", *new_key, "-subj", "/CN=localhost", "-keyout", key, "-out", request)
        run("openssl", "x509", "-req", "-in", request, "-days", "30", "-CA", authority, "-CAkey",
            self.folder / "ca.key", "-CAcreateserial", "-extfile", extensions, "-out", self.data / "server.crt")

    def start(self):
        """Starts the server, also after a kill, and returns when it answers."""
        config = self.config
        with locked(self.folder):
            if postgres_pids(self.data):
                return
            remove_lock_files(self.data, self.folder)
            log = self.folder / "log"
            self.postgres.write(spawn([program_folder() / "postgres", "-D", self.data], log, variables=self.variables))
            wait_until(lambda: not self.postgres.pid or psql(config["port"], "SELECT 1", check=False), 60,
                       "The server's start", 0.02)
            if not self.postgres.pid:
                raise Failure(f"The server ended at its start:\n{last_lines(log)}")
            create_database(config["port"], config["password"])

    def stop(self):
        """A fast shutdown; a kill if that takes too long."""
        with locked(self.folder):
            if pid := self.postgres.pid:
                signal_all([pid], signal.SIGINT)
                with contextlib.suppress(Failure):
                    wait_until(lambda: process_status(pid) is None, 10, "The server's end", 0.02)
            kill(lambda: postgres_pids(self.data))

    def kill(self):
        with locked(self.folder):
            kill(lambda: postgres_pids(self.data))

    def remove(self):
        kill(lambda: postgres_pids(self.data))
        shutil.rmtree(self.folder)


def remove_lock_files(data, folder):
    """Removes what a killed server leaves. PostgreSQL takes a zombie, or another process that has the id by now, for
    the server that wrote the file."""
    for path in [data / "postmaster.pid", *folder.glob(".s.PGSQL.*")]:
        path.unlink(missing_ok=True)


def create_database(port, password=None):
    """Creates the role and the database that the URLs name, unless they exist."""
    if psql(port, f"SELECT 1 FROM pg_roles WHERE rolname = '{NAME}'") != "1":
        psql(port, f"CREATE ROLE {NAME} LOGIN" + (f" PASSWORD '{password}'" if password else ""))
    if psql(port, f"SELECT 1 FROM pg_database WHERE datname = '{NAME}'") != "1":
        psql(port, f"CREATE DATABASE {NAME} OWNER {NAME}")
