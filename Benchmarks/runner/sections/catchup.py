"""Reading a whole log: streams and pages with a reader that only counts, clients in Swift, and what else reads logs.

Rates include the reader, which has its share of the machine. Processor times are per event.
"""

import json
import re
import resource
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from .. import paths, store
from ..compare import Comparison, Target
from ..database import PROGRAMS, PostgreSQL
from ..processes import Gateway, Server, free_port, measured, tool
from .peers import environment
from .postgresql import empty_store

ABOUT = "reading all of a log, against UmaDB, psql and a loop in C (installs from PyPI; postgresql-15 by apt)"
TOOLS = ["catch-up-benchmark", "event-read", "sqlite-yardstick"]
FORMS = {
    "NDJSON": ("--form", "ndjson"),
    "SSE": ("--form", "sse"),
    "pages of 1000": ("--form", "pages", "--first", 1000),
    "pages of 100": ("--form", "pages", "--first", 100),
}
# With the reader's time to decompress them.
COMPRESSED = {f"{name}, gzip": (*FORMS[name], "--gzip") for name in ("NDJSON", "pages of 1000")}
COPY = (
    "COPY (SELECT id, position, commit_id, aggregate, version, lane, timestamp, is_json, metadata, data FROM event "
    "ORDER BY position) TO STDOUT")
TYPED = 200_000
# How many times as much the same read may take, if the log is ten times as long.
AT_MOST = 1.3


def comparisons(settings):
    events = min(settings.events, 200_000) if settings.short else settings.events
    if settings.growth:
        yield from growth(events, settings)
        return
    database, _ = store.to_catch_up(events)
    check_same_lines(database)
    yield from one_reader(database, events)
    yield from eight_readers(database, events, settings)
    yield from programs(database, events, settings)


def with_cpu(server: Server, measure) -> dict:
    """A measurement, with what the server used for it, per event."""
    before = server.cpu_seconds()
    result = measure()
    result["cpu_us"] = (server.cpu_seconds() - before) * 1e6 / result["events"]
    result["total_cpu_us"] = result["cpu_us"] + result["reader_cpu_us"]
    result["resident_bytes"] = server.resident_bytes()
    return result


def read(server: Server, events: int, *options, core: int | None = None) -> dict:
    return with_cpu(
        server, lambda: tool("event-read", "--port", server.port, "--events", events, *options, core=core))


class Loop(Server):
    """The loop in C: it sends the log to each connection."""

    def __init__(self, database):
        port = free_port()
        super().__init__([paths.TOOLS / "sqlite-yardstick", "lines", "--database", database, "--port", port], port)


def check_same_lines(database) -> None:
    """The loop in C is a yardstick only while it sends what the gateway sends."""
    def lines(server, path):
        request = urllib.request.Request(
            f"http://127.0.0.1:{server.port}{path}", headers={"Accept": "application/x-ndjson"})
        with urllib.request.urlopen(request) as response:
            return [response.readline() for _ in range(1000)]

    with Gateway(database) as gateway, Loop(database) as loop:
        if lines(gateway, "/events/stream") != lines(loop, "/"):
            raise SystemExit("the lines of sqlite-yardstick are not those of the gateway")


def one_reader(database, events: int):
    def gateway(*options):
        with Gateway(database) as server:
            return read(server, events, *options)

    def loop():
        with Loop(database) as server:
            return read(server, events)

    contestants = {name: (lambda options=options: gateway(*options)) for name, options in (FORMS | COMPRESSED).items()}
    with PostgreSQL() as server, UmaDB(events) as peer:
        fill(server, events)
        contestants |= {
            "UmaDB": peer.read, "psql, COPY": lambda: with_cpu(server, lambda: copied(server, events)),
            "loop in C": loop}
        yield Comparison(
            f"Reading all of {events} events, one reader", contestants, [
                Target("NDJSON", "UmaDB", at_least=1.5, figure="events_rate"),
                Target("NDJSON", "loop in C", at_least=0.6, figure="events_rate"),
                Target("NDJSON", "pages of 1000", at_most=1.1, figure="cpu_us"),
                Target("NDJSON", "psql, COPY", figure="events_rate"),
                # Of the server and its reader, which does not depend on what else the machine does.
                *(Target("NDJSON", name, figure="total_cpu_us") for name in ("UmaDB", "loop in C", "psql, COPY")),
            ])


