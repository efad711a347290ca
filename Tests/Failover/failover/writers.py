"""Writers that compete, each with a clock of its own, and that send a write again until it has a response."""

import itertools
import json
import random
import threading
import time
from dataclasses import dataclass, field

from .gateways import ERRORS, Client
from .ulid import ulid

# A response that takes longer is given up, and the write is sent again.
REQUEST_SECONDS = 8
RETRY_PAUSE_SECONDS = 0.05
NO_INTERNAL_ERROR = "no response is an internal error"
# The statuses after which it is open if a write was done.
UNDECIDED = {408, 429, 500, 502, 503, 504}
SHARED_AGGREGATES = 4
# Writers that try to get the same seat.
SEAT_RIVALS = 4


@dataclass(slots=True)
class Write:
    """A write with all its attempts. Times are of the monotonic clock."""
    kind: str
    writer: int
    events: list
    condition: dict | None = None
    sent_at: float = 0.0
    responded_at: float | None = None
    # The last response; None if there was none.
    status: int | None = None
    body: dict | None = None
    attempts: int = 0

    @property
    def is_stored(self):
        return self.status in (200, 201)

    @property
    def is_refused(self):
        return self.status is not None and not self.is_stored and self.status not in UNDECIDED


@dataclass
class Load:
    """What all writers share."""
    ports: list
    rate: float
    writes: list = field(default_factory=list)
    # (time, gateway's index, status or None) of each attempt.
    attempts: list = field(default_factory=list)
    # What is wrong by itself, such as a status that no write may have.
    violations: list = field(default_factory=list)
    seats: itertools.count = field(default_factory=itertools.count)
    # Becomes part of type and event names, so that a store has new ones after each fault.
    epoch: str = "0"
    # Whether confirmed writes may be lost: then a version can go back, and a write that is sent again can be new.
    may_lose: bool = False
    # The size of a payload, at most.
    padding: int = 120
    began: float = field(default_factory=time.monotonic)
    stop: threading.Event = field(default_factory=threading.Event)
    # When writers give up writes that have no response.
    deadline: float = float("inf")


