"""Clients that conflict write and read through several gateways at once, and lose responses on purpose. The history of
their requests is checked: each aggregate must be linearizable."""

import contextlib
import json
import secrets
import socket
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

from failover.checks import Results, check_same_logs
from failover.defects import Defect, Proxy
from failover.gateways import Gateway
from failover.readers import PageReader, StreamReader, read_log, seen
from failover.stores import ServerStore
from servers.processes import HOST

from .scene import Caller, fresh_id, working_folder

LINEARIZABLE = "the versions of each aggregate are linearizable"
ONCE = "a write whose response was lost is stored once, and everyone who sends it again gets the same positions"
READERS = "every reader got each event once, in the order of the log"
TYPE = "history/Counter"
AGGREGATES = 4
CLIENTS = 10
SHORT_SECONDS = 5
# How many clients send a write again whose response was lost.
RESENDERS = 3


@dataclass(frozen=True)
class Operation:
    """What one request has shown of an aggregate. Times are of the monotonic clock."""
    aggregate: str
    # "wrote" the version, or "saw" it as the current one.
    kind: str
    version: int
    began: float
    # None if there was no response.
    ended: float | None


class StaleVersion(Defect):
    """Refuses a write with the version before the current one."""
    check = LINEARIZABLE

    def write(self, request, forward):
        status, response = forward(request)
        if response.get("code") == "invalid_original_version" and response["current_version"] > 1 and self.is_due():
            response["current_version"] -= 1
        return status, response


class StaleRead(Defect):
    """Shows an aggregate as it was a while ago."""
    check = LINEARIZABLE

    def __init__(self):
        super().__init__()
        self.old = {}

    def edges(self, edges, proxy):
        if len(edges) != 1:
            return edges
        key = edges[0]["node"]["aggregator_id"]
        old = self.old.setdefault(key, (time.monotonic(), edges))
        if time.monotonic() - old[0] > 0.5:
            self.old[key] = (time.monotonic(), edges)
        return old[1]


class TwoPositions(Defect):
    """Responds to a write that is sent again with another position each time."""
    check = ONCE

    def write(self, request, forward):
        status, response = forward(request)
        if status == 200:
            response["events"][0]["cursor"] += secrets.token_hex(4)
        return status, response


class LeftOut(Defect):
    """Leaves an event out of a stream or a page."""
    check = READERS

    def edges(self, edges, proxy):
        return edges[1:] if len(edges) < 50 and self.is_due() else edges


PLANTED = {defect.__name__: defect for defect in (StaleVersion, StaleRead, TwoPositions, LeftOut)}
DEFECTS = {name: defect.check for name, defect in PLANTED.items()}


def check_linearizable(operations):
    """What can't have happened in any order of moments.

    The order of the writes of an aggregate is known: it is that of their versions. So there must be moments
    t1 <= t2 <= …, each within its write, such that everyone who saw a version had a moment between its write and the next.
    """
    findings = []
    aggregates = defaultdict(list)
    for operation in operations:
        aggregates[operation.aggregate].append(operation)
    for aggregate, history in aggregates.items():
        earliest, latest = defaultdict(lambda: 0.0), defaultdict(lambda: float("inf"))
        winners = Counter(operation.version for operation in history if operation.kind == "wrote")
        findings += [f"{aggregate}: version {version} has {count} winners" for version, count in winners.items() if count > 1]
        for operation in history:
            ended = float("inf") if operation.ended is None else operation.ended
            version = operation.version
            if operation.kind == "wrote":
                earliest[version] = max(earliest[version], operation.began)
                latest[version] = min(latest[version], ended)
            else:
                # Seen after its write, and before the next one.
                latest[version] = min(latest[version], ended)
                earliest[version + 1] = max(earliest[version + 1], operation.began)
        moment = 0.0
        for version in range(1, max([*earliest, *latest, 0]) + 1):
            moment = max(moment, earliest[version])
            if moment > latest[version]:
                findings.append(f"{aggregate}: version {version} was seen before it can have been written, or another one "
                                "after it")
                break
    return findings