def fill(server: PostgreSQL, events: int) -> None:
    """Rows of a store, without the gateway's checks."""
    payload = json.dumps(store.deposit("")["data"], separators=(",", ":"))
    server.sql(
        f"""INSERT INTO event (
          position, commit_id, aggregate, version, timestamp, id, type, kind, lane, routing_key, is_late_kind,
          is_late_lane, is_json, aggregate_key, data, checksum)
        SELECT n, 1, n % {events // 10}, n / {events // 10} + 1, 1795599885407, gen_random_uuid(), 1, 1, 1, 0, false,
          false, true, 'a-' || n % {events // 10}, convert_to('{payload}', 'UTF8'), 0
        FROM generate_series(1, {events}) AS n""", empty_store(server))
    server.sql("VACUUM ANALYZE event", "yardstick")


class UmaDB(Server):
    """UmaDB with as many events, which are kept for the next run."""

    def __init__(self, events: int):
        self.programs = environment()
        folder, port = paths.WORK / f"umadb-{events}", free_port()
        is_filled = (folder / "complete").exists()
        if not is_filled:
            paths.fresh_folder(folder.name)
        super().__init__(
            [self.programs / "umadb", "--listen", f"127.0.0.1:{port}", "--db-path", folder / "events.uma"], port,
            folder=folder)
        if not is_filled:
            self._client("fill", events)
            (folder / "complete").touch()

    def read(self) -> dict:
        return with_cpu(self, lambda: json.loads(self._client("read")))

    def _client(self, *arguments) -> bytes:
        script = paths.BENCHMARKS / "Peers" / "umadb_reader.py"
        command = [str(part) for part in (self.programs / "python", script, self.port, *arguments)]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def copied(server: PostgreSQL, events: int) -> dict:
    def used():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    began, before = time.monotonic(), used()
    subprocess.run(
        [PROGRAMS / "psql", *server.reach, "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", COPY, "yardstick"], check=True,
        stdout=subprocess.DEVNULL)
    return {"events": events, "events_rate": events / (time.monotonic() - began),
            "reader_cpu_us": (used() - before) * 1e6 / events}


def eight_readers(database, events: int, settings):
    def gateway(*options):
        with Gateway(database, core=0) as server:
            return read(server, events, "--connections", 8, *options, core=1)

    def loop():
        result = tool(
            "sqlite-yardstick", "pages", "--database", database, "--by", "log", "--seconds", settings.seconds, core=0)
        result["cpu_us"] = result.pop("cpu_us_per_page") / 100
        del result["rate"]
        return result

    yield Comparison(
        f"Reading all of {events} events, eight readers, the server on one core", {
            **{name: (lambda options=options: gateway(*options)) for name, options in (FORMS | COMPRESSED).items()},
            "loop in C, pages of 100, not sent": loop,
        }, [
            Target("pages of 100", "loop in C, pages of 100, not sent", at_least=0.75, figure="events_rate"),
            Target("pages of 100", "loop in C, pages of 100, not sent", figure="cpu_us"),
        ])


def programs(database, events: int, settings):
    """Programs in Swift. A rate is that of the program with its gateway."""
    builds = {"": (paths.TOOLS, paths.gateway())}
    if settings.before:
        benchmarks = Path(settings.before) / "Benchmarks"
        builds[", before"] = (benchmarks / ".build" / "release", benchmarks / ".build-gateway/release/evento-gateway")

    def run(folder, mode, *arguments):
        command = [folder / "catch-up-benchmark", mode, *arguments]
        done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)

    def embedded(build, mode, *arguments):
        return run(build[0], mode, database, *arguments)

    def remote(build, mode, *arguments):
        with Gateway(database, program=build[1]) as server:
            return with_cpu(server, lambda: run(build[0], mode, f"http://127.0.0.1:{server.port}", *arguments))

    def lines():
        with Gateway(database) as server:
            return read(server, events)

    modes = {
        "follow": ("follow", events),
        "pages of 1000 in a loop": ("pages", events),
        "projection": ("projection", 10 * store.LONG_EVENTS, store.LONG),
        "projection without handlers": ("projection-skip", 10 * store.LONG_EVENTS, store.LONG),
        "subscription": ("subscription", events - store.audits(events)),
    }
    contestants, targets = {"raw line counter": lines}, []
    for name, arguments in modes.items():
        for where, how in {"embedded": embedded, "HTTPExecutor": remote}.items():
            for suffix, build in builds.items():
                contestants[f"{name}, {where}{suffix}"] = (
                    lambda how=how, build=build, arguments=arguments: how(build, *arguments))
            if settings.before:
                at_least = 5 if name in ("projection", "subscription") else None
                targets.append(Target(
                    f"{name}, {where}", f"{name}, {where}, before", at_least=at_least, figure="events_rate"))
    targets.append(
        Target("follow, HTTPExecutor", "raw line counter", at_least=0.5, figure="events_rate"))
    yield Comparison(f"Programs in Swift, {events} events", contestants, targets)
    yield Comparison(
        "Decoding a payload of 190 bytes", {
            "JSONCoder": lambda: run(paths.TOOLS, "decode", TYPED),
            "Foundation": lambda: run(paths.TOOLS, "decode-foundation", TYPED),
        }, [Target("JSONCoder", "Foundation", at_least=5, figure="events_rate")])


