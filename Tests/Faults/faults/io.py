"""Makes the calls of a gateway on its files fail, one kind after the other, with a power failure after each."""

import contextlib
import errno
import os
import re
import sqlite3
import time
from dataclasses import dataclass
from random import Random

from failover.gateways import Gateway
from servers.processes import Failure, wait_until

from .disk import OUTCOMES
from .scene import Broken, Caller, Scene, fresh_id, working_folder
from .shims import ANY_FILE, DATABASE, FAIL, LIE, LOG, MAP, OPEN, SHARED_MEMORY, SHORT, SYNC, TRUNCATE, WRITE, DiskShim

SAFE = "every confirmed write is in the log once"
REFUSED = "while each write fails, writes get 503 with the reason, and /readyz is red with the reason"
RECOVERS = "once the fault is over, the store is ready and takes writes"
HIT = "each fault hits a call"
HARMLESS = "an interrupted or short call is continued"
STARTS = "a start that fails says why, and the next one succeeds"
IN_DOUBT = "a write that is in the log after a 503 was said to be stored perhaps"
LOST_SYNC = "a write whose sync failed is on disk once it is confirmed"
SHORTENED = "a log that SQLite shortens in a commit that fails is not taken for one that was truncated"
LOST_PAGES = "what a failed checkpoint lost is moved again"

DEFECTS = {"IgnoredSync": SAFE, "NoFault": HIT, "QuietFault": REFUSED}
# The number of cases in a short run; a long one has all of them, so many times.
SHORT_CASES = 8
HOLD_SECONDS = 0.6
RECOVERY_SECONDS = 10
CALLS = {OPEN: "openat", WRITE: "pwrite", SYNC: "fdatasync", TRUNCATE: "ftruncate", MAP: "mmap"}
FILES = {LOG: "log", DATABASE: "database", SHARED_MEMORY: "shared memory"}


@dataclass(frozen=True)
class Case:
    call: int
    file: int
    error: int = 0
    # Each call fails, or every n-th one.
    every: int = 1
    effect: int = FAIL

    @property
    def name(self):
        how = "is short" if self.effect == SHORT else errno.errorcode[self.error]
        return f"{CALLS[self.call]} of the {FILES[self.file]}: {how}, every {self.every}"

    @property
    def is_harmless(self):
        return self.effect == SHORT or self.error == errno.EINTR and self.call == WRITE

    @property
    def refuses(self):
        """Whether no write can be confirmed."""
        return not self.is_harmless and self.every == 1 and self.file == LOG and self.call in (WRITE, SYNC)


def all_cases(random):
    disk = [errno.EIO, errno.ENOSPC, errno.EDQUOT]
    cases = [Case(call, LOG, error, every) for call in (WRITE, SYNC) for error in disk
             for every in (1, random.randint(2, 9))]
    cases += [Case(SYNC, LOG, errno.EINTR, 1), Case(WRITE, LOG, errno.EINTR, 2), Case(WRITE, LOG, 0, 1, SHORT)]
    cases += [Case(call, DATABASE, error, every) for call in (WRITE, SYNC) for error in (errno.EIO, errno.ENOSPC)
              for every in (1, random.randint(2, 9))]
    cases += [Case(WRITE, DATABASE, errno.EINTR, 2), Case(WRITE, DATABASE, 0, 1, SHORT),
              Case(TRUNCATE, DATABASE, errno.EIO), Case(TRUNCATE, LOG, errno.EIO)]
    cases += [Case(MAP, SHARED_MEMORY, errno.ENOMEM), Case(WRITE, SHARED_MEMORY, errno.ENOSPC),
              Case(TRUNCATE, SHARED_MEMORY, errno.ENOSPC)]
    # Calls that a serving gateway makes rarely: only a start meets them for certain.
    return cases, {case for case in cases if case.file == SHARED_MEMORY or case.call == TRUNCATE}


