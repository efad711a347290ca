"""Rounds of faults under load, and how soon each gateway writes again."""

import random
import time

from .stores import Probe

# How soon after the new leader's first commit each gateway must have stored a write.
WRITE_AGAIN_SECONDS = 2
# How long it is waited for nevertheless, so that the figure is known.
PATIENCE_SECONDS = 40
CALM_SECONDS = 2


def run_rounds(results, store, gateways, load, faults, count):
    """Runs so many rounds, and returns their figures."""
    check = results.begin(f"every gateway writes within {WRITE_AGAIN_SECONDS} s of the end of a fault")
    rounds = []
    for number in range(count):
        fault = faults[number % len(faults)]
        time.sleep(CALM_SECONDS)
        load.epoch = str(number + 1)
        began = time.monotonic()
        ended, expected = _apply(fault, store, gateways)
        delays = _wait_for_writes(load, ended, expected)
        figures = {"fault": fault, "at": round(began - load.began, 1), "ended_after": round(ended - began, 2),
                   "written_after": {str(index): None if delay is None else round(delay, 2)
                                     for index, delay in delays.items()}}
        rounds.append(figures)
        print(f"round {number + 1}: {fault} at {figures['at']} s, ended after {figures['ended_after']} s, gateways wrote "
              f"{', '.join(str(delay) for delay in figures['written_after'].values())} s later", flush=True)
        for index, delay in delays.items():
            if delay is None or delay > WRITE_AGAIN_SECONDS:
                check.append(f"round {number + 1}, {fault}: gateway {index}: "
                             + ("no write" if delay is None else f"{delay:.2f} s"))
        healing = time.monotonic()
        store.heal()
        figures |= {"healed_at": [round(moment - load.began, 1) for moment in (healing, time.monotonic())]}
    time.sleep(CALM_SECONDS)
    return rounds


def _apply(fault, store, gateways):
    """Lets a fault happen; returns when it ended, and the indexes of the gateways that must write then."""
    everyone = range(len(gateways))
    if fault == "kill-gateway":
        index = random.randrange(len(gateways))
        gateways[index].kill()
        gateways[index].start()
        return time.monotonic(), everyone
    if fault in ("cut", "terminate"):
        getattr(store, fault)()
        return time.monotonic(), everyone
    if fault == "kill-server":
        store.kill_server()
        return Probe(store.ports).wait(), everyone
    old = store.cluster.leader()
    if fault == "switchover":
        # Patroni responds when all is done. The new leader writes earlier.
        probe = Probe(store.ports, old.port)
        store.cluster.switch_over()
        return probe.wait(), everyone
    old = store.cluster.kill_leader() if fault == "kill-leader" else store.cluster.pause_leader()
    return Probe(store.ports, old.port).wait(), everyone


def _wait_for_writes(load, since, expected):
    """How long after a moment each gateway stored a write; None: not at all."""
    delays = dict.fromkeys(expected)
    end = since + PATIENCE_SECONDS
    position = 0
    while None in delays.values() and time.monotonic() < end:
        attempts = load.attempts
        while position < len(attempts):
            at, index, status = attempts[position]
            position += 1
            if status == 201 and at >= since and delays.get(index, 0) is None:
                delays[index] = at - since
        time.sleep(0.05)
    return delays
