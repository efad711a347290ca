"""A dear request, what is measured while it is sent, and the bounds that hold for that."""

import statistics
import time
from dataclasses import dataclass, field
from typing import Callable, ClassVar

from .beside import Beside
from .conversation import Answers, Client, converse
from .watched import HEALTHZ, Watched, get, post

# A request may cost the event loop so many times a GET /healthz, for each 16 KB that it moves.
CPU_TIMES = 20
# And all threads together so many times: what is long is read and checked beside the event loop.
TOTAL_TIMES = 40
CPU_UNIT = 16 << 10
# The gateway may hold so many times the bytes that a request sends or gets, beside a fixed allowance: allocators keep
# pages, and SQLite fills its caches.
MEMORY_TIMES = 4
ALLOWANCE = 24 << 20
# No request asks for more: an event of 8 MB in base64.
PAGE = 12 << 20
# The others' 99th percentile; what the machine itself makes of it is measured beside a cheap request and comes on top.
DELAY = 0.050
# A case that exceeds a bound is measured again so often: of each figure, the best one counts.
RETRIES = 2
# What a cheap request costs is an average of so many at least, however little time the machine has for them.
CHEAP_REQUESTS = 200
# A dear request that is not answered by then is given up.
PATIENCE = 20.0


@dataclass
class Figure:
    """One measured value and the most that it may be."""

    value: float
    limit: float
    # How many times its bound any value may be in this run: more than one on a machine that does other work too.
    slack: ClassVar[float] = 1.0

    @property
    def excess(self) -> float:
        return self.value / (self.limit * self.slack) if self.limit else float(self.value > 0)


# What stands for a request that is never answered, whatever the slack.
NO_ANSWER = Figure(1e9, 1)


@dataclass
class Outcome:
    title: str
    # `loop`, `total`: seconds of the event loop and of all threads for a request, or for a connection's heartbeat;
    # `memory`: bytes at the peak, and `held` after it; `answer`: seconds that the request took; `healthz`, `write`,
    # `read`: seconds that these took.
    figures: dict[str, Figure]
    total: float
    # In times of a GET /healthz.
    loop_times: float
    sent: int
    received: int
    answer: str

    @property
    def exceeded(self) -> list[str]:
        return [name for name, figure in self.figures.items() if figure.excess > 1]

    @property
    def delayed(self) -> set[str]:
        """The figures that are delays of others."""
        return {"healthz", "write", "read"} & self.figures.keys()

    def better_of(self, other: "Outcome") -> "Outcome":
        for name, figure in other.figures.items():
            if name not in self.figures or figure.excess < self.figures[name].excess:
                self.figures[name] = figure
                if name == "loop":
                    self.loop_times = other.loop_times
        self.total = min(self.total, other.total)
        return self


@dataclass
class Phase:
    """What the gateway used, and others waited, while something was done."""

    seconds: float
    loop: float
    total: float
    memory: int
    delays: dict[str, list[float]]

    def p99(self, kind: str) -> float:
        delays = sorted(self.delays[kind])
        return delays[min(len(delays) - 1, int(len(delays) * 0.99))] if delays else 0.0


@dataclass
class Arrangement:
    """The gateway of a case, who uses it beside, and what a cheap request costs it."""

    server: Watched
    beside: Beside
    kinds: dict[str, bytes]
    seconds: float

    def phase(self, work: Callable[[], None], kinds: dict[str, bytes] | None = None) -> Phase:
        """What is measured while the work is done, beside others that send these kinds of requests."""
        server = self.server
        server.forget_peak()
        resident, start = server.resident_bytes(), time.monotonic()
        loop, total = server.loop_seconds(), server.total_seconds()
        self.beside.begin(server.port, self.kinds if kinds is None else kinds)
        try:
            work()
        finally:
            delays = self.beside.end()
        return Phase(
            time.monotonic() - start, server.loop_seconds() - loop, server.total_seconds() - total,
            server.peak_bytes() - resident, delays)

    def control(self) -> "Control":
        """What cheap requests cost, and others wait beside them, in this gateway at this time."""
        count = 0
        client = Client(self.server.port)

        def work():
            nonlocal count
            end = time.monotonic() + self.seconds / 2
            least = count + CHEAP_REQUESTS
            while count < least or time.monotonic() < end:
                converse([client], HEALTHZ, 1, False, PATIENCE)
                count += 1

        alone = self.phase(work, kinds={})
        cheap = alone.loop / count
        beside = self.phase(work)
        client.close()
        return Control(cheap, beside)


