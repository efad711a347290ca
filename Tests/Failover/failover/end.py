"""What is checked once nothing fails any more."""

import time

from . import checks
from .readers import read_log, seen, selected
from .writers import NO_INTERNAL_ERROR

# How long readers and writes without a response may take when nothing fails any more.
END_SECONDS = 30


def check_end(results, gateways, ports, load, readers, lost=None, patience=END_SECONDS):
    """Compares responses, logs and readers, and stops the readers and the gateways.

    `lost` has the moments between which confirmed writes may be lost, and `patience` says how long readers may take.
    """
    logs = [read_log(port) for port in ports]
    edges = logs[0]
    checks.check_same_logs(results, [[seen(edge) for edge in log] for log in logs])
    for check_name, text in load.violations:
        results.found(check_name, text)
    responded = {event["id"]: write.responded_at for write in load.writes for event in write.events}

    def is_lost(event_id):
        # Half a second for the responses that were on their way.
        return lost is not None and lost[0] <= (responded[event_id] or 0) <= lost[1] + 0.5

    checks.check_log(results, edges, load.writes, is_lost)
    conflicts = results.begin("the writers had conflicts, and all writes had a response")
    if not any((write.body or {}).get("code") == "invalid_original_version" for write in load.writes):
        conflicts.append("no conflict")
    conflicts += [f"{write.kind} {write.events[0]['id']} has no response" for write in load.writes if write.status is None]
    if lost is None:
        end = time.monotonic() + patience
        for reader in readers:
            expected = selected(edges, reader)
            while len(reader.events) < len(expected) and reader.is_alive() and time.monotonic() < end:
                time.sleep(0.05)
            checks.check_reader(results, reader, expected, load.began)
    internal = results.begin(NO_INTERNAL_ERROR)
    internal += [f"{reader.name} got {reader.refusals[500]}" for reader in readers if reader.refusals[500]]
    for reader in readers:
        reader.stop()
    stopped = results.begin("the gateways run to the end, and stop in good order")
    for gateway in gateways:
        was_running, status = gateway.is_running, gateway.stop()
        if not was_running or status != 0:
            stopped.append(f"gateway {gateway.number}: {'stopped' if was_running else 'ended'} with status {status}")
    return edges
