"""Compares the responses to writers, and what readers got, with the log."""

from collections import defaultdict

# How many findings of a check are printed.
SHOWN = 3


class Results:
    """Counts what each check found."""

    def __init__(self):
        self.findings = {}

    def begin(self, check):
        return self.findings.setdefault(check, [])

    def found(self, check, text):
        self.begin(check).append(text)

    @property
    def failed(self):
        return [check for check, findings in self.findings.items() if findings]

    def print(self):
        for check, findings in self.findings.items():
            print(f"FAIL  {check}: {len(findings)}" if findings else f"ok    {check}")
            for text in findings[:SHOWN]:
                print(f"      {text}")
        print(f"{len(self.findings) - len(self.failed)} checks hold, {len(self.failed)} fail", flush=True)


def check_log(results, log, writes, is_lost=lambda event_id: False):
    """Checks the edges of the log against all writes.

    `is_lost` tells of a confirmed event that it is allowed to be missing.
    """
    positions = defaultdict(list)
    for position, edge in enumerate(log):
        positions[edge["node"]["id"]].append(position)
    _check_responses(results, log, positions, writes, is_lost)
    _check_origin(results, positions, writes)
    _check_wholeness(results, positions, writes)
    _check_versions(results, log)
    _check_winners(results, writes, is_lost)
    _check_content(results, log, positions, writes)
    _check_real_time(results, positions, writes)


def _check_responses(results, log, positions, writes, is_lost):
    once = results.begin("every confirmed write is in the log once")
    same = results.begin("cursor and version in the log are those of the response")
    for write in writes:
        if not write.is_stored:
            continue
        if [event["id"] for event in write.body["events"]] != [event["id"] for event in write.events]:
            same.append(f"the response to {write.events[0]['id']} names other events")
            continue
        for event in write.body["events"]:
            places = positions.get(event["id"], [])
            if len(places) != 1:
                if places or not is_lost(event["id"]):
                    once.append(f"{write.kind} {event['id']} of writer {write.writer} is there {len(places)} times")
                continue
            edge = log[places[0]]
            if (edge["cursor"], edge["node"]["version"]) != (event["cursor"], event["version"]):
                same.append(f"{event['id']}: {edge['cursor']} {edge['node']['version']}, in the response {event['cursor']} "
                            f"{event['version']}")


def _check_origin(results, positions, writes):
    origin = results.begin("nothing is in the log that was refused, or never written")
    written = {event["id"]: write for write in writes for event in write.events}
    for event_id in positions:
        if event_id not in written:
            origin.append(f"{event_id} was never written")
        elif written[event_id].is_refused:
            origin.append(f"{event_id} was refused with {written[event_id].status}")


def _check_wholeness(results, positions, writes):
    whole = results.begin("a write is in the log as a whole, in its order, or not at all")
    for write in writes:
        places = [positions[event["id"]][0] for event in write.events if event["id"] in positions]
        if places and (len(places) != len(write.events) or places != sorted(places)):
            whole.append(f"{write.kind} {write.events[0]['id']}: {len(places)} of {len(write.events)} at {places}")


def _check_versions(results, log):
    versions = results.begin("the versions of each aggregate are 1, 2, 3 … in the order of the log")
    heads = defaultdict(int)
    for edge in log:
        node = edge["node"]
        aggregate = (node["aggregator_type"], node["aggregator_id"])
        if node["version"] != heads[aggregate] + 1:
            versions.append(f"{aggregate}: {node['version']} after {heads[aggregate]}")
        heads[aggregate] = node["version"]


def _check_winners(results, writes, is_lost):
    winners = results.begin("each version, and each seat, has one winner")
    taken = {}
    for write in writes:
        if not write.is_stored:
            continue
        for event in write.body["events"]:
            if is_lost(event["id"]):
                continue
            place = (event["aggregator_type"], event["aggregator_id"], event["version"])
            if write.kind == "seat":
                place = place[:2]
            if taken.setdefault(place, event["id"]) != event["id"]:
                winners.append(f"{place}: {taken[place]} and {event['id']}")


def _check_content(results, log, positions, writes):
    content = results.begin("events have the content that was written")
    for write in writes:
        for event in write.events:
            for place in positions.get(event["id"], []):
                node = log[place]["node"]
                different = [name for name, value in event.items() if node.get(name) != value]
                if different:
                    content.append(f"{event['id']}: {', '.join(different)}")


def _check_real_time(results, positions, writes):
    order = results.begin("a write that begins after the response to another is later in the log")
    stored = [write for write in writes if write.is_stored and write.events[0]["id"] in positions]
    latest_sent, latest = 0.0, None
    for write in sorted(stored, key=lambda write: positions[write.events[0]["id"]][0]):
        if write.responded_at < latest_sent:
            order.append(f"{write.events[0]['id']} had its response before {latest.events[0]['id']} was sent, and is later")
        if write.sent_at > latest_sent:
            latest_sent, latest = write.sent_at, write


def check_same_logs(results, logs):
    """Checks that all gateways have the same log; `logs` has a list of what was seen for each."""
    same = results.begin("every gateway has the same log")
    for number, log in enumerate(logs[1:], 1):
        if log != logs[0]:
            same.append(f"gateway {number}: {first_difference(logs[0], log)}")


def check_reader(results, reader, expected, began):
    """Checks that a reader got exactly the expected events, in this order. `began` is when the load began."""
    findings = results.begin("every reader got each event once, in the order of the log")
    if reader.error:
        findings.append(f"{reader.name} ended with {reader.error}")
    if reader.refusal:
        findings.append(f"{reader.name} was stopped after {reader.refused_at - began:.1f} s by {reader.refusal['code']}")
    if reader.events != expected:
        findings.append(f"{reader.name}: {first_difference(expected, reader.events)}")


def first_difference(expected, found):
    """Describes where two lists begin to differ."""
    index = next((n for n, (a, b) in enumerate(zip(expected, found)) if a != b), min(len(expected), len(found)))
    known = {event.id: n for n, event in enumerate(expected)}
    skipped = len({event.id for event in expected} - {event.id for event in found})
    twice = len(found) - len({event.id for event in found})
    unknown = sum(event.id not in known for event in found)
    text = f"{len(found)} events of {len(expected)}, {skipped} skipped, {twice} twice, {unknown} unknown"
    if index < len(found) and index < len(expected):
        text += f"; event {index} is {found[index].id}, not {expected[index].id}"
        if found[index].id == expected[index].id:
            text += ": the same with another cursor or content"
    return text