class History:
    """The requests of all clients."""

    def __init__(self, ports, seed):
        self.ports, self.seed = ports, seed
        self.operations, self.written, self.violations = [], {}, []
        self.stop = threading.Event()
        self.counts = Counter()

    def client(self, number):
        random = Random(self.seed * 1000 + number)
        callers = [Caller(port) for port in self.ports]
        versions = Counter()
        try:
            while not self.stop.is_set():
                caller, choice = random.choice(callers), random.random()
                aggregate = f"a{random.randrange(AGGREGATES)}"
                if choice < 0.25:
                    self.read(caller, aggregate, versions)
                elif choice < 0.9:
                    self.write(caller, aggregate, versions)
                else:
                    self.lose_response(random, aggregate, versions)
        except Exception as error:
            self.violations.append(f"client {number}: {type(error).__name__}: {error}")

    def read(self, caller, aggregate, versions):
        began = time.monotonic()
        status, page = caller.request("GET", f"/events?aggregator_type={TYPE}&aggregator_id={aggregate}&last=1")
        if status == 200:
            versions[aggregate] = page["edges"][0]["node"]["version"] if page["edges"] else 0
            self.note(aggregate, "saw", versions[aggregate], began)

    def write(self, caller, aggregate, versions):
        event = self.event(aggregate, versions[aggregate] + 1)
        began = time.monotonic()
        status, response = caller.request("POST", "/events", {"events": [event]})
        self.settle(event, status, response, began, versions)

    def event(self, aggregate, version):
        return {"id": fresh_id(), "aggregator_type": TYPE, "aggregator_id": aggregate, "name": "Counted", "version": version}

    def settle(self, event, status, response, began, versions, sent=None):
        """`began` is when the request with the response began, `sent` when the write was first sent."""
        aggregate = event["aggregator_id"]
        self.counts[str(status)] += 1
        if status in (200, 201):
            versions[aggregate] = event["version"]
            self.written[event["id"]] = response["events"][0]
            self.note(aggregate, "wrote", event["version"], sent or began)
        elif status == 409 and response["code"] == "invalid_original_version":
            versions[aggregate] = response["current_version"]
            self.note(aggregate, "saw", response["current_version"], began)
        else:
            self.violations.append(f"{status} {response}")

    def note(self, aggregate, kind, version, began):
        self.operations.append(Operation(aggregate, kind, version, began, time.monotonic()))

    def lose_response(self, random, aggregate, versions):
        """Sends a write, closes the connection before the response, and lets several clients send the write again."""
        event = self.event(aggregate, versions[aggregate] + 1)
        body = json.dumps({"events": [event]}).encode()
        sent = time.monotonic()
        with socket.create_connection((HOST, random.choice(self.ports))) as connection:
            connection.sendall(b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            # Sometimes before the write, sometimes after it.
            time.sleep(random.choice([0, 0, 0.002, 0.01]))
        callers = [Caller(random.choice(self.ports)) for _ in range(RESENDERS)]
        began = time.monotonic()
        with ThreadPoolExecutor(RESENDERS) as pool:
            responses = list(pool.map(lambda caller: caller.request("POST", "/events", {"events": [event]}), callers))
        for caller in callers:
            caller.close()
        self.counts["lost responses"] += 1
        stored = [response["events"] for status, response in responses if status in (200, 201)]
        if stored and (any(events != stored[0] for events in stored) or sum(status == 201 for status, _ in responses) > 1):
            self.violations.append((ONCE, f"{event['id']}: {responses}"))
        if stored and len(stored) < len(responses):
            # A refusal is only possible before the write, and a request that follows its success is none.
            self.violations.append((ONCE, f"{event['id']} was stored and refused: {[status for status, _ in responses]}"))
        if stored:
            self.settle(event, 200, {"events": stored[0]}, began, versions, sent)
        else:
            for status, response in responses:
                self.settle(event, status, response, began, versions)


def run(options):
    results = Results()
    with working_folder(options) as folder, contextlib.ExitStack() as cleanup:
        database, count = str(folder / "events.sqlite"), 2
        if options.postgresql:
            server = ServerStore(folder)
            cleanup.callback(server.stop)
            server.start()
            database, count = server.database, 3
        gateways = []
        cleanup.callback(lambda: [gateway.stop() for gateway in gateways])
        for number in range(count):
            gateways.append(Gateway(options.gateway, folder, number, database))
            gateways[-1].start()
        ports = [gateway.port for gateway in gateways]
        if options.defect:
            proxies = [Proxy(port, PLANTED[options.defect](), number) for number, port in enumerate(ports)]
            cleanup.callback(lambda: [proxy.stop() for proxy in proxies])
            ports = [proxy.port for proxy in proxies]
        readers = [kind(f"{kind.__name__} {port}", port) for port in ports for kind in (StreamReader, PageReader)]
        cleanup.callback(lambda: [reader.stop() for reader in readers])
        history = History(ports, options.seed)
        threads = [threading.Thread(target=history.client, args=(number,)) for number in range(CLIENTS)]
        for thread in [*readers, *threads]:
            thread.start()
        time.sleep(2 if options.defect else options.rounds or SHORT_SECONDS)
        history.stop.set()
        for thread in threads:
            thread.join()
        return results, check(results, history, ports, readers)


def check(results, history, ports, readers):
    for finding in check_linearizable(history.operations):
        results.found(LINEARIZABLE, finding)
    for name in (LINEARIZABLE, ONCE, "the clients got responses that a client may get"):
        results.begin(name)
    for violation in history.violations:
        results.found(*(violation if isinstance(violation, tuple)
                        else ("the clients got responses that a client may get", violation)))
    logs = [[seen(edge) for edge in read_log(port)] for port in ports]
    check_same_logs(results, logs)
    once = results.begin("every confirmed write is in the log once, and nothing else")
    ids = Counter(event.id for event in logs[0])
    once += [f"{event} is there {ids[event]} times" for event in history.written if ids[event] != 1]
    once += [f"{event} has no response" for event in ids if event not in history.written]
    same = results.begin("cursors are those of the responses")
    cursors = {event.id: event.cursor for event in logs[0]}
    same += [event for event, written in history.written.items() if cursors.get(event, written["cursor"]) != written["cursor"]]
    complete = results.begin(READERS)
    end = time.monotonic() + 10
    for reader in readers:
        while len(reader.events) < len(logs[0]) and time.monotonic() < end:
            time.sleep(0.05)
        if reader.events != logs[0]:
            complete.append(f"{reader.name}: {len(reader.events)} events of {len(logs[0])}, or in another order")
    return {"operations": len(history.operations), "events": len(logs[0]), "responses": dict(history.counts),
            "lost_responses": history.counts["lost responses"]}
