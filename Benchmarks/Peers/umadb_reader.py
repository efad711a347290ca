"""Events of UmaDB with its own client: umadb_reader.py PORT fill EVENTS; or umadb_reader.py PORT read, which reads all
of them and prints one JSON object."""

import json
import sys
import time

import umadb

DATA = b'{"text":"' + b"x" * 189 + b'"}'
PER_WRITE = 1000


def fill(client, events: int) -> None:
    for start in range(0, events, PER_WRITE):
        client.append([
            umadb.Event(event_type="MoneyDeposited", data=DATA, tags=[f"account-{n % (events // 10):09}"])
            for n in range(start, min(start + PER_WRITE, events))])


def read(client) -> None:
    began, used = time.monotonic(), time.process_time()
    count = sum(1 for _ in client.read())
    seconds = time.monotonic() - began
    print(json.dumps({
        "events": count, "events_rate": count / seconds,
        "reader_cpu_us": (time.process_time() - used) * 1e6 / count}))


client = umadb.Client(f"http://127.0.0.1:{sys.argv[1]}")
if sys.argv[2] == "fill":
    fill(client, int(sys.argv[3]))
else:
    read(client)
