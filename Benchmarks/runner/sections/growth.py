"""What a hundred times as many events cost: writes, pages, start-up and room on the disk."""

import os
import re
import shutil
import subprocess
import time

from .. import paths, store
from ..compare import Comparison, Target
from ..processes import Gateway, measured

ABOUT = "writes, pages, start-up and disk with 100,000 events against 10,000,000 (makes that store: minutes, 4 GB)"
TOOLS = ["event-load", "store-benchmark"]
SMALL, LARGE = 100_000, 10_000_000
AT_MOST = 1.3


def instructions(mode: str, database, folder) -> dict:
    """What one operation takes, by the difference between a few and many: what begins and ends is in both, and only
    what caches have taken in meanwhile is let go by the many alone."""
    program = paths.WORK / "store-benchmark"
    # Valgrind's reader fails at the debug information of Swift.
    subprocess.run(["objcopy", "--strip-debug", paths.TOOLS / "store-benchmark", program], check=True)
    places = []
    if mode.startswith("page"):
        lines = (folder / f"by-{mode.removeprefix('page-by-')}").read_text().split()[:300]
        places = [line.rsplit("=", 1)[1] for line in lines]

    def count(operations: int) -> int:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, mode, database, str(operations),
             *places], stderr=subprocess.PIPE, text=True, check=True)
        return int(re.search(r"Collected : (\d+)", done.stderr)[1])

    return {"instructions": round((count(350) - count(50)) / 300)}


def comparisons(settings):
    stores = {events: store.prepared(events) for events in (SMALL, LARGE)}

    def gateway(database, mode, connections, *options):
        with Gateway(database, core=0) as server:
            return measured(server, mode, *settings.timed(connections), *options, core=1)

    def to_write(events):
        """A copy of the small store, which would be large after some runs; to copy the large one takes long."""
        database = stores[events][0]
        return shutil.copy(database, paths.fresh_folder("growth") / "store.sqlite") if events == SMALL else database

    def write(events, *options):
        return gateway(to_write(events), "write", 8, "--prefix", f"growth{time.time_ns()}", *options)

    def read(events, by):
        database, folder = stores[events]
        return gateway(database, "get", 8, "--paths", folder / f"by-{by}")

    def count(events, mode):
        database, folder = stores[events]
        return instructions(mode, database if mode.startswith("page") else to_write(events), folder)

    def start(events):
        database = stores[events][0]
        with Gateway(database) as server:
            return {"start_ms": server.start_seconds * 1e3, "start_limit_ms": 200,
                    "resident_bytes": server.resident_bytes(), "disk_bytes": os.path.getsize(database) / events}

    def names(what):
        return f"{what}, {SMALL} events", f"{what}, {LARGE} events"

    def both(title, measure):
        small, large = names(title)
        return Comparison(
            title, {small: lambda: measure(SMALL), large: lambda: measure(LARGE)}, [
                Target(large, small, at_most=AT_MOST, figure="cpu_us"),
                Target(large, small, at_most=AT_MOST, figure="p50_us"),
            ])

    yield both("Single-event POST", write)
    yield both("POST of 100 events", lambda events: write(events, "--events", 100))
    for by in ("position", "aggregate"):
        yield both(f"Pages of 100 by {by}", lambda events, by=by: read(events, by))
    if shutil.which("valgrind"):
        for mode in ("write", "write-100", "page-by-position", "page-by-aggregate"):
            small, large = names(f"{mode}, instructions")
            yield Comparison(
                f"Instructions, {mode}, embedded store", {
                    small: lambda mode=mode: count(SMALL, mode),
                    large: lambda mode=mode: count(LARGE, mode),
                }, [Target(large, small, at_most=AT_MOST, figure="instructions")])
    small, large = names("start")
    yield Comparison(
        "Start-up", {small: lambda: start(SMALL), large: lambda: start(LARGE)},
        [Target(large, large, at_most=1, figure="start_ms", against="start_limit_ms"),
         Target(large, small, figure="disk_bytes")])
