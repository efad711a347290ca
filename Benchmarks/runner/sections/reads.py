"""Reads of a large store, server and driver on a core each; pages against a loop in C that writes the same JSON."""

import shutil
import subprocess
import time
import urllib.request

from .. import paths, store
from ..compare import Comparison, Target
from ..processes import Gateway, measured, tool

ABOUT = "pages of 100, single events, snapshots and a mixed load on a large store"
TOOLS = ["event-load", "sqlite-yardstick"]


def check_same_page(database, server) -> None:
    """The loop in C is a yardstick only while it writes what the gateway writes."""
    printed = subprocess.run(
        [paths.TOOLS / "sqlite-yardstick", "pages", "--database", database, "--by", "log", "--print", "0"],
        stdout=subprocess.PIPE, check=True).stdout
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/events?first=100") as answer:
        # The loop in C writes no line end after the JSON.
        if answer.read() != printed + b"\n":
            raise SystemExit("the page of sqlite-yardstick is not that of the gateway")


def comparisons(settings):
    database, folder = store.prepared(settings.events)
    with Gateway(database) as server:
        check_same_page(database, server)

    def gateway(mode, connections, *options, on=database, serve=()):
        with Gateway(on, *serve, core=0) as server:
            return measured(server, mode, *settings.timed(connections), *options, core=1)

    def mixed():
        """On a copy, since it would make the store larger with each run."""
        copy = shutil.copy(database, paths.fresh_folder("mixed") / "store.sqlite")
        return gateway(
            "mixed", 64, "--paths", folder / "by-position", "--prefix", f"mixed{time.time_ns()}", on=copy)

    def loop(by):
        result = tool(
            "sqlite-yardstick", "pages", "--database", database, "--by", by, "--seconds", settings.seconds, core=0)
        result["cpu_us"] = result["cpu_us_per_page"]
        return {name: value for name, value in result.items() if name != "events_rate"}

    for name, by in [("log position", "log"), ("aggregate", "aggregate")]:
        targets = folder / ("by-position" if by == "log" else "by-aggregate")
        yield Comparison(
            f"Pages of 100 events by {name}, {settings.events} events", {
                "gateway, 8 connections": lambda: gateway("get", 8, "--paths", targets),
                # What the setting is worth; the target is for what is there without it.
                "gateway, file mapped": lambda: gateway(
                    "get", 8, "--paths", targets, serve=("--memory-map-bytes", 2 << 30)),
                "loop in C": lambda: loop(by),
            }, [
                Target("gateway, 8 connections", "loop in C", at_least=0.75),
                # By processor time: what the network costs counts on the gateway's side here too.
                Target("gateway, 8 connections", "loop in C", figure="cpu_us"),
            ])
    cursor = (folder / "cursors").read_text().split()[0]
    yield Comparison(
        "Single events, snapshots and a mixed load, 64 connections", {
            "GET /events/{id}": lambda: gateway("get", 64, "--paths", folder / "by-id"),
            "PUT /snapshots": lambda: gateway("snapshot", 64, "--path", cursor),
            "GET /snapshots": lambda: gateway("get", 64, "--path", "/snapshots/bank%2FAccount/1/a-000"),
            "pages of 100 with 10 % writes": mixed,
        })
