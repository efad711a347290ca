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
    folder = paths.WORK / f"store-{events}"
    database = folder / "store.sqlite"
    if not (folder / "complete").exists():
        paths.fresh_folder(folder.name)
        with Gateway(database) as server:
            _fill(server.port, events, folder)
        (folder / "complete").touch()
    return database, folder


def _fill(port: int, events: int, folder) -> None:
    aggregates = max(1, events // PER_AGGREGATE)
    text = ("the quick brown fox jumps over the lazy dog and runs on; " * 4)[:189]
    connection = http.client.HTTPConnection("127.0.0.1", port)
    cursors, ids = [], []
    for start in range(0, events, PER_WRITE):
        body = json.dumps({"events": [
            {"aggregator_type": "bank/Account", "aggregator_id": f"account-{n % aggregates:09}",
             "name": "MoneyDeposited", "version": n // aggregates + 1, "data": {"text": text}}
            for n in range(start, min(start + PER_WRITE, events))]}, separators=(",", ":"))
        connection.request("POST", "/events", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"a write of the store was answered with {answer.status}: {content[:200]}")
        for event in random.sample(json.loads(content)["events"], 2):
            cursors.append(event["cursor"])
            ids.append(event["id"])
    connection.close()
    _write(folder / "by-position", (f"/events?first=100&after={cursor}" for cursor in cursors[:-2 - 200 // PER_WRITE]))
    _write(folder / "by-id", (f"/events/{id}" for id in ids))
    _write(folder / "cursors", cursors)
    _write(
        folder / "by-aggregate",
        (f"/events?first=100&aggregator_type=bank/Account&aggregator_id=account-{n:09}"
         for n in random.sample(range(aggregates), min(aggregates, 2000))))


def _write(path, lines) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))
