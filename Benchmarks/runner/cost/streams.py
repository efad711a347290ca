"""Connections that are kept: streams that wait, clients that take nothing, requests that are never complete."""

import select
import selectors
import socket
import statistics
import time
from dataclasses import dataclass, field
from typing import Callable

from .case import ALLOWANCE, CPU_TIMES, MEMORY_TIMES, TOTAL_TIMES, Arrangement, Figure, Outcome
from .stores import BIG, event
from .watched import Watched, get, post

HEARTBEAT = 1
HEARTBEATS = ("--stream-heartbeat", str(HEARTBEAT))
# So that few clients suffice to reach it.
RESPONSE_BYTES = 64 << 20
FEW_RESPONSE_BYTES = ("--max-total-response-bytes", str(RESPONSE_BYTES))
# A follower that waits, whatever it has read before.
WAITING = 16 << 10
# A stream may hold half of --max-buffered-bytes for its client, and its next page.
LAGGING = 256 << 10


@dataclass
class Kept:
    """So many connections with a request each, which last while others use the gateway."""

    title: str
    count: int
    # Of the facts of the store and the connection's number.
    request: Callable[[dict, int], bytes]
    # The most memory that they may take while they begin, beside the allowance; by default of what they send and get.
    peak: int | None = None
    # The most that each may take after that.
    held: int | None = None
    # What each is sent; 0 for what takes nothing.
    expects: int = 0
    # Whether each is answered before the next one is sent.
    is_complete: bool = True
    # Whether they wait, for some heartbeats.
    waits: bool = False
    options: tuple[str, ...] = ()
    store: str = "empty"
    beside_store: bool = False
    short: bool = True
    needs: dict = field(default_factory=dict)

    def measure(self, arrangement: Arrangement, facts: dict) -> Outcome:
        server = arrangement.server
        control = arrangement.control()
        requests = [self.request(facts, n) for n in range(self.count)]
        before = server.resident_bytes()
        crowd = _Crowd(server)

        def begin():
            crowd.open(requests, self.expects, self.is_complete)
            if not self.expects:
                crowd.settle()

        phase = arrangement.phase(begin)
        sent = sum(map(len, requests))
        peak = self.peak if self.peak is not None else MEMORY_TIMES * (sent + self.count * self.expects)
        figures = {"memory": Figure(phase.memory, peak + ALLOWANCE)} | control.delays(phase)
        loop = total = 0.0
        if self.waits:
            def wait():
                time.sleep(HEARTBEAT * (1.2 + 2 * arrangement.seconds))

            # With others first, while what happens once after the beginning comes to its end; then alone, for there
            # is so little to measure that they would be most of it.
            delayed, alone = arrangement.phase(wait), arrangement.phase(wait, kinds={})
            beats = self.count * alone.seconds / HEARTBEAT
            loop, total = alone.loop / beats, alone.total / beats
            figures |= {
                "loop": Figure(loop, CPU_TIMES * control.cheap), "total": Figure(total, TOTAL_TIMES * control.cheap)}
            for name, figure in control.delays(delayed).items():
                figures[name] = max(figure, figures[name], key=lambda one: one.excess)
        if self.held is not None:
            figures["held"] = Figure(server.resident_bytes() - before, self.count * self.held + ALLOWANCE)
        outcome = Outcome(self.title, figures, total, loop / control.cheap, sent, crowd.received, crowd.answer())
        crowd.close()
        return outcome


class _Crowd:
    """Connections that are opened one after the other, and read from only as far as a case says."""

    def __init__(self, server: Watched):
        self.server = server
        self.connections: list[socket.socket] = []
        self.statuses: list[str] = []
        self.received = 0

    def open(self, requests: list[bytes], expects: int, is_complete: bool) -> None:
        end = time.monotonic() + 60
        left = {}
        for request in requests:
            connection = socket.socket()
            if not expects:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(30)
            connection.connect(("127.0.0.1", self.server.port))
            try:
                connection.sendall(request)
            except OSError:
                pass  # refused while it was sent
            self.connections.append(connection)
            left[connection] = expects
            if is_complete:
                select.select([connection], [], [], 5)
        if not expects:
            return
        with selectors.DefaultSelector() as selector:
            for connection in self.connections:
                connection.setblocking(False)
                selector.register(connection, selectors.EVENT_READ)
            while selector.get_map() and time.monotonic() < end:
                for key, _ in selector.select(1):
                    self._read(key.fileobj, left, expects, selector)

    def _read(self, connection: socket.socket, left: dict, expects: int, selector) -> None:
        try:
            data = connection.recv(1 << 18)
        except OSError:
            data = b""
        if left[connection] == expects and data:
            self.statuses.append(data[9:12].decode())
        self.received += len(data)
        left[connection] -= len(data)
        if left[connection] <= 0 or not data or not self.statuses[-1:] == ["200"]:
            selector.unregister(connection)

    def settle(self) -> None:
        """Until the gateway's memory has grown no more for half a second."""
        end, highest, since = time.monotonic() + 20, 0, time.monotonic()
        while time.monotonic() < min(end, since + 0.5):
            resident = self.server.resident_bytes()
            if resident > highest + (1 << 20):
                highest, since = resident, time.monotonic()
            time.sleep(0.02)

    def answer(self) -> str:
        """The commonest answer, and how many connections are still open."""
        opened = 0
        for connection in self.connections:
            connection.setblocking(False)
            try:
                data = connection.recv(12, socket.MSG_PEEK)
                opened += bool(data)
                if len(self.statuses) < len(self.connections) and data.startswith(b"HTTP/1.1 "):
                    self.statuses.append(data[9:12].decode())
            except BlockingIOError:
                opened += 1
            except OSError:
                pass  # cut off
        status = statistics.mode(self.statuses) if self.statuses else "none"
        return f"{status}, {opened} of {len(self.connections)} kept"

    def close(self) -> None:
        for connection in self.connections:
            connection.close()


