"""Followers of the log: from a write to its receipt, and what a thousand followers cost."""

import subprocess
import time

from .. import paths
from ..compare import Comparison, Target
from ..processes import Gateway, load, tool

ABOUT = "followers: from a write to its receipt; what 1000 of them cost in memory and in writes"
TOOLS = ["event-follow", "event-load"]
LIMITS = {"p50_limit_us": 2000, "p99_limit_us": 10000}
# Of events that nobody writes here: such a follower costs what it costs to be there.
ELSEWHERE = "/events/stream?after=now&aggregator_type=elsewhere"
# Of more events than can be sent so often: what matters is what that does to writes.
ALL = "/events/stream?after=now"


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

    def writes_beside(followers, target):
        with Gateway(paths.fresh_folder("streams") / "store.sqlite") as server:
            load("write", server.port, "--connections", 8, "--seconds", 0.5, "--prefix", "warm")
            before = server.resident_bytes()
            options = ["--port", server.port, "--followers", followers, "--writes", 0, "--target", target,
                       "--seconds", settings.seconds + 3]
            crowd = subprocess.Popen(
                [str(part) for part in [paths.TOOLS / "event-follow", *options]], stdout=subprocess.DEVNULL)
            time.sleep(1.5)
            try:
                after = server.resident_bytes()
                result = load("write", server.port, *settings.timed(8))
                result["bytes_per_follower"] = (after - before) / max(1, followers)
                result["resident_bytes"] = server.resident_bytes()
                return result
            finally:
                crowd.wait()

    none, idle, crowd = "0 followers", "1000 followers of other events", "1000 followers of all"
    yield Comparison(
        "Single-event writes, 8 connections, beside followers", {
            none: lambda: writes_beside(0, ELSEWHERE),
            idle: lambda: writes_beside(1000, ELSEWHERE),
            crowd: lambda: writes_beside(1000, ALL),
            "10 followers of all": lambda: writes_beside(10, ALL),
        }, [
            Target(idle, none, at_least=0.8),
            Target(crowd, none, at_least=0.8),
            Target("10 followers of all", none),
        ])
