"""Sets the clock of a gateway back and forward under load."""

import threading
import time
from random import Random

from .scene import Scene, fresh_id, working_folder
from .shims import ClockShim

WAITS = "a read waits as long as it is told to, whatever the clock says"
TIMES = "an event without a timestamp gets the time of the clock"
STREAMS = "no stream is cut when the clock is set"

DEFECTS = {"MonotonicClockSet": WAITS, "ClockNotSet": TIMES}
SHORT_ROUNDS = 5
HOUR, YEAR = 3600, 365 * 86400
WAIT_SECONDS = 2
SLACK_SECONDS = 1.5


def run(options):
    random = Random(options.seed)
    with working_folder(options) as folder:
        clock = ClockShim(folder)
        with Scene(options, folder, str(folder / "events.sqlite"), 1, clock.environment) as scene:
            for check in (WAITS, TIMES, STREAMS):
                scene.results.begin(check)
            time.sleep(0.5)
            connections = {reader.name: reader.connections for reader in scene.readers}
            rounds = 1 if options.defect else options.rounds or SHORT_ROUNDS
            offsets = [-HOUR, HOUR, -10 * YEAR, 10 * YEAR, -60 * YEAR]
            for number in range(rounds):
                offset = offsets[number % len(offsets)] + random.uniform(-5, 5)
                set_clock(options, scene, clock, offset)
            for reader in scene.readers:
                if reader.name.startswith("stream") and reader.connections != connections[reader.name]:
                    scene.results.found(STREAMS, f"{reader.name}: {reader.connections} connections")
            return scene.results, {"times_set": rounds} | scene.finish()


def set_clock(options, scene, clock, offset):
    """Sets it in the middle of a read that waits, and looks at an event that gets its time from the gateway."""
    took = []

    def wait():
        caller = scene.caller()
        began = time.monotonic()
        status, _ = caller.request("GET", f"/events?aggregator_type=nothing&wait={WAIT_SECONDS}")
        took.append((status, time.monotonic() - began))
        caller.close()

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(WAIT_SECONDS / 2)
    clock.set(0 if options.defect == "ClockNotSet" else offset, HOUR if options.defect == "MonotonicClockSet" else 0)
    waiting.join()
    status, seconds = took[0]
    if status != 200 or not -0.1 < seconds - WAIT_SECONDS < SLACK_SECONDS:
        scene.results.found(WAITS, f"by {offset:.0f} s: {status} after {seconds:.2f} s")
    caller = scene.caller()
    before = int(time.time() + offset)
    status, response = caller.write(fresh_id())
    # A time before 1970 counts as 1970.
    earliest, latest = max(before, 0), max(int(time.time() + offset), 0)
    if status != 201 or not earliest <= response["events"][0]["timestamp"] <= latest:
        scene.results.found(TIMES, f"by {offset:.0f} s: {status} {response}, not {earliest} to {latest}")
    caller.close()
