"""Followers of the log: from a write to its receipt, and what a thousand followers cost."""

import json
import subprocess
import time

from .. import paths
from ..compare import Comparison, Target
from ..processes import Gateway, load, tool

ABOUT = "followers: from a write to its receipt; what 1000 of them cost in memory and in writes"
TOOLS = ["event-follow", "event-load", "subscription-benchmark"]
LIMITS = {"p50_limit_us": 2000, "p99_limit_us": 10000}
# Of events that nobody writes here: such a follower costs what it costs to be there.
ELSEWHERE = "/events/stream?after=now&aggregator_type=elsewhere"
# Of more events than can be sent so often: what matters is what that does to writes.
ALL = "/events/stream?after=now"
# Written for a subscription, one after the other.
EVENTS = 200
# Of those alone that event-follow writes itself.
FOLLOWED = "/events/stream?after=now&aggregator_type=bank%2FFollowed"


def comparisons(settings):
    def follow(followers, writes):
        with Gateway(paths.fresh_folder("streams") / "store.sqlite") as server:
            before = server.cpu_seconds()
            result = tool(
                "event-follow", "--port", server.port, "--followers", followers, "--writes", writes,
                "--seconds", settings.seconds)
            result["resident_bytes"] = server.resident_bytes()
            result["server_cpu_seconds"] = server.cpu_seconds() - before
            return result | LIMITS

    hundred = "100 followers, 500 writes/s"
    yield Comparison(
        "From sending a write to its receipt by each follower", {
            hundred: lambda: follow(100, 500),
            "1 follower, 500 writes/s": lambda: follow(1, 500),
            "1000 followers, 50 writes/s": lambda: follow(1000, 50),
        }, [
            Target(hundred, hundred, at_most=1, figure="p50_us", against="p50_limit_us"),
            Target(hundred, hundred, at_most=1, figure="p99_us", against="p99_limit_us"),
        ])

    def elsewhere():
        """Followers of one gateway, writes through another on the same database file."""
        database = paths.fresh_folder("streams") / "store.sqlite"
        with Gateway(database) as server, Gateway(database) as other:
            return tool(
                "event-follow", "--port", server.port, "--write-port", other.port, "--followers", 1, "--writes", 17,
                "--seconds", settings.seconds) | {"notice_limit_us": 100_000}

    two = "1 follower, 17 writes/s through another process"
    yield Comparison(
        "The same, of commits by another process", {two: elsewhere},
        [Target(two, two, at_most=1, figure="p99_us", against="notice_limit_us")])

    def subscription(over_http):
        database = paths.fresh_folder("streams") / "store.sqlite"
        limit = {"p50_limit_us": 10_000}
        if not over_http:
            return tool("subscription-benchmark", database, EVENTS) | limit
        with Gateway(database) as server:
            return tool("subscription-benchmark", f"http://127.0.0.1:{server.port}", EVENTS) | limit

    embedded, remote = "embedded store", "HTTPExecutor"
    yield Comparison(
        "From writing an event to the handler of a Subscription", {
            embedded: lambda: subscription(False),
            remote: lambda: subscription(True),
        }, [Target(name, name, at_most=1, figure="p50_us", against="p50_limit_us") for name in (embedded, remote)])

    def crowd_of(port, followers, target, writes=0):
        command = [paths.TOOLS / "event-follow", "--port", port, "--followers", followers, "--writes", writes,
                   "--target", target, "--seconds", settings.seconds + 3]
        return subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)

    def writes_beside(followers, target):
        with Gateway(paths.fresh_folder("streams") / "store.sqlite") as server:
            load("write", server.port, "--connections", 8, "--seconds", 0.5, "--prefix", "warm")
            before = server.resident_bytes()
            crowd, close = crowd_of(server.port, followers, target), crowd_of(server.port, 1, FOLLOWED, writes=20)
            time.sleep(1.5)
            try:
                after = server.resident_bytes()
                result = load("write", server.port, *settings.timed(8))
                result["bytes_per_follower"] = (after - before) / max(1, followers)
                result["resident_bytes"] = server.resident_bytes()
            finally:
                told, closely = (json.loads(process.communicate()[0]) for process in (crowd, close))
            # What followers get for it: the crowd, and one beside it that follows twenty events a second.
            result["received_mb_rate"] = told["received_mb_rate"]
            result["close_p50_ms"], result["close_p99_ms"] = closely["p50_us"] / 1e3, closely["p99_us"] / 1e3
            return result

    none, idle = "0 followers", "1000 followers of other events"
    crowds = {f"{followers} followers of all": followers for followers in (10, 100, 1000)}
    yield Comparison(
        "Single-event writes, 8 connections, beside followers", {
            none: lambda: writes_beside(0, ELSEWHERE),
            idle: lambda: writes_beside(1000, ELSEWHERE),
            **{name: (lambda followers=followers: writes_beside(followers, ALL)) for name, followers in crowds.items()},
        }, [Target(name, none, at_least=0.8) for name in (idle, *crowds)])
