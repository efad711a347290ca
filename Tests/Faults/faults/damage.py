"""Bits flip and pages tear anywhere in the files of a store, and then it is read in every way, verified and backed up."""

import contextlib
import json
import shutil
import subprocess
from random import Random
from urllib.parse import quote

from failover.checks import Results
from failover.gateways import ERRORS, Client, Gateway
from failover.ulid import ulid
from servers.processes import Failure

from .scene import working_folder

CONTENT = "an event or a snapshot is served as it was, or not at all, and every body is JSON"
WHOLE = "a read of the whole log has every event, or reports the damage"
FILTERED = "a read that leaves out events and reports no damage is of a store that verify finds damaged"
VERIFIED = "a store that verify finds sound has the digest of the undamaged one"
BACKUP = "a backup that succeeds has the digest of the undamaged store"

DEFECTS = {"ChangedEvent": CONTENT, "TornBody": CONTENT, "ShortLog": WHOLE, "SkippedEvent": FILTERED,
           "BlindVerify": VERIFIED, "BlindBackup": BACKUP}
SHORT_ROUNDS = 40
PAGE = 4096
EVENTS = 900
LONG_TYPE, LONG_AGGREGATE, SHORT_TYPE = "damage/Many", "long", "damage/Few"


def run(options):
    random = Random(options.seed)
    rounds = 2 if options.defect else options.rounds or SHORT_ROUNDS
    results, counts = Results(), {}
    for check in (CONTENT, WHOLE, FILTERED, VERIFIED, BACKUP):
        results.begin(check)
    with working_folder(options) as folder:
        stores = [Store(options, folder / name, random, keeps_log) for name, keeps_log in (("plain", False), ("log", True))]
        for number in range(rounds):
            outcome = Round(options, results, stores[number % 2], folder / "damaged", number, random).run()
            counts[outcome] = counts.get(outcome, 0) + 1
    return results, {"rounds": rounds} | dict(sorted(counts.items()))


def events(random):
    """Events that are in every kind of index: many names, long aggregates, routing keys, and payloads of many pages."""
    for number in range(EVENTS):
        large = number % 150 == 7
        kind = number % 3
        yield {
            "id": ulid(1_700_000_000 + number),
            "aggregator_type": SHORT_TYPE if kind == 0 else LONG_TYPE,
            "aggregator_id": LONG_AGGREGATE if kind == 1 else f"a{random.randrange(40)}",
            "name": f"Name{random.randrange(5 if kind == 0 else 45)}",
            "routing_key": [None, "north", "south"][random.randrange(3)] if kind == 0 else f"key{number % 2}",
            "data": {"number": number, "text": "x" * (20_000 if large else random.randrange(300))},
            "metadata": {"requested_by": f"user{number}"} if number % 4 == 0 else {}}


class Store:
    """A store in files that are never changed, with what every read of it returns."""

    def __init__(self, options, folder, random, keeps_log):
        folder.mkdir()
        self.database = folder / "store.sqlite"
        gateway = Gateway(options.gateway, folder, 0, str(self.database))
        gateway.start()
        client = Client(gateway.port, 20)
        try:
            self._write(client, list(events(random)))
            self.answers = {read: read.run(client) for read in reads(random, client)}
        finally:
            client.close()
            # A killed gateway leaves its log, and one that stops moves it into the database.
            gateway.kill() if keeps_log else gateway.stop()
        (folder / "store.sqlite-shm").unlink(missing_ok=True)
        self.files = sorted(path for path in folder.iterdir() if path.name.startswith("store.sqlite"))
        self.digest = verify(options, copied(self, folder / "whole"))[1]
        if any(answer.error for answer in self.answers.values()) or self.digest is None:
            raise Failure("The undamaged store can't be read.")

    def _write(self, client, all_events):
        # Erratic sizes, so that requests and pages don't coincide. The rest of the log is of a later checkpoint.
        while all_events:
            batch, all_events = all_events[:37], all_events[37:]
            status, body = client.request("POST", "/events", json.dumps({"events": batch}))
            if status != 201:
                raise Failure(f"A write got {status}: {body}")
        cursor = json.loads(body)["events"][-1]["cursor"]
        for number in range(8):
            data = {"cursor": cursor, "data": {"state": "s" * (number * 700)}}
            client.request("PUT", f"/snapshots/damage%2FFew/1/a{number}", json.dumps(data))
        client.request("PUT", "/subscribers/consumer", json.dumps({"worker_id": ulid(1_700_000_000)}))
        client.request("PUT", "/subscribers/consumer/cursor", json.dumps({"cursor": cursor}))


class Answer:
    """What a read returned: items by their keys, in order, and the error at which it ended."""

    def __init__(self):
        self.items, self.error = [], None