def long_filters(number: int) -> list[dict]:
    """200 filters of names as long as they may be, which no other stream has."""
    return [
        event(f"{number}-{n}-".ljust(255, "t"), f"{number}-{n}-".ljust(255, "i"), f"{number}-{n}-".ljust(255, "n"))
        for n in range(200)]


def cases(is_short: bool) -> list[Kept]:
    several = 20 if is_short else 60
    crowd = 300 if is_short else 1000
    many = 100 if is_short else 300
    big = "/events/stream?aggregator_type=large&aggregator_id=big0"
    return [
        Kept(
            "streams: have read an event of 8 MB, and wait", several, lambda _, n: get(big), expects=BIG,
            held=LAGGING, store="large", waits=True, options=HEARTBEATS),
        Kept(
            "streams: one event of 8 MB, unread", several, lambda _, n: get(big), store="large",
            peak=RESPONSE_BYTES + MEMORY_TIMES * BIG, options=FEW_RESPONSE_BYTES, beside_store=True),
        Kept(
            "streams: one event of 8 MB, unread, at the default limit", 100, lambda _, n: get(big), store="large",
            peak=(512 << 20) + MEMORY_TIMES * BIG, beside_store=True, short=False),
        Kept(
            "streams: different events of 8 MB, unread", several,
            lambda facts, n: get(f"/events/stream?aggregator_type=large&aggregator_id=big{n % len(facts['big'])}"),
            store="large", peak=RESPONSE_BYTES + MEMORY_TIMES * BIG, options=FEW_RESPONSE_BYTES, beside_store=True),
        Kept(
            "streams: ordinary ones that wait", crowd,
            lambda _, n: get(f"/events/stream?after=now&aggregator_type=type{n}"), expects=20, held=WAITING,
            waits=True, options=HEARTBEATS),
        Kept(
            "streams: all events, unread", crowd, lambda _, n: get("/events/stream"), store="names",
            peak=crowd * LAGGING, beside_store=True),
        Kept(
            "streams: 200 long filters each, that wait", many,
            lambda _, n: post("/events/stream", {"aggregators": long_filters(n), "after": "now"}), expects=20,
            waits=True, options=HEARTBEATS),
        Kept(
            "streams: a type of many names, that wait", many // 5,
            lambda _, n: post("/events/stream", {"aggregators": [
                {"aggregator_type": "wide"}, {"aggregator_type": f"none{n}"}], "after": "now"}), expects=20,
            waits=True, options=HEARTBEATS, store="names"),
        Kept(
            "streams: a routing key of many names, that wait", many // 5,
            lambda _, n: post("/events/stream", {"aggregators": [
                {"aggregator_type": "wide"}, {"aggregator_type": f"none{n}"}], "routing_key": "hub", "after": "now"}),
            expects=20, waits=True, options=HEARTBEATS, store="names"),
        Kept(
            "unread: pages of 8 MB", several,
            lambda _, n: get("/events?first=1000&aggregator_type=large&name=Page"), store="large",
            peak=RESPONSE_BYTES + MEMORY_TIMES * BIG, options=FEW_RESPONSE_BYTES, beside_store=True),
        Kept(
            "unread: snapshots of 8 MB", several, lambda _, n: get("/snapshots/large/1/one"), store="large",
            peak=RESPONSE_BYTES + MEMORY_TIMES * BIG, options=FEW_RESPONSE_BYTES, beside_store=True),
        Kept(
            "unread: 30 pipelined reads of an event of 8 MB", 1,
            lambda facts, n: get(f"/events/{facts['big'][0]}") * 30,
            store="large", peak=MEMORY_TIMES * BIG, beside_store=True),
        Kept("unread: pipelined GET /openapi.yaml", 20, lambda _, n: get("/openapi.yaml") * 1000),
        Kept(
            "unread: GET /subscribers", several, lambda _, n: get("/subscribers"), store="subscribers",
            peak=RESPONSE_BYTES + MEMORY_TIMES * BIG, options=FEW_RESPONSE_BYTES, beside_store=True),
        Kept(
            "never complete: heads of 32 KB", 500,
            lambda _, n: get("/healthz", *(f"x{i}: {'a' * 330}" for i in range(90)))[:-2], is_complete=False),
        Kept(
            "never complete: bodies of 16 MB", several // 3,
            lambda _, n: post("/events", b" " * ((16 << 20) - 1))[:-1], is_complete=False),
    ]
