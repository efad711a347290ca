"""Gateways on PostgreSQL, against what the same server does alone: pgbench, COPY and psql on the tables of a store.

The server, the gateways and the driver share this machine, so a ratio shows what the gateway adds.
"""

import concurrent.futures
import http.client
import time
import urllib.request
import uuid

from .. import paths
from ..compare import Comparison, Target
from ..database import PostgreSQL
from ..processes import Gateway, load, measured, tool

ABOUT = "a store in PostgreSQL 15 (by apt), against pgbench, COPY and psql on the same server"
TOOLS = ["event-follow", "event-load"]
PAYLOAD = '{"text":"' + "x" * 180 + '"}'

# An event as the gateway stores it, without any check. Its ids and positions are its own.
INSERT = f"""
\\set aggregate random(1, 1000000)
INSERT INTO event (
  position, commit_id, aggregate, version, timestamp, id, type, kind, lane, routing_key, is_late_kind, is_late_lane,
  is_json, aggregate_key, data, checksum)
VALUES (nextval('unchecked'), 1, :aggregate, 1, 1795599885407, gen_random_uuid(), 1, 1, 1, 0, false, false, true,
  'a-000-' || lpad(:aggregate::text, 9, '0'),
  convert_to('{PAYLOAD}', 'UTF8'), 0);
"""


def comparisons(settings):
    with PostgreSQL() as server:
        yield from writes(server, settings)
        yield from gateways(server, settings)
        yield from reads(server, settings)
        yield from followers(server, settings)


def empty_store(server: PostgreSQL) -> str:
    """A database with the tables of a store, and a sequence for rows that no gateway writes."""
    url = server.url("yardstick")
    Gateway(url).stop()
    server.sql("CREATE SEQUENCE unchecked CACHE 100", "yardstick")
    return "yardstick"


def writes(server: PostgreSQL, settings):
    def gateway(connections, *options):
        with Gateway(server.url("store")) as gateway:
            return measured(gateway, "write", *settings.timed(connections), *options)

    def inserts(clients):
        return server.pgbench(INSERT, clients, settings.seconds, empty_store(server))

    many, one = "gateway, 64 connections", "gateway, 1 connection"
    yield Comparison(
        "Single-event POST, against one unchecked INSERT a transaction", {
            many: lambda: gateway(64), "pgbench, 64 clients": lambda: inserts(64),
            one: lambda: gateway(1), "pgbench, 1 client": lambda: inserts(1),
        }, [
            Target(many, "pgbench, 64 clients", at_least=1.3),
            Target(one, "pgbench, 1 client", at_least=0.6),
        ])

    def copies():
        """A thousand rows a COPY, each of them a transaction."""
        database, rows, count = empty_store(server), 1000, 0
        columns = (
            "position, commit_id, aggregate, version, timestamp, id, type, kind, lane, routing_key, is_late_kind, "
            "is_late_lane, is_json, aggregate_key, metadata, data, checksum")
        data = "\\\\x" + PAYLOAD.encode().hex()
        lines = []
        for start in range(1, 100 * rows, rows):
            lines.append(f"COPY event ({columns}) FROM STDIN;")
            lines += (
                f"{n}\t1\t{n}\t1\t1795599885407\t{uuid.uuid4()}\t1\t1\t1\t0\tf\tf\tt\ta-000-{n:09}\t\\N\t{data}\t0"
                for n in range(start, start + rows))
            lines.append("\\.")
            count += rows
        return {"events_rate": count / server.script("\n".join(lines) + "\n", database)}

    thousand = "gateway, 1000 events, 4 connections"
    yield Comparison(
        "Writes of 1000 events of one request, against COPY of 1000 rows", {
            thousand: lambda: gateway(4, "--events", 1000), "COPY": copies,
        }, [Target(thousand, "COPY", at_least=0.6, figure="events_rate")])