@dataclass
class Control:
    # Seconds of the event loop for a GET /healthz.
    cheap: float
    # With the others beside.
    phase: Phase

    def delays(self, phase: Phase) -> dict[str, Figure]:
        return {kind: Figure(phase.p99(kind), DELAY + self.phase.p99(kind)) for kind in phase.delays}


@dataclass
class Case:
    """A request that is sent over and over, by one client or by several at once."""

    title: str
    # Or what makes it of the facts of the case's store.
    payload: bytes | Callable[[dict], bytes]
    # Requests in it, each with an answer.
    requests: int = 1
    # Answers to HEAD have no body.
    is_head: bool = False
    options: tuple[str, ...] = ()
    store: str = "empty"
    clients: int = 1
    # A small write and a read by id beside it, too.
    beside_store: bool = False
    # Bytes that it asks for without getting them: such as those that a resend is compared with.
    asks: int = 0
    # Places in the store that it asks for, each of which may cost as much as a request.
    looks: int = 1
    # Whether the short form has it too.
    short: bool = True
    # Figures that say nothing here.
    unbounded: tuple[str, ...] = ()
    needs: dict = field(default_factory=dict)

    def measure(self, arrangement: Arrangement, facts: dict) -> Outcome:
        payload = self.payload if isinstance(self.payload, bytes) else self.payload(facts)
        control = arrangement.control()
        clients = [Client(arrangement.server.port) for _ in range(self.clients)]
        results: list[Answers] = []
        longest = 0.0

        def work():
            nonlocal longest
            begin = time.monotonic()
            while True:
                start = time.monotonic()
                results.extend(converse(clients, payload, self.requests, self.is_head, PATIENCE))
                longest = max(longest, time.monotonic() - start)
                if time.monotonic() - begin >= arrangement.seconds:
                    break

        # With nobody beside, whose requests would be counted too.
        alone = arrangement.phase(work, kinds={})
        count = len(results)
        beside = arrangement.phase(work)
        for client in clients:
            client.close()
        sent, received = len(payload), max(result.received for result in results)
        asked = min(received, self.requests * PAGE) + self.asks
        loop, total = alone.loop / count, alone.total / count
        units = max(self.requests, (sent + asked) / CPU_UNIT)
        figures = {
            "loop": Figure(loop, CPU_TIMES * control.cheap * units),
            "total": Figure(total, TOTAL_TIMES * control.cheap * max(units, self.looks)),
            "memory": Figure(
                max(alone.memory, beside.memory), MEMORY_TIMES * self.clients * (sent + asked) + ALLOWANCE),
            "answer": Figure(longest, PATIENCE - 1),
        } | control.delays(beside)
        if not any(result.statuses for result in results):
            figures["answer"] = NO_ANSWER
        return Outcome(
            self.title, {name: figure for name, figure in figures.items() if name not in self.unbounded},
            total, loop / control.cheap, sent, received, _answer(results, self.requests))


def _answer(results: list[Answers], requests: int) -> str:
    """The commonest status, or what else has become of the request."""
    statuses = [status for result in results for status in result.statuses]
    if not statuses:
        return "none"
    status = str(statistics.mode(statuses))
    unanswered = sum(requests - len(result.statuses) for result in results)
    return status if not unanswered or requests > 1 else f"{status}, {unanswered} of {len(results)} unanswered"


def small(server: Watched) -> dict[str, bytes]:
    """The requests that others send while a case goes on."""
    event = {"aggregator_type": "beside", "aggregator_id": "it", "name": "Happened", "data": 1}
    id = server.write([event])[0]["id"]
    return {"healthz": HEALTHZ, "write": post("/events", {"events": [event]}), "read": get(f"/events/{id}")}
