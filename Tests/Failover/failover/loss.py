"""Lets a store lose confirmed writes, and checks that no cursor of the lost history is ever accepted again."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from .checks import first_difference
from .gateways import Client
from .readers import read_log, seen, selected
from .ulid import ulid

# How long a reader may go on without an error after the gateways write again.
REFUSAL_SECONDS = 30
LOST_SECONDS = 3


def run_loss(results, store, gateways, ports, load, readers):
    """Runs the scenario, and returns its figures and the moments between which confirmed writes may be lost."""
    time.sleep(LOST_SECONDS)
    kept = read_log(ports[0])[-1]["cursor"]
    load.may_lose = True
    began = time.monotonic()
    store.begin_loss()
    since = time.monotonic()
    load.epoch = "Lost"
    time.sleep(LOST_SECONDS)
    _wait_until(lambda: all(reader.latest_at > since + 1 for reader in readers), 20, "Readers with lost events")
    lost_cursors = _cursors_of_epoch(load, "HappenedLost")
    load.epoch = "After"
    store.lose(gateways)
    ended = time.monotonic()
    _wait_until(lambda: _has_written(load, ended, len(ports)), 60, "Gateways that write again")
    written_after = time.monotonic() - ended
    # The new history must be longer than the lost one: its positions are taken again.
    longest = max(len(reader.events) for reader in readers if not reader.is_filtered)
    _wait_until(lambda: len(read_log(ports[0])) > longest + 50, 120, "A history longer than the lost one")
    edges = read_log(ports[0])
    present = {edge["cursor"] for edge in edges}
    lost = [cursor for cursor in lost_cursors if cursor not in present]
    happened = results.begin("the store has lost confirmed writes, and each reader had got some of them")
    if not lost:
        happened.append("nothing was lost")
    _check_cursors(results, ports, lost, kept, edges)
    limit = time.monotonic() + REFUSAL_SECONDS
    _check_readers(results, happened, readers, edges, limit)
    return {"lost_events": len(lost), "written_after": round(written_after, 2),
            "refused_after": {reader.name: round(reader.refused_at - ended, 2)
                              for reader in readers if reader.refused_at}}, (began, ended)


def _cursors_of_epoch(load, name):
    return [event["cursor"] for write in list(load.writes) if write.is_stored and write.events[0]["name"] == name
            for event in write.body["events"]]


def _has_written(load, since, count):
    return len({index for at, index, status in load.attempts if status == 201 and at > since}) == count


def _wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s.")
        time.sleep(0.1)


def _check_cursors(results, ports, lost, kept, edges):
    """Sends a lost cursor, and one of the kept history, wherever a cursor is taken."""
    refused = results.begin("every cursor of the lost history is refused, wherever a cursor is taken")
    accepted = results.begin("a cursor of the kept history goes on with the event that follows")
    samples = lost[:: max(1, len(lost) // 20)] + lost[-1:]
    place = next(n for n, edge in enumerate(edges) if edge["cursor"] == kept)

    def check(port):
        client = Client(port, 20)
        status, body = client.request("GET", f"/events?first=1&after={kept}")
        if status != 200 or json.loads(body)["edges"] != [edges[place + 1]]:
            accepted.append(f"port {port}: {status} {body[:200]}")
        client.request("PUT", "/subscribers/loss", json.dumps({"worker_id": ulid(0)}))
        for cursor in samples:
            for method, target, body in _uses(cursor):
                status, response = client.request(method, target, body and json.dumps(body))
                code = json.loads(response or b"{}").get("code")
                if (status, code) != (409, "cursor_not_in_history"):
                    refused.append(f"port {port}: {method} {target.split('?')[0]} with {cursor}: {status} {code}")
        client.close()

    with ThreadPoolExecutor(len(ports)) as pool:
        list(pool.map(check, ports))


def _uses(cursor):
    event = {"aggregator_type": "load/Probe", "aggregator_id": "p", "name": "Probed"}
    condition = {"fail_if_events_match": [{"aggregator_type": "load/Nothing"}], "after": cursor}
    return [
        ("GET", f"/events?first=1&after={cursor}", None),
        ("GET", f"/events?last=1&before={cursor}", None),
        ("GET", f"/events?first=1&wait=1&after={cursor}", None),
        ("GET", f"/events?first=1&aggregator_type=load/Seat&after={cursor}", None),
        ("GET", f"/events/stream?after={cursor}", None),
        ("POST", "/events/query", {"first": 1, "after": cursor}),
        ("POST", "/events/stream", {"after": cursor}),
        ("POST", "/events", {"events": [event], "condition": condition}),
        ("PUT", "/subscribers/loss/cursor", {"cursor": cursor}),
        ("PUT", "/snapshots/load%2FState/1/loss", {"cursor": cursor, "data": 1}),
    ]


def _check_readers(results, happened, readers, edges, limit):
    stopped = results.begin("a reader that got lost events stops with 409 cursor_not_in_history, and gets nothing more")
    present = {seen(edge) for edge in edges}
    ends = {}
    for reader in readers:
        while reader.is_alive() and time.monotonic() < limit:
            reader.join(0.1)
        events = list(reader.events)
        divergence = next((n for n, event in enumerate(events) if event not in present), None)
        if divergence is None:
            happened.append(f"{reader.name} got no lost event")
            continue
        expected = selected(edges, reader)[:divergence]
        if events[:divergence] != expected:
            stopped.append(f"{reader.name}, before the loss: {first_difference(expected, events[:divergence])}")
        after = [event for event in events[divergence:] if event in present]
        if after:
            stopped.append(f"{reader.name} got {len(after)} events of the new history after lost ones")
        if (reader.refusal or {}).get("code") != "cursor_not_in_history":
            stopped.append(f"{reader.name} was not stopped: {reader.refusal or reader.error or 'it still follows'}")
        ends.setdefault(reader.is_filtered, []).append(events[divergence:])
    agree = results.begin("all readers got the lost events in the same order")
    for sequences in ends.values():
        longest = max(sequences, key=len)
        for sequence in sequences:
            if longest[:len(sequence)] != sequence:
                agree.append(first_difference(longest[:len(sequence)], sequence))
