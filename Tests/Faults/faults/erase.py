"""Erases aggregates, with power failures after it and failing syncs of the log during it, and searches the files for what
was erased."""

import errno
import secrets
from random import Random

from failover.checks import Results
from failover.gateways import Gateway

from .disk import OUTCOMES
from .scene import Caller, fresh_id, working_folder
from .shims import FAIL, LIE, LOG, SYNC, TRUNCATE, DiskShim

GONE = "after a confirmed erasure and a power failure, no file has the erased bytes"
ERASED = "an aggregate whose erasure was confirmed reads as erased after a power failure"
KEPT = "everything else is there"
REFUSED = "an erasure whose bytes are still in the log is 503, and the store takes writes again at once"

# The disk does not truncate the log for good.
DEFECTS = {"LyingLog": GONE}
SHORT_ROUNDS = 5
EVENTS = 20


def run(options):
    random, results = Random(options.seed), Results()
    for check in (GONE, ERASED, KEPT, REFUSED):
        results.begin(check)
    with working_folder(options) as folder:
        shim = DiskShim(folder)
        gateway = Gateway(options.gateway, folder, 0, shim.database, environment=shim.environment)
        rounds = 1 if options.defect else options.rounds or SHORT_ROUNDS
        try:
            gateway.start()
            for number in range(rounds):
                outcome = "dropped" if options.defect else OUTCOMES[number % len(OUTCOMES)]
                lose_power_after_erasure(options, results, shim, gateway, outcome, random)
            if not options.defect:
                fail_syncs(results, shim, gateway)
        finally:
            gateway.stop()
    return results, {"erasures": rounds, "erased_events": rounds * EVENTS}


class Aggregate:
    """Events and a snapshot, which all have a marker of their own."""

    def __init__(self, caller):
        self.id = fresh_id()
        self.marker = secrets.token_hex(16)
        events = [{"aggregator_type": "person", "aggregator_id": self.id, "name": "Moved", "metadata": {"by": self.marker},
                   "data": self.marker * (200 if number % 5 == 0 else 1)} for number in range(EVENTS)]
        cursor = caller.request("POST", "/events", {"events": events})[1]["events"][-1]["cursor"]
        # A larger one in its place moves others.
        for copies in (1, 100):
            caller.request("PUT", f"/snapshots/person/1/{self.id}", {"data": self.marker * copies, "cursor": cursor})

    def erase(self, caller):
        body = {"aggregator_type": "person", "aggregator_id": self.id, "snapshot_types": ["person"]}
        return caller.request("POST", "/aggregators/erase", body)

    def events(self, caller):
        page = caller.request("GET", f"/events?aggregator_type=person&aggregator_id={self.id}")[1]
        return [edge["node"] for edge in page["edges"]]

    def is_in_files(self, folder):
        return [path.name for path in folder.iterdir() if self.marker.encode() in path.read_bytes()]


def lose_power_after_erasure(options, results, shim, gateway, outcome, random):
    caller = Caller(gateway.port)
    kept, erased = Aggregate(caller), Aggregate(caller)
    if options.defect:
        shim.fail(SYNC | TRUNCATE, LOG, effect=LIE)
    status, response = erased.erase(caller)
    if status != 200 or response != {"events": EVENTS, "snapshots": 1}:
        results.found(ERASED, f"{status} {response}")
    caller.close()
    gateway.kill()
    shim.disk.lose_power(outcome, random)
    shim.heal()
    if names := erased.is_in_files(shim.folder):
        results.found(GONE, f"{outcome}: {', '.join(names)}")
    gateway.start()
    caller = Caller(gateway.port)
    events = erased.events(caller)
    if len(events) != EVENTS or not all(event.get("erased") for event in events):
        results.found(ERASED, f"{outcome}: {events[:2]}")
    if caller.request("GET", f"/snapshots/person/1/{erased.id}")[0] != 404:
        results.found(ERASED, f"{outcome}: its snapshot is there")
    events = kept.events(caller)
    if len(events) != EVENTS or not all(kept.marker in event["data"] for event in events):
        results.found(KEPT, f"{outcome}: {events[:2]}")
    if caller.request("GET", f"/snapshots/person/1/{kept.id}")[0] != 200:
        results.found(KEPT, f"{outcome}: a snapshot is missing")
    caller.close()


def fail_syncs(results, shim, gateway):
    """Each sync of the log fails once: that of the commit, that before the checkpoint, that of the truncation."""
    caller = Caller(gateway.port)
    for first in range(1, 5):
        aggregate = Aggregate(caller)
        shim.fail(SYNC, LOG, errno.EIO, FAIL, first=first, every=0, limit=1)
        status, response = aggregate.erase(caller)
        hit = shim.heal()
        if (status == 200) == bool(hit) or status not in (200, 503):
            results.found(REFUSED, f"sync {first}: {status} {response}, {hit} failed")
        written, problem = caller.write(fresh_id())
        if written != 201:
            results.found(REFUSED, f"sync {first}, then a write: {written} {problem}")
        again, response = aggregate.erase(caller)
        if again != 200 or aggregate.is_in_files(shim.folder):
            results.found(REFUSED, f"sync {first}, again: {again} {response}, {aggregate.is_in_files(shim.folder)}")
    caller.close()
