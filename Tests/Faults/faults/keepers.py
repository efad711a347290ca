"""A consumer that keeps its position and a snapshot in the store, and looks after each failure if both are still there."""

import json
import threading
import time

from failover.gateways import ERRORS, Client
from failover.ulid import ulid

CURSOR_KEPT = "no subscriber is behind the cursor that was confirmed"
SNAPSHOT_KEPT = "every snapshot is the confirmed one, or a newer one"
REQUEST_SECONDS = 8
RETRY_PAUSE_SECONDS = 0.05


class Sent:
    """What was sent to one place, in order."""

    def __init__(self):
        self.values, self.confirmed = [], -1

    def finding(self, value, confirmed):
        """What is wrong with a value that was read; `confirmed` is the number that was confirmed before."""
        # The same cursor can have been sent more than once.
        number = len(self.values) - 1 - self.values[::-1].index(value) if value in self.values else -1
        return None if number >= confirmed else f"value {number} of {len(self.values)}, but {confirmed} was confirmed"


class Keeper(threading.Thread):
    def __init__(self, load, number):
        super().__init__(name=f"keeper {number}")
        self.load = load
        # Always the same gateway: a request that was given up could overtake a later one elsewhere.
        self.client = Client(load.ports[number % len(load.ports)], REQUEST_SECONDS)
        self.worker = ulid(time.time())
        self.subscriber, self.snapshot = f"/subscribers/keeper{number}", f"/snapshots/load%2FState/1/keeper{number}"
        self.cursor, self.is_registered = None, False
        self.cursors, self.snapshots = Sent(), Sent()
        self.looks = 0

    def run(self):
        try:
            # After a failure it looks before it stores anything newer.
            must_look = False
            while not self.load.stop.is_set():
                must_look = not (self.look() if must_look else self.keep())
                if must_look:
                    time.sleep(RETRY_PAUSE_SECONDS)
        except Exception as error:
            self.load.violations.append(("keepers", f"{self.name}: {type(error).__name__}: {error}"))
        finally:
            self.client.close()

    def request(self, method, target, value=None):
        status, body = self.client.request(method, target, None if value is None else json.dumps(value))
        if status == 500:
            self.load.violations.append(("keepers", f"{method} {target}: {body[:200]}"))
        return status, json.loads(body) if body else None

    def keep(self):
        """Reads on and stores both; false if a request failed, or there is nothing new."""
        try:
            return self._keep()
        except ERRORS:
            return False

    def _keep(self):
        if not self.is_registered:
            self.is_registered = self.request("PUT", self.subscriber, {"worker_id": self.worker})[0] in (200, 201)
        target = "/events?first=50&wait=1" + (f"&after={self.cursor}" if self.cursor else "")
        status, page = self.request("GET", target)
        if status != 200 or not page["edges"] or not self.is_registered:
            return False
        cursor = page["page_info"]["end_cursor"]
        is_kept = self.put(self.cursors, cursor, f"{self.subscriber}/cursor", {"cursor": cursor, "worker_id": self.worker})
        number = len(self.snapshots.values)
        is_kept &= self.put(self.snapshots, number, self.snapshot, {"cursor": cursor, "data": number})
        self.cursor = cursor
        return is_kept

    def put(self, sent, value, target, body):
        number = len(sent.values)
        sent.values.append(value)
        status, response = self.request("PUT", target, body)
        if status in (200, 204):
            sent.confirmed = number
        elif 400 <= status < 500:
            self.load.violations.append(("keepers", f"PUT {target}: {status} {response}"))
        return status in (200, 204)

    def look(self):
        """Compares what is stored with what was confirmed; false if it can't be read."""
        try:
            for sent, target, check in [(self.cursors, self.subscriber, CURSOR_KEPT),
                                        (self.snapshots, self.snapshot, SNAPSHOT_KEPT)]:
                confirmed = sent.confirmed
                if confirmed < 0:
                    continue
                status, found = self.request("GET", target)
                if status not in (200, 404):
                    return False
                self.looks += 1
                value = None if status == 404 else found["cursor"] if sent is self.cursors else found["data"]
                if finding := sent.finding(value, confirmed):
                    self.load.violations.append((check, f"{self.name}: {finding}"))
            return True
        except ERRORS:
            return False