class Read:
    """One way to read, by a function of a client and an answer."""

    def __init__(self, name, is_whole, body):
        self.name, self.is_whole, self.body = name, is_whole, body

    def run(self, client):
        answer = Answer()
        try:
            self.body(client, answer)
        except ERRORS as error:
            # A cut response is an error that its reader sees.
            answer.error = repr(error)
        return answer


class NoJSON(Exception):
    """A body with the status 200 that is no JSON."""


def parsed(body):
    try:
        return json.loads(body)
    except ValueError as error:
        raise NoJSON(f"{error}: {body[:200]}") from error


def pages(query, backward=False):
    def body(client, answer):
        position = ""
        while True:
            size, after = ("last", "before") if backward else ("first", "after")
            status, text = client.request("GET", f"/events?{size}=61{query}{position and f'&{after}={position}'}")
            if status != 200:
                answer.error = f"{status}"
                return
            page = parsed(text)
            edges = [json.dumps(edge) for edge in page["edges"]]
            answer.items += reversed(edges) if backward else edges
            info = page["page_info"]
            if not info["has_previous_page" if backward else "has_next_page"]:
                return
            position = info["start_cursor" if backward else "end_cursor"]
    return body


def stream(client, answer):
    response = client.open("/events/stream", {"Accept": "application/x-ndjson"})
    if response.status != 200:
        answer.error = f"{response.status}"
        client.close()
        return
    # A heartbeat shows that all of what is there was sent.
    while len(answer.items) < EVENTS:
        line = response.readline()
        if not line:
            answer.error = "the stream ended"
            break
        message = parsed(line)
        if message["type"] == "heartbeat":
            break
        answer.items.append(json.dumps({"cursor": message["cursor"], "node": message["node"]}))
    client.close()


def single(target, missing):
    def body(client, answer):
        status, text = client.request("GET", target)
        if status == 200:
            answer.items.append(json.dumps(parsed(text)))
        elif status != 404 or missing not in text.decode():
            answer.error = f"{status}"
    return body


def reads(random, client):
    """All reads, with those of some events by their ids."""
    yield Read("pages of all events", True, pages(""))
    yield Read("pages of all events, backward", True, pages("", backward=True))
    yield Read("a stream of all events", True, stream)
    for name, query in {
            "a type": f"aggregator_type={quote(LONG_TYPE)}", "another type": f"aggregator_type={quote(SHORT_TYPE)}",
            "a name": f"aggregator_type={quote(SHORT_TYPE)}&name=Name3",
            "a late name": f"aggregator_type={quote(LONG_TYPE)}&name=Name44",
            "an aggregate": f"aggregator_type={quote(SHORT_TYPE)}&aggregator_id=a7",
            "a long aggregate": f"aggregator_type={quote(LONG_TYPE)}&aggregator_id={LONG_AGGREGATE}",
            "a long aggregate's name": f"aggregator_type={quote(LONG_TYPE)}&aggregator_id={LONG_AGGREGATE}&name=Name9",
            "a routing key": "routing_key=north", "no routing key": "routing_key=",
            "a type with a key": f"aggregator_type={quote(LONG_TYPE)}&routing_key=key1"}.items():
        yield Read(f"pages of {name}", False, pages(f"&{query}"))
        yield Read(f"pages of {name}, backward", False, pages(f"&{query}", backward=True))
    page = json.loads(client.request("GET", "/events?first=1000")[1])
    for edge in random.sample(page["edges"], 40):
        yield Read(f"event {edge['node']['id']}", False, single(f"/events/{edge['node']['id']}", "event_not_found"))
    for number in range(8):
        yield Read(f"snapshot {number}", False, single(f"/snapshots/damage%2FFew/1/a{number}", "snapshot_not_found"))