def run(options):
    random = Random(options.seed)
    cases, rare = all_cases(random)
    if options.rounds:
        cases = cases * options.rounds
    elif options.defect:
        cases = [Case(SYNC, LOG, errno.EIO, 1)]
    else:
        # One that refuses everything is always among them.
        cases = [Case(SYNC, LOG, errno.EIO, 1), *random.sample(cases, SHORT_CASES - 1)]
    with working_folder(options) as folder, contextlib.ExitStack() as cleanup:
        shim = DiskShim(folder)
        scene = cleanup.enter_context(Scene(options, folder, shim.database, 1, shim.environment, padding=6000))
        for check in (REFUSED, RECOVERS, HIT, HARMLESS):
            scene.results.begin(check)
        hits = 0
        try:
            for number, case in enumerate(cases):
                hit = run_case(options, scene, shim, case)
                hits += hit
                if not hit and case not in rare:
                    scene.results.found(HIT, case.name)
                scene.kill()
                shim.disk.lose_power(OUTCOMES[number % len(OUTCOMES)], random)
                shim.heal()
                scene.start()
                if not options.defect:
                    print(f"{case.name}: {hit} calls", flush=True)
            figures = scene.finish()
        except Broken:
            figures = {}
        starts = 0
        if not options.defect:
            starts = fail_starts(options, scene.results, folder, random)
            in_doubt(options, scene.results, folder)
            lost_sync(options, scene.results, folder)
            lost_pages(options, scene.results, folder)
            shortened_log(options, scene.results, folder)
        return scene.results, {"cases": len(cases), "failed_calls": hits, "starts_with_a_fault": starts} | figures


def run_case(options, scene, shim, case):
    """Returns how many calls were hit."""
    results, caller = scene.results, scene.caller()
    caller.write(fresh_id())
    effect = LIE if options.defect == "IgnoredSync" else case.effect
    if options.defect != "NoFault":
        shim.fail(case.call, case.file, case.error, effect, first=1, every=case.every)
    end = time.monotonic() + HOLD_SECONDS
    if case.refuses and options.defect != "QuietFault":
        check_refusal(results, caller, case)
    elif case.refuses:
        check_refusal(results, caller, Case(case.call, case.file, errno.EROFS))
    elif case.file == DATABASE:
        # Enough for a checkpoint.
        for _ in range(10):
            caller.write(fresh_id(), 2 << 20)
    while time.monotonic() < end:
        status, response = caller.write(fresh_id())
        if case.is_harmless and status != 201:
            results.found(HARMLESS, f"{case.name}: {status} {response}")
    # The planted defect lasts until power is lost.
    hit = 1 if options.defect == "IgnoredSync" else shim.heal()
    end = time.monotonic() + RECOVERY_SECONDS
    while True:
        written, ready = caller.write(fresh_id()), caller.request("GET", "/readyz")
        if written[0] == 201 and ready[0] == 200:
            break
        if time.monotonic() > end:
            results.found(RECOVERS, f"{case.name}: {written}, {ready}")
            break
        time.sleep(0.1)
    caller.close()
    return hit


def check_refusal(results, caller, case):
    reason = re.compile(re.escape(os.strerror(case.error)) + "|" + ("disk is full" if case.error == errno.ENOSPC else "$^"))
    for what, (status, response) in {
            "a write": caller.write(fresh_id()), "/readyz": caller.request("GET", "/readyz")}.items():
        if status != 503 or not reason.search(str(response)):
            results.found(REFUSED, f"{case.name}: {what} got {status} {response}")


# One store for each scenario, with single requests.

@contextlib.contextmanager
def store(options, parent, name):
    folder = parent / name
    folder.mkdir()
    shim = DiskShim(folder)
    gateway = Gateway(options.gateway, folder, 0, shim.database, environment=shim.environment)
    try:
        yield shim, gateway
    finally:
        gateway.stop()


def fail_starts(options, results, parent, random):
    """Lets the n-th call of each kind fail while a gateway starts. Returns how many starts met a fault."""
    findings, count = results.begin(STARTS), 0
    kinds = [(OPEN, errno.EIO), (OPEN, errno.EMFILE), (OPEN, errno.EACCES), (MAP, errno.ENOMEM), (WRITE, errno.ENOSPC),
             (WRITE, errno.EIO), (SYNC, errno.EIO), (TRUNCATE, errno.EIO)]
    with store(options, parent, "starts") as (shim, gateway):
        gateway.start()
        Caller(gateway.port).write(kept := fresh_id())
        gateway.kill()
        for call, error in kinds if options.rounds else random.sample(kinds, 4):
            for first in range(1, 30 if options.rounds else 6):
                name = f"call {first} of {CALLS[call]}: {errno.errorcode[error]}"
                shim.fail(call, ANY_FILE, error, first=first, every=0, limit=1)
                try:
                    gateway.start()
                except Failure as failure:
                    if gateway.process.poll() != 1 or "Error: " not in str(failure):
                        findings.append(f"{name}: status {gateway.process.poll()}, {failure}")
                is_over = shim.heal() == 0
                if gateway.is_running:
                    gateway.kill()
                count += not is_over
                shim.disk.lose_power(random.choice(OUTCOMES), random)
                try:
                    gateway.start()
                    if not Caller(gateway.port).has(kept):
                        findings.append(f"{name}: a confirmed write is lost")
                    gateway.kill()
                except Failure as failure:
                    findings.append(f"after {name}: {failure}")
                    return count
                if is_over:
                    break
    return count


