"""Start-up and resident memory on a large store, and what an idle connection costs."""

import socket
import time

from .. import store
from ..compare import Comparison, Target
from ..processes import Gateway, load

ABOUT = "start-up time and resident memory on a large store, memory of an idle connection"
TOOLS = ["event-load"]
IDLE = 1000


def start(database) -> dict:
    with Gateway(database) as server:
        time.sleep(0.5)
        return {"resident_bytes": server.resident_bytes(), "start_ms": server.start_seconds * 1e3,
                "start_limit_ms": 200, "resident_limit": 30 << 20}


def idle() -> dict:
    """Each connection has been used once."""
    with Gateway(":memory:") as server:
        load("get", server.port, "--connections", 8, "--seconds", 0.5)
        before = server.resident_bytes()
        connections = []
        for _ in range(IDLE):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.recv(4096)
            connections.append(connection)
        time.sleep(0.5)
        after = server.resident_bytes()
        for connection in connections:
            connection.close()
        return {"bytes_per_connection": (after - before) / IDLE, "limit": 4096, "resident_bytes": after}


def comparisons(settings):
    database, _ = store.prepared(settings.events)
    events = f"{settings.events} events"
    yield Comparison(
        f"Start-up with {events}, and {IDLE} idle connections", {
            f"start, {events}": lambda: start(database),
            f"{IDLE} idle connections": idle,
        }, [
            Target(f"start, {events}", f"start, {events}", at_most=1, figure="start_ms", against="start_limit_ms"),
            Target(
                f"start, {events}", f"start, {events}", at_most=1, figure="resident_bytes", against="resident_limit"),
            Target(
                f"{IDLE} idle connections", f"{IDLE} idle connections", at_most=1, figure="bytes_per_connection",
                against="limit"),
        ])
