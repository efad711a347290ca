#!/usr/bin/env python3
"""10,000 idle keep-alive connections: what each costs in memory, and what they cost a busy client."""

import resource
import socket
import sys
import time

from harness import Gateway, quantile, run
from wire import Reader, connect, encode

IDLE = 10_000
ROUNDS = 80
REQUESTS = 300
MOST_BYTES = 4096
MOST_RATIO = 1.5


def crowd(gateway):
    """Idle connections, each of which has been answered once; half by half over two addresses, as ports are few."""
    connections = []
    probe = encode("GET", "/healthz")
    for index in range(IDLE):
        connection = socket.socket()
        connection.bind((f"127.0.0.{2 + index % 8}", 0))
        connection.connect(gateway.address)
        connection.settimeout(10)
        connection.sendall(probe)
        connections.append(connection)
        if len(connections) % 200 == 0:
            for waiting in connections[-200:]:
                if not waiting.recv(4096).startswith(b"HTTP/1.1 200"):
                    raise RuntimeError("an idle connection was not answered")
    return connections


def busy(gateway):
    """The times of so many requests of one client, in seconds."""
    times = []
    probe = encode("GET", "/events?first=1")
    with connect(gateway.address) as connection:
        reader = Reader(connection, 10)
        for _ in range(REQUESTS):
            start = time.monotonic()
            connection.sendall(probe)
            if reader.response().status != 200:
                raise RuntimeError("the busy client was not answered")
            times.append(time.monotonic() - start)
    return times


def script(checks, folder):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < IDLE + 500:
        sys.exit(f"{hard} descriptors are too few: ulimit -n {IDLE + 500}")
    options = ["--idle-timeout", 600, "--max-connections", IDLE + 1000, "--max-connections-per-peer", IDLE + 1000]
    with Gateway(folder, *options, name="crowded") as crowded, Gateway(folder, *options, name="empty") as empty:
        busy(crowded), busy(empty)
        before = crowded.resident_bytes()
        connections = crowd(crowded)
        each = (crowded.resident_bytes() - before) / IDLE
        checks.check(f"{IDLE} idle connections: at most {MOST_BYTES} bytes of resident memory each", each <= MOST_BYTES,
                     f"{each:.0f} bytes")
        # Interleaved, so that what else the machine does falls on both.
        rounds = {"with": [], "without": []}
        for turn in range(ROUNDS):
            for name, gateway in [("with", crowded), ("without", empty)][:: 1 if turn % 2 else -1]:
                rounds[name].append(busy(gateway))
        # That of a quiet round, of both: what other programs do to the rest says nothing of the server.
        for share, title in [(0.99, "p99"), (0.5, "p50")]:
            found = {name: quantile([quantile(times, share) for times in found], 0.2) * 1e3
                     for name, found in rounds.items()}
            ratio = found["with"] / found["without"]
            checks.check(f"{IDLE} idle connections: a busy client's {title} is within {MOST_RATIO} of that without them",
                         ratio <= MOST_RATIO, f"{found['with']:.3f} ms / {found['without']:.3f} ms = {ratio:.2f}")
        probe = encode("GET", "/healthz")
        answered = 0
        for connection in connections[::100]:
            connection.sendall(probe)
            answered += connection.recv(4096).startswith(b"HTTP/1.1 200")
        checks.equal("every hundredth of them still is answered", answered, len(connections[::100]))
        start = time.monotonic()
        code = crowded.stop()
        checks.check("the gateway stops at once all the same", code == 0 and time.monotonic() - start < 5,
                     f"exit {code} after {time.monotonic() - start:.2f} s")
        for connection in connections:
            connection.close()


if __name__ == "__main__":
    run(script)