def in_doubt(options, results, parent):
    """The sync of a commit fails, and the gateway is killed before another commit: the next start finds the commit in the
    log."""
    findings = results.begin(IN_DOUBT)
    with store(options, parent, "doubt") as (shim, gateway):
        for error in (errno.EIO, errno.ENOSPC):
            gateway.start()
            caller, event = Caller(gateway.port), fresh_id()
            caller.write(fresh_id())
            shim.fail(SYNC, LOG, error)
            status, response = caller.write(event)
            gateway.kill()
            shim.heal()
            gateway.start()
            is_stored = Caller(gateway.port).has(event)
            if status != 503 or is_stored and "may have been stored" not in response["detail"]:
                findings.append(f"{errno.errorcode[error]}: {status} {response}, and then it is stored: {is_stored}")
            gateway.kill()


def lost_sync(options, results, parent):
    """The sync of a commit fails, and the system takes its pages for clean. After a restart the write is sent again,
    and confirmed: then it must be on disk."""
    findings = results.begin(LOST_SYNC)
    with store(options, parent, "sync") as (shim, gateway):
        gateway.start()
        Caller(gateway.port).write(fresh_id())
        shim.fail(SYNC, LOG, errno.EIO)
        Caller(gateway.port).write(event := fresh_id())
        gateway.kill()
        shim.heal()
        gateway.start()
        again, _ = Caller(gateway.port).write(event)
        gateway.kill()
        shim.disk.lose_power("dropped", Random(options.seed))
        gateway.start()
        if again not in (200, 201) or not Caller(gateway.port).has(event):
            findings.append(f"{event} was confirmed with {again}, and is lost")


def shortened_log(options, results, parent):
    """The first commit since the log was started again cuts the log to its usual size, and its sync fails."""
    findings = results.begin(SHORTENED)
    with store(options, parent, "shortened") as (shim, gateway):
        gateway.start()
        caller = Caller(gateway.port)
        # A checkpoint follows the commit with which the log has 4000 pages.
        while os.path.getsize(shim.database + "-wal") < 4000 * 4120:
            caller.write(fresh_id(), 1 << 20)
        wait_until(lambda: b"evento_checkpoint_duration_seconds_count 1\n" in caller.client.request("GET", "/metrics")[1], 10, "A checkpoint")
        # The first sync is that of the log's header.
        shim.fail(SYNC, LOG, errno.EIO, first=2, every=0, limit=1)
        refused, again = caller.write(fresh_id()), caller.write(fresh_id())
        shim.heal()
        if refused[0] != 503 or again[0] != 201:
            findings.append(f"{refused}, then {again}")


def lost_pages(options, results, parent):
    """While another process reads, a checkpoint moves a part of the log, and does not sync it. The sync of the next one
    fails, and the system takes all pages for clean, those of the first one too."""
    findings = results.begin(LOST_PAGES)
    events = []
    with store(options, parent, "pages") as (shim, gateway):
        gateway.start()
        caller = Caller(gateway.port)

        def write(megabytes):
            for _ in range(megabytes):
                events.append(fresh_id())
                if caller.write(events[-1], 1 << 20)[0] != 201:
                    events.pop()

        write(12)
        reader = sqlite3.connect(f"file:{shim.database}?mode=ro", uri=True, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        write(6)
        reader.execute("COMMIT")
        reader.close()
        shim.fail(SYNC, DATABASE, errno.EIO, every=0, limit=1)
        write(6)
        # Past the second after which a failed checkpoint is tried again.
        time.sleep(1.2)
        write(4)
        if not shim.heal():
            findings.append("no checkpoint failed")
        write(40)
        gateway.kill()
        shim.disk.lose_power("dropped", Random(options.seed))
        try:
            gateway.start()
        except Failure as failure:
            findings.append(str(failure))
            return
        caller = Caller(gateway.port)
        lost = [event for event in events if not caller.has(event)]
        if lost:
            findings.append(f"{len(lost)} of {len(events)} confirmed events can't be read")
        with sqlite3.connect(shim.database) as connection:
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        connection.close()
        if verdict != "ok":
            findings.append(verdict)
