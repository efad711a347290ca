"""A PostgreSQL 15 server for a measurement, with Debian's defaults: fsync and synchronous_commit are on."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from .processes import Server, free_port

PROGRAMS = Path("/usr/lib/postgresql/15/bin")


class PostgreSQL(Server):
    """Has the role `evento` and, for each name that is asked for, a database of it."""

    def __init__(self, *settings: str):
        if not PROGRAMS.exists():
            raise SystemExit("PostgreSQL 15 is missing: apt-get install postgresql-15")
        as_user = []
        # On the disk of the checkout, but where the server's user may go.
        self.folder = Path(tempfile.mkdtemp(prefix="evento-postgresql-", dir="/var/tmp"))
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            user = pwd.getpwnam("postgres")
            shutil.chown(self.folder, user.pw_name)
            as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        data, port = self.folder / "data", free_port()
        self.reach = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
        subprocess.run(
            [*as_user, PROGRAMS / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--encoding=UTF8",
             "--locale=C.UTF-8"], check=True, cwd=self.folder, stdout=subprocess.DEVNULL)
        command = [*as_user, PROGRAMS / "postgres", "-D", data, "-p", str(port), "-k", self.folder]
        for setting in settings:
            command += ["-c", setting]
        super().__init__(command, port, folder=self.folder)
        while subprocess.run([PROGRAMS / "pg_isready", *self.reach], stdout=subprocess.DEVNULL).returncode != 0:
            time.sleep(0.1)  # it listens before it takes queries
        self.sql("CREATE ROLE evento LOGIN")

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        """An empty database."""
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.sql(f"CREATE DATABASE {name} OWNER evento")
        return f"postgresql://evento@127.0.0.1:{self.port}/{name}"

    def sql(self, text: str, database: str = "postgres", **options) -> str:
        done = subprocess.run(
            [PROGRAMS / "psql", *self.reach, "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", text, database], check=True,
            stdout=subprocess.PIPE, text=True, **options)
        return done.stdout

    def script(self, lines: str, database: str) -> float:
        """The seconds that psql takes for a script, its start included."""
        began = time.monotonic()
        subprocess.run(
            [PROGRAMS / "psql", *self.reach, "-Xq", "-v", "ON_ERROR_STOP=1", database], check=True, input=lines,
            stdout=subprocess.DEVNULL, text=True)
        return time.monotonic() - began

    def pgbench(self, script: str, clients: int, seconds: float, database: str) -> dict:
        path = self.folder / "script.sql"
        path.write_text(script)
        done = subprocess.run(
            [PROGRAMS / "pgbench", *self.reach, "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T",
             str(max(1, round(seconds))), "-f", path, database], check=True, stdout=subprocess.PIPE, text=True)
        return {"rate": float(re.search(r"tps = ([\d.]+)", done.stdout)[1])}
