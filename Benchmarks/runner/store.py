"""A store of many events, made once through POST /events, with places in it to read from."""

import http.client
import json
import random

from . import paths
from .processes import Gateway

PER_AGGREGATE = 100
PER_WRITE = 1000


def prepared(events: int) -> tuple:
    """The database of a store with so many events, and a folder with files of request targets for the driver.

    An aggregate's events lie apart: as many aggregates as the log has events for take one event in turn.
    """
    return _made(paths.WORK / f"store-{events}", lambda port, folder: _fill(port, events, folder))


# Of a store to catch up with: one aggregate has so many events, at the end.
LONG, LONG_EVENTS = "long", 10_000
# One event in so many is of another type.
AUDIT_EVERY = 100


def to_catch_up(events: int, folder=None) -> tuple:
    """The database of a store with a tenth as many aggregates as events, one of them long, and a second type; and a
    folder with the cursor of its middle, and with request targets.

    - Parameter folder: where it is made, if it is not kept.
    """
    folder = folder or paths.WORK / f"catchup-{events}"
    return _made(folder, lambda port, folder: _fill_to_catch_up(port, events, folder))


def _fill_to_catch_up(port: int, events: int, folder) -> None:
    aggregates = max(1, events // 10)

    def event(n: int) -> dict:
        if n >= events - LONG_EVENTS:
            return deposit(LONG)
        if n % AUDIT_EVERY == 0:
            return deposit(f"audit-{n // AUDIT_EVERY % 100:02}") | {"aggregator_type": "bank/Audit"}
        return deposit(f"account-{n % aggregates:09}")

    for number, written in enumerate(_written(port, events, event)):
        if number == events // PER_WRITE // 2:
            (folder / "middle").write_text(written[0]["cursor"])
    accounts = [n for n in random.sample(range(aggregates), min(aggregates, 2000)) if n % AUDIT_EVERY > 0]
    _write(
        folder / "by-aggregate",
        (f"/events?first=100&aggregator_type=bank/Account&aggregator_id=account-{n:09}" for n in accounts))


def audits(events: int) -> int:
    """The events of the second type."""
    return -(-(events - LONG_EVENTS) // AUDIT_EVERY)


def _made(folder, fill) -> tuple:
    database = folder / "store.sqlite"
    if not (folder / "complete").exists():
        paths.fresh_folder(folder)
        with Gateway(database) as server:
            fill(server.port, folder)
        (folder / "complete").touch()
    return database, folder


TEXT = ("the quick brown fox jumps over the lazy dog and runs on; " * 4)[:189]


def deposit(account: str) -> dict:
    return {"aggregator_type": "bank/Account", "aggregator_id": account, "name": "MoneyDeposited",
            "data": {"text": TEXT}}


def _written(port: int, events: int, event):
    """Writes events, by their number, and yields the responses to them."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for start in range(0, events, PER_WRITE):
        body = json.dumps(
            {"events": [event(n) for n in range(start, min(start + PER_WRITE, events))]}, separators=(",", ":"))
        connection.request("POST", "/events", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"a write of the store was answered with {answer.status}: {content[:200]}")
        yield json.loads(content)["events"]
    connection.close()


def _fill(port: int, events: int, folder) -> None:
    aggregates = max(1, events // PER_AGGREGATE)
    cursors, ids = [], []
    for written in _written(
            port, events,
            lambda n: deposit(f"account-{n % aggregates:09}") | {"version": n // aggregates + 1}):
        for event in random.sample(written, 2):
            cursors.append(event["cursor"])
            ids.append(event["id"])
    _write(folder / "by-position", (f"/events?first=100&after={cursor}" for cursor in cursors[:-2 - 200 // PER_WRITE]))
    _write(folder / "by-id", (f"/events/{id}" for id in ids))
    _write(folder / "cursors", cursors)
    _write(
        folder / "by-aggregate",
        (f"/events?first=100&aggregator_type=bank/Account&aggregator_id=account-{n:09}"
         for n in random.sample(range(aggregates), min(aggregates, 2000))))


def _write(path, lines) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))
