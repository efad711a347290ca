#!/usr/bin/env python3
"""Streams read by the line iterators that clients use: one event is one line for each of them."""

import base64
import json
import sys

from harness import Gateway, run
from wire import write

try:
    import httpx
    import requests
except ImportError as missing:
    sys.exit(f"There is no {missing.name}: pip install httpx requests.")

MARKS = {"U+0085": "\u0085", "U+2028": "\u2028", "U+2029": "\u2029"}
# The second bytes of these, or the characters themselves, are line ends for one who takes UTF-8 for something else.
OTHERS = "\u00c5\u2026\u0105\u2014"
FORMATS = {"SSE": "text/event-stream", "NDJSON": "application/x-ndjson"}


def events():
    """Each mark in each place where a client can have one, and at last an event that all of it must lead to."""
    for name, mark in MARKS.items():
        plain = {"aggregator_type": "t", "aggregator_id": name, "name": "n", "data": {"in": name}}
        for member in ("aggregator_type", "aggregator_id", "name", "routing_key"):
            yield {**plain, member: f"{name}{mark}{member}"}
        yield {**plain, "data": {"text": f"first{mark}second"}}
        yield {**plain, "data": mark}
        yield {**plain, "metadata": {f"a{mark}": [f"{mark}b", {"c": mark}]}}
        yield {"aggregator_type": f"t{mark}", "aggregator_id": f"{mark}i", "name": f"{mark}{mark}",
               "routing_key": mark, "data": [mark], "metadata": {mark: mark}}
    yield {"aggregator_type": "t", "aggregator_id": "controls", "name": "n",
           "data": {"text": "\x0b\x0c\x1c\x1d\x1e\x00\r\n"}, "metadata": {"\x0b\x0c": "\x1c\x1d\x1e\r\n"}}
    yield {"aggregator_type": f"t{OTHERS}", "aggregator_id": "others", "name": OTHERS, "data": OTHERS}
    yield {"aggregator_type": "t", "aggregator_id": "last", "name": "n", "data": "last"}


def httpx_lines(url, accept):
    with httpx.stream("GET", url, headers={"Accept": accept}, timeout=20) as response:
        yield from response.iter_lines()


def requests_lines(url, accept, encoding="utf-8"):
    with requests.get(url, headers={"Accept": accept}, timeout=20, stream=True) as response:
        if encoding:
            response.encoding = encoding
        yield from response.iter_lines(decode_unicode=True)


def requests_lines_as_they_come(url, accept):
    return requests_lines(url, accept, None)


def requests_bytes(url, accept):
    with requests.get(url, headers={"Accept": accept}, timeout=20, stream=True) as response:
        yield from (line.decode() for line in response.iter_lines())


def follow(lines, count):
    """The events of a stream's lines; a line that is none of a stream's ends it with an error."""
    found = []
    for line in lines:
        if isinstance(line, bytes):
            line = line.decode()
        if line.startswith("data: ") or line.startswith("{"):
            value = json.loads(line.removeprefix("data: "))
            if "node" in value:
                found.append(value["node"])
            if len(found) == count:
                return found
        elif line and line.partition(":")[0] not in ("", "id", "event", "retry"):
            raise ValueError(f"no line of a stream: {line!r}")
    return found


def content(node):
    data = json.loads(base64.b64decode(node["data_base64"])) if "data_base64" in node else node["data"]
    names = [node[name] for name in ("aggregator_type", "aggregator_id", "name", "routing_key")]
    return names, data, node["metadata"]


def script(checks, folder):
    with Gateway(folder) as gateway:
        sent = list(events())
        for event in sent:
            write(gateway.address, event)
        url = f"http://127.0.0.1:{gateway.port}/events"
        stored = [edge["node"] for edge in requests.get(url, {"first": 1000}, timeout=20).json()["edges"]]
        checks.equal("what is stored is what was sent", [content(node)[1] for node in stored],
                     [event["data"] for event in sent])
        for name, accept in FORMATS.items():
            for reader in (httpx_lines, requests_lines, requests_lines_as_they_come, requests_bytes):
                try:
                    found = [content(node) for node in follow(reader(url + "/stream", accept), len(sent))]
                except ValueError as error:
                    checks.check(f"{name} by {reader.__name__}: every event is a line", False, repr(error))
                    continue
                checks.check(f"{name} by {reader.__name__}: every event is a line",
                             found == [content(node) for node in stored], f"{len(found)} events")


if __name__ == "__main__":
    run(script)
