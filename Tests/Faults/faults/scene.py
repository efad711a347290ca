"""Gateways on one store, with everything that writes and reads, and the checks at the end. Load and checks are those of
Tests/Failover."""

import contextlib
import json
import tempfile
import time
from pathlib import Path

from failover import report
from failover.checks import Results
from failover.end import END_SECONDS, check_end
from failover.gateways import ERRORS, Client, Gateway
from failover.readers import make_readers
from failover.ulid import ulid
from failover.writers import Load, Write, Writer
from servers.processes import Failure

from . import keepers

STARTS = "the gateway starts after each fault"


@contextlib.contextmanager
def working_folder(options):
    """The folder of a run: a new one below the one that was named, or a temporary one."""
    if options.folder:
        folder = Path(options.folder).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        yield Path(tempfile.mkdtemp(dir=folder))
        return
    with tempfile.TemporaryDirectory(prefix="evento-faults-") as name:
        # PostgreSQL's user must reach its folder in it.
        Path(name).chmod(0o755)
        yield Path(name)


class Scene:
    def __init__(self, options, folder, database, gateways=1, environment=None, rate=300, writers=12, padding=120,
                 results=None):
        self.options, self.folder = options, folder
        self.results = results or Results()
        self.gateways = [Gateway(options.gateway, folder, number, database, environment=environment)
                         for number in range(gateways)]
        self.ports = [gateway.port for gateway in self.gateways]
        self.load = Load(self.ports, rate, padding=padding)
        self.writer_count = writers
        self.threads, self.readers = [], []

    def __enter__(self):
        try:
            for gateway in self.gateways:
                gateway.start()
            self.results.begin(STARTS)
            self.readers = make_readers(self.ports, self.options.gateway)
            self.keepers = [keepers.Keeper(self.load, number) for number in range(2)]
            writers = [Writer(self.load, number, self.writer_count, self.options.seed)
                       for number in range(self.writer_count)]
            self.threads = [*writers, *self.keepers]
            for thread in [*self.readers, *self.threads]:
                thread.start()
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.end_load(0)
        for reader in self.readers:
            reader.stop()
        for gateway in self.gateways:
            gateway.stop()

    def kill(self):
        for gateway in self.gateways:
            gateway.kill()

    def start(self):
        for gateway in self.gateways:
            try:
                gateway.start()
            except Failure as failure:
                # Nothing can be checked without a store.
                self.results.found(STARTS, str(failure))
                raise Broken from failure

    def caller(self, timeout=20):
        return Caller(self.ports[0], timeout, self.load)

    def end_load(self, seconds=END_SECONDS):
        self.load.deadline = time.monotonic() + seconds
        self.load.stop.set()
        for thread in self.threads:
            thread.join()

    def finish(self):
        """Ends the load, and checks everything. Returns the figures."""
        # With a planted defect, some wait for what never comes.
        patience = 2 if self.options.defect else END_SECONDS
        self.end_load(patience)
        # A keeper's last look: nothing is under way any more.
        for keeper in self.keepers:
            keeper.look()
            keeper.client.close()
        for check in (keepers.CURSOR_KEPT, keepers.SNAPSHOT_KEPT):
            self.results.begin(check)
        check_end(self.results, self.gateways, self.ports, self.load, self.readers, patience=patience)
        figures = report.figures(self.load, self.readers, [], time.monotonic() - self.load.began)
        readers = figures.pop("readers")
        return figures | {
            "read_events": sum(reader["events"] for reader in readers.values()),
            "acknowledgements": sum(keeper.cursors.confirmed + 1 for keeper in self.keepers),
            "snapshots": sum(keeper.snapshots.confirmed + 1 for keeper in self.keepers),
            "looks": sum(keeper.looks for keeper in self.keepers)}


class Broken(Exception):
    """The store can't be used any more; the results say why."""


class Caller:
    """Single requests to one gateway. With a load, its writes are among those that are checked at the end."""

    def __init__(self, port, timeout=20, load=None):
        self.client, self.load = Client(port, timeout), load

    def request(self, method, target, value=None):
        """The status and the JSON of a response; None and the error if there is none."""
        try:
            status, body = self.client.request(method, target, None if value is None else json.dumps(value))
        except ERRORS as error:
            return None, repr(error)
        return status, json.loads(body) if body else None

    def write(self, event_id, size=10):
        event = {"id": event_id, "aggregator_type": "probe/Single", "aggregator_id": "a", "name": "Probed",
                 "data": "x" * size}
        write = Write("probe", -1, [event], sent_at=time.monotonic())
        if self.load:
            self.load.writes.append(write)
        write.status, write.body = self.request("POST", "/events", {"events": [event]})
        write.responded_at = time.monotonic()
        return write.status, write.body

    def has(self, event_id):
        return self.request("GET", f"/events/{event_id}")[0] == 200

    def close(self):
        self.client.close()


def fresh_id():
    return ulid(time.time())
