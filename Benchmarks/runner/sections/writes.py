"""POST /events against SQLite in C with the gateway's own schema and pragmas, each on a new database."""

import shutil
from pathlib import Path

from .. import paths
from ..compare import Comparison, Target
from ..processes import Gateway, measured, tool

ABOUT = "durable writes of 1, 100 and 1000 events and refused ones, against SQLite in C"
TOOLS = ["event-load", "sqlite-yardstick"]


def empty_database() -> Path:
    """A database as the gateway makes it."""
    database = paths.fresh_folder("empty") / "empty.sqlite"
    Gateway(database).stop()
    return database


def comparisons(settings):
    empty = empty_database()

    def gateway(mode, connections, *options):
        folder = paths.fresh_folder("writes")
        with Gateway(folder / "store.sqlite") as server:
            return measured(server, mode, *settings.timed(connections), *options)

    def sqlite(per_commit):
        database = paths.fresh_folder("writes") / "store.sqlite"
        shutil.copy(empty, database)
        result = tool(
            "sqlite-yardstick", "writes", "--database", database, "--per-commit", per_commit,
            "--seconds", settings.seconds)
        return result | {"cpu_us": result["cpu_us_per_event"] * per_commit}

    raw = {f"SQLite in C, {n} a commit": (lambda n=n: sqlite(n)) for n in (1, 64, 1000)}
    one, many, thousand = raw
    yield Comparison(
        "Single-event POST", {
            "gateway, 1 connection": lambda: gateway("write", 1),
            "gateway, 8 connections": lambda: gateway("write", 8),
            "gateway, 64 connections": lambda: gateway("write", 64),
            "gateway, 256 connections": lambda: gateway("write", 256),
            one: raw[one], many: raw[many],
        }, [
            Target("gateway, 1 connection", one, at_least=0.85, figure="events_rate"),
            Target("gateway, 64 connections", one, at_least=7, figure="events_rate"),
            Target("gateway, 64 connections", many, at_least=0.8, figure="events_rate"),
        ])
    yield Comparison(
        "Writes of 100 and 1000 events of one request", {
            "gateway, 100 events, 8 connections": lambda: gateway("write", 8, "--events", 100),
            "gateway, 1000 events, 1 connection": lambda: gateway("write", 1, "--events", 1000),
            "gateway, 1000 events, 4 connections": lambda: gateway("write", 4, "--events", 1000),
            thousand: raw[thousand],
        }, [
            Target("gateway, 1000 events, 4 connections", thousand, at_least=0.85, figure="events_rate"),
            Target("gateway, 1000 events, 1 connection", thousand, figure="events_rate"),
        ])
    yield Comparison(
        "Conflicting writes", {"gateway, 64 connections": lambda: gateway("conflict", 64)})