def copied(store, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in store.files:
        shutil.copyfile(file, folder / file.name)
    return folder / "store.sqlite"


def verify(options, database):
    """The exit status, and the digest of a store."""
    result = subprocess.run([options.gateway, "verify", "--json", "--database", str(database)], capture_output=True,
                            text=True, timeout=120)
    try:
        return result.returncode, json.loads(result.stdout)["sha256"]
    except ValueError:
        return result.returncode, None


def damage(path, random):
    """Damages a file in one of the ways in which disks and programs do, and says how."""
    data = bytearray(path.read_bytes())
    # Frames of the log have a header before their page.
    start, unit = (32, PAGE + 24) if path.name.endswith("-wal") else (0, PAGE)
    count = max((len(data) - start) // unit, 1)
    page = start + random.randrange(count) * unit
    way = random.choice(["bit", "bit", "bits", "zeros", "torn", "swapped", "sector", "noise"])
    if way in ("bit", "bits"):
        for _ in range(1 if way == "bit" else 20):
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    elif way == "zeros":
        data[page:page + unit] = bytes(len(data[page:page + unit]))
    elif way == "torn":
        half = page + unit // 2
        data[half:page + unit] = bytes(len(data[half:page + unit]))
    elif way == "swapped":
        other = start + random.randrange(count) * unit
        data[page:page + unit], data[other:other + unit] = data[other:other + unit], data[page:page + unit]
    elif way == "sector":
        sector = random.randrange(max(len(data) // 512, 1)) * 512
        other = random.randrange(max(len(data) // 512, 1)) * 512
        data[sector:sector + 512] = data[other:other + 512]
    else:
        place = random.randrange(len(data))
        noise = random.randbytes(min(random.randrange(1, 64), len(data) - place))
        data[place:place + len(noise)] = noise
    path.write_bytes(data)
    return f"{way} in {path.name}"


class Round:
    def __init__(self, options, results, store, folder, number, random):
        self.options, self.results, self.store, self.folder, self.number = options, results, store, folder, number
        self.random = random
        self.is_reported = self.is_short = False

    def found(self, check, text):
        self.results.found(check, f"round {self.number}, {self.how}: {text}")

    def run(self):
        database = copied(self.store, self.folder)
        path = self.random.choice(sorted(self.folder.iterdir()))
        # The planted defects are in what the checks see of a store that is not damaged.
        self.how = self.options.defect or damage(path, self.random)
        self.is_log = path.name.endswith("-wal")
        self.verdict, digest = verify(self.options, self._copy("verified"))
        if self.options.defect == "BlindVerify":
            digest = "0"
        # A damaged log ends there, as if it had not been written further: SQLite takes what follows for the rest of an
        # interrupted commit (https://sqlite.org/walformat.html#recovery).
        if self.verdict == 0 and digest != self.store.digest and not self.is_log:
            self.found(VERIFIED, f"the digest is {digest}")
        if self.verdict not in (0, 1):
            self.found(VERIFIED, f"verify ended with {self.verdict}")
        self._back_up(digest)
        return self._read(database)

    def _copy(self, name):
        folder = self.folder.with_name(name)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        return folder / "store.sqlite"

    def _back_up(self, digest):
        source = self._copy("backed_up")
        target = source.with_name("copy.sqlite")
        result = subprocess.run([self.options.gateway, "backup", str(target), "--database", str(source)],
                                capture_output=True, text=True, timeout=120)
        if result.returncode != 0:
            self.is_reported = True
            return
        _, copy = verify(self.options, target)
        if self.options.defect == "BlindBackup":
            copy = "0"
        if copy != self.store.digest and not (self.is_log and copy == digest):
            self.found(BACKUP, f"the digest of the copy is {copy}")

    def _read(self, database):
        """Reads everything. Returns the outcome of the round."""
        gateway = Gateway(self.options.gateway, self.folder, 0, str(database), ["--database-must-exist", "--stream-heartbeat", "1"])
        try:
            gateway.start()
        except Failure:
            return "refused"
        client = Client(gateway.port, 20)
        try:
            for read, expected in self.store.answers.items():
                try:
                    answer = read.run(client)
                except NoJSON as error:
                    self.found(CONTENT, f"{read.name}: {error}")
                    continue
                self._plant(read, answer)
                self._compare(read, answer, expected)
            if not gateway.is_running:
                self.found(CONTENT, f"the gateway ended with {gateway.process.returncode}")
        finally:
            client.close()
            gateway.stop()
        if self.is_short:
            return "left_out"
        if self.is_reported:
            return "reported"
        return "found_by_verify" if self.verdict else "harmless"

    def _plant(self, read, answer):
        defect = self.options.defect
        if defect == "ChangedEvent" and read.name == "pages of a name":
            answer.items[0] = answer.items[0].replace("number", "numbre")
        elif defect == "ShortLog" and read.is_whole:
            answer.items.pop()
        elif defect == "SkippedEvent" and read.name == "pages of a routing key":
            del answer.items[3]
        elif defect == "TornBody" and read.name == "pages of a name":
            with contextlib.suppress(NoJSON):
                parsed(b'{"edges":[')
                return
            self.found(CONTENT, "a body that is no JSON")

    def _compare(self, read, answer, expected):
        self.is_reported |= answer.error is not None
        if not is_subsequence(answer.items, expected.items):
            self.found(CONTENT, f"{read.name}: {other(answer.items, expected.items)}")
            return
        missing = len(expected.items) - len(answer.items)
        if not missing or answer.error:
            return
        # A log that was cut has an earlier state of the store.
        if self.is_log and self.verdict == 0:
            self.is_short = True
            return
        if read.is_whole:
            self.found(WHOLE, f"{read.name}: {missing} events are missing")
        elif self.verdict == 0:
            self.found(FILTERED, f"{read.name}: {missing} are missing")
        self.is_short = True


def is_subsequence(items, of):
    rest = iter(of)
    return all(item in rest for item in items)


def other(items, expected):
    known = set(expected)
    return next((item[:300] for item in items if item not in known), "in another order, or twice")
