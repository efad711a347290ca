"""HTTPExecutor: 64 tasks against wrk on the same route, and against calls one after the other."""

import re
import shutil
import subprocess

from ..compare import Comparison, Target
from ..processes import Gateway, tool

ABOUT = "HTTPExecutor from 64 tasks, against wrk (Debian) and against sequential calls"
TOOLS = ["client-benchmark"]
ROUTE = "/subscribers/benchmark/workers/01JD000000000000000000000W"


def wrk(port: int, seconds: int) -> dict:
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    done = subprocess.run(
        ["wrk", "-t1", "-c64", f"-d{seconds}s", f"http://127.0.0.1:{port}{ROUTE}"],
        stdout=subprocess.PIPE, text=True, check=True)
    return {"rate": float(re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)[1])}


def comparisons(settings):
    seconds = max(1, round(settings.seconds))

    def ours(tasks):
        with Gateway(":memory:") as server:
            return tool("client-benchmark", server.port, tasks, seconds)

    def theirs():
        with Gateway(":memory:") as server:
            return wrk(server.port, seconds)

    yield Comparison(
        "GET /subscribers/{key}/workers/{worker_id} by HTTPExecutor", {
            "HTTPExecutor, 64 tasks": lambda: ours(64),
            "HTTPExecutor, sequential": lambda: ours(1),
            "wrk, 64 connections": theirs,
        }, [
            Target("HTTPExecutor, 64 tasks", "wrk, 64 connections", at_least=0.35),
            Target("HTTPExecutor, 64 tasks", "HTTPExecutor, sequential", at_least=5),
        ])