class Writer(threading.Thread):
    def __init__(self, load, number, count, seed):
        super().__init__(name=f"writer {number}")
        self.load, self.number, self.count = load, number, count
        self.random = random.Random(seed * 1000 + number)
        # From an hour behind to an hour ahead.
        self.skew = self.random.uniform(-3600, 3600)
        self.clients = [Client(port, REQUEST_SECONDS) for port in load.ports]
        self.home = number % len(load.ports)
        self.own_version = 0
        self.shared_versions = [0] * SHARED_AGGREGATES
        self.written = 0

    def run(self):
        try:
            pause = self.count / self.load.rate
            while not self.load.stop.is_set():
                began = time.monotonic()
                write = self.next_write()
                self.load.writes.append(write)
                self.send(write)
                self.learn(write)
                if write.is_stored and not self.load.may_lose:
                    if self.random.random() < 0.05:
                        self.send_again(write)
                    if self.random.random() < 0.05:
                        self.look_up(write)
                self.load.stop.wait(max(0, pause * self.random.uniform(0.5, 1.5) - (time.monotonic() - began)))
        except Exception as error:
            self.load.violations.append(("writers", f"{self.name}: {type(error).__name__}: {error}"))
        finally:
            for client in self.clients:
                client.close()

    # Writes

    def next_write(self):
        choice = self.random.random()
        if choice < 0.4:
            events = [self.event("load/Own", f"w{self.number}", version=self.own_version + n + 1)
                      for n in range(self.random.randint(1, 3))]
            return Write("own", self.number, events)
        if choice < 0.7:
            index = self.random.randrange(SHARED_AGGREGATES)
            version = self.shared_versions[index] + 1
            return Write("shared", self.number, [self.event("load/Shared", f"s{index}", version=version)])
        if choice < 0.9:
            events = [self.event("load/Open", f"o{self.random.randrange(50)}", routing_key=f"key{self.random.randrange(9)}")
                      for _ in range(self.random.randint(1, 4))]
            return Write("open", self.number, events)
        seat = f"{next(self.load.seats) // SEAT_RIVALS}"
        condition = {"fail_if_events_match": [{"aggregator_type": "load/Seat", "aggregator_id": seat}]}
        return Write("seat", self.number, [self.event("load/Seat", seat)], condition)

    def event(self, aggregator_type, aggregator_id, **members):
        self.written += 1
        now = time.time() + self.skew
        data = {"writer": self.number, "n": self.written, "pad": "x" * self.random.randrange(self.load.padding)}
        return {
            "id": ulid(now), "aggregator_type": aggregator_type, "aggregator_id": aggregator_id,
            "name": f"Happened{self.load.epoch}", "data": data, "timestamp": int(now), **members}

    def learn(self, write):
        """Takes the versions out of a response."""
        if write.body is None:
            return
        if write.kind == "own":
            if write.is_stored:
                self.own_version = write.body["events"][-1]["version"]
            elif self.load.may_lose and "current_version" in write.body:
                self.own_version = write.body["current_version"]
            elif write.is_refused:
                self.violation("refusals have a reason", write, "no other writer writes to this aggregate")
        if write.kind == "shared":
            index = int(write.events[0]["aggregator_id"][1:])
            if write.is_stored:
                self.shared_versions[index] = write.body["events"][-1]["version"]
            elif "current_version" in write.body:
                self.shared_versions[index] = write.body["current_version"]
            # Stay behind at times, as a writer does that decides by an older state.
            if self.random.random() < 0.2 and self.shared_versions[index] > 0 and not self.load.may_lose:
                self.shared_versions[index] -= 1

    # Requests

    def send(self, write):
        """Sends a write to one gateway after the other, until it has a response."""
        body = {"events": write.events} | ({"condition": write.condition} if write.condition else {})
        text = json.dumps(body)
        write.sent_at = time.monotonic()
        while True:
            index = (self.home + write.attempts) % len(self.clients)
            write.attempts += 1
            status, response = self.attempt(index, text)
            if status is not None and status not in UNDECIDED:
                write.status, write.body, write.responded_at = status, response, time.monotonic()
                break
            if time.monotonic() > self.load.deadline:
                return
            time.sleep(RETRY_PAUSE_SECONDS)
        code = (response or {}).get("code")
        if write.is_refused and code not in ("invalid_original_version", "condition_failed"):
            self.violation("refusals have a reason", write, f"{status} {code}")
        if status == 200 and write.attempts == 1:
            self.violation("a first attempt is no repetition", write, "200")

    def attempt(self, index, text):
        """The status and the JSON of one attempt; None and None if it has no complete response."""
        try:
            status, body = self.clients[index].request("POST", "/events", text)
            response = json.loads(body)
        except (*ERRORS, ValueError):
            status, response = None, None
        self.load.attempts.append((time.monotonic(), index, status))
        if status == 500:
            self.load.violations.append((NO_INTERNAL_ERROR, f"gateway {index}: {response}"))
        return status, response

    def send_again(self, write):
        """Repeats a confirmed write at another gateway: it gets the same response, and is not stored again."""
        body = {"events": write.events} | ({"condition": write.condition} if write.condition else {})
        index = self.random.randrange(len(self.clients))
        status, response = self.attempt(index, json.dumps(body))
        if status in UNDECIDED or status is None:
            return
        if status != 200 or response != write.body:
            self.violation("a repeated write gets its first response", write, f"{status} {response}")

    def look_up(self, write):
        """A confirmed write can be read at once, through every gateway."""
        event = write.events[0]["id"]
        try:
            status, _ = self.clients[self.random.randrange(len(self.clients))].request("GET", f"/events/{event}")
        except ERRORS:
            return
        if status not in UNDECIDED and status != 200:
            self.violation("a confirmed write can be read through every gateway", write, str(status))

    def violation(self, check, write, text):
        self.load.violations.append((check, f"{write.kind} {write.events[0]['id']}: {text}"))