# The events that one measurement reads; and those that are read where instructions are counted, which is slow.
READ, COUNTED = 200_000, 10_000


def growth(events: int, settings):
    """The same reads of a store and of one with ten times as many events."""
    with tempfile.TemporaryDirectory(prefix="catchup-", dir=paths.WORK) as folder:
        stores = {
            events: store.to_catch_up(events), 10 * events: store.to_catch_up(10 * events, Path(folder) / "large")}
        few = store.audits(events)
        cases = {
            "from the beginning": (lambda size: "", min(READ, events // 3)),
            "from the middle": (
                lambda size: "after=" + (stores[size][1] / "middle").read_text(), min(READ, events // 3)),
            "a type that is 1 % of the log": (lambda size: "aggregator_type=bank/Audit", few),
        }

        def followed(size, query, count):
            with Gateway(stores[size][0]) as server:
                return read(server, count, "--query", query(size))

        def pages(size):
            with Gateway(stores[size][0]) as server:
                return measured(server, "get", *settings.timed(8), "--paths", stores[size][1] / "by-aggregate")

        def counted(size, query, count):
            return instructions(
                stores[size][0], min(count, COUNTED), "event-read", "--query", query(size), "--events")

        def counted_pages(size):
            return instructions(
                stores[size][0], COUNTED // 10, "event-load", "get", "--warm-up", 0, "--paths",
                stores[size][1] / "by-aggregate", "--count")

        def both(title, measure, targets):
            small, large = (f"{title}, {size} events" for size in stores)
            return Comparison(
                title, {small: lambda: measure(events), large: lambda: measure(10 * events)},
                [Target(large, small, **target) for target in targets])

        for title, (query, count) in cases.items():
            yield both(
                f"Following {title}", lambda size, query=query, count=count: followed(size, query, count),
                [{"figure": "events_rate", "at_least": 1 / AT_MOST}, {"figure": "cpu_us"}])
        one = "Pages of one of many aggregates"
        yield both(one, pages, [{"figure": "rate", "at_least": 1 / AT_MOST}, {"figure": "cpu_us"}])
        if shutil.which("valgrind"):
            for title, (query, count) in cases.items():
                yield both(
                    f"Instructions, following {title}",
                    lambda size, query=query, count=count: counted(size, query, count),
                    [{"figure": "instructions", "at_most": AT_MOST}])
            yield both(f"Instructions, {one.lower()}", counted_pages, [{"figure": "instructions", "at_most": AT_MOST}])


def instructions(database, count: int, *options) -> dict:
    """What the gateway takes for an event or a request, by the difference between few and many: its start and end are
    in both. The count does not depend on what else the machine does."""
    # Valgrind's reader fails at the debug information of Swift.
    program = paths.WORK / "counted-gateway"
    subprocess.run(["objcopy", "--strip-debug", paths.gateway(), program], check=True)

    def total(count: int) -> int:
        port = free_port()
        log = paths.WORK / "callgrind.log"
        command = [
            "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log}", program, "serve",
            "--database", database, "--port", port, "--log-level", "error"]
        with Server(command, port, patience=300):
            tool(options[0], "--port", port, *options[1:], count)
        return int(re.search(r"Collected : (\d+)", log.read_text())[1])

    return {"instructions": round((total(count) - total(count // 10)) / (count - count // 10))}