def gateways(server: PostgreSQL, settings):
    def several(count):
        """The same 64 connections, spread over several gateways."""
        url = server.url("store")
        opened = [Gateway(url) for _ in range(count)]
        try:
            with concurrent.futures.ThreadPoolExecutor(count) as pool:
                results = list(pool.map(
                    lambda pair: load(
                        "write", pair[1].port, *settings.timed(64 // count), "--prefix", f"g{pair[0]}-"),
                    enumerate(opened)))
        finally:
            for gateway in opened:
                gateway.stop()
        return {
            "rate": sum(result["rate"] for result in results),
            "p50_us": max(result["p50_us"] for result in results),
            "p99_us": max(result["p99_us"] for result in results)}

    names = {count: f"{count} gateway{'s' if count > 1 else ''}" for count in (1, 2, 4)}
    yield Comparison(
        "Single-event POST through several gateways, 64 connections in all",
        {name: (lambda count=count: several(count)) for count, name in names.items()},
        [Target(names[count], names[1], at_least=1) for count in (2, 4)]
        + [Target(names[count], names[1], at_most=3, figure="p99_us") for count in (2, 4)])


def reads(server: PostgreSQL, settings):
    url = server.url("large")
    events = min(settings.events, 200_000) if settings.short else settings.events
    with Gateway(url) as gateway:
        load("write", gateway.port, "--connections", 4, "--events", 1000, "--count", events // 1000, "--warm-up", 0)
    server.sql("VACUUM ANALYZE event", "large")
    columns = "id, position, commit_id, aggregate, version, lane, timestamp, is_json, aggregate_key, metadata, data"

    def pages():
        with Gateway(url) as gateway:
            targets = paths.fresh_folder("pages") / "targets"
            cursors = []
            end = None
            while len(cursors) < 500:
                query = "first=1000" + (f"&after={end}" if end else "")
                with urllib.request.urlopen(f"http://127.0.0.1:{gateway.port}/events?{query}") as response:
                    text = response.read()
                page_end = text[text.rindex(b'"end_cursor":"') + 14:].split(b'"')[0].decode()
                if b'"has_next_page":false' in text:
                    break
                end = page_end
                cursors.append(end)
            targets.write_text("".join(f"/events?first=100&after={cursor}\n" for cursor in cursors[:-1]))
            return measured(gateway, "get", *settings.timed(1), "--paths", targets)

    def copied_pages():
        count = 2000
        step = max(1, (events - 100) // count)
        lines = "".join(
            f"COPY (SELECT {columns} FROM event WHERE position > {n * step} ORDER BY position LIMIT 100) TO STDOUT;\n"
            for n in range(count))
        return {"rate": count / server.script(lines, "large")}

    yield Comparison(
        f"Pages of 100 events by log position, {events} events, one reader", {
            "gateway": pages, "psql, COPY TO STDOUT": copied_pages,
        }, [Target("gateway", "psql, COPY TO STDOUT", at_least=0.6)])

    def catch_up():
        with Gateway(url) as gateway:
            began, after, count = time.monotonic(), None, 0
            connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
            while True:
                connection.request("GET", "/events?first=1000" + (f"&after={after}" if after else ""))
                text = connection.getresponse().read()
                after = text[text.rindex(b'"end_cursor":"') + 14:].split(b'"')[0].decode()
                count += 1000
                if b'"has_next_page":false' in text[-300:]:
                    break
            return {"events_rate": count / (time.monotonic() - began)}

    def copied_log():
        seconds = server.script(f"COPY (SELECT {columns} FROM event ORDER BY position) TO STDOUT;\n", "large")
        return {"events_rate": events / seconds}

    yield Comparison(
        f"Reading all of {events} events", {"gateway, pages of 1000": catch_up, "psql, COPY TO STDOUT": copied_log},
        [Target("gateway, pages of 1000", "psql, COPY TO STDOUT", at_least=0.6, figure="events_rate")])


def followers(server: PostgreSQL, settings):
    def follow(followers, writes):
        url = server.url("store")
        with Gateway(url) as gateway, Gateway(url) as other:
            return tool(
                "event-follow", "--port", gateway.port, "--write-port", other.port, "--followers", followers,
                "--writes", writes, "--seconds", settings.seconds) | {"p50_limit_us": 3000, "p99_limit_us": 15_000}

    one, thousand = "1 follower, 500 writes/s", "1000 followers, 50 writes/s"
    yield Comparison(
        "From sending a write to one gateway to its receipt from another", {
            one: lambda: follow(1, 500), thousand: lambda: follow(1000, 50),
        }, [
            Target(one, one, at_most=1, figure="p50_us", against="p50_limit_us"),
            Target(one, one, at_most=1, figure="p99_us", against="p99_limit_us"),
        ])
