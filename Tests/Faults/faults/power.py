"""Lets the machine lose power under load, again and again: what was not synced is lost, in part or as a whole."""

import contextlib
import time
from random import Random

from failover.gateways import Gateway
from failover.stores import ServerStore

from .disk import OUTCOMES
from .scene import Broken, Caller, Scene, fresh_id, working_folder
from .shims import LIE, SYNC, DiskShim, build

# A disk that reports a sync without doing it, and `synchronous = NORMAL`, which does not sync the log at a commit.
DEFECTS = {
    "LyingDisk": "every confirmed write is in the log once",
    "LowerSynchronous": "every confirmed write is in the log once",
}
SHORT_ROUNDS = 10
# The gateways that share the file.
GATEWAYS = 2
KILLED = "a write that was confirmed as stored after a kill survives a power failure"


def run(options):
    with working_folder(options) as folder, contextlib.ExitStack() as cleanup:
        if options.postgresql:
            server, shim = postgresql(folder, cleanup)
            scene = Scene(options, folder, server.database, GATEWAYS, padding=3000)
            kill, start = server.server.kill, server.server.start
        else:
            shim = DiskShim(folder)
            if options.defect == "LowerSynchronous":
                shim.environment["LD_PRELOAD"] += f" {build('synchronous', folder)}"
            scene = Scene(options, folder, shim.database, GATEWAYS, shim.environment, padding=3000)
            kill, start = scene.kill, scene.start
        if options.defect == "LyingDisk":
            shim.fail(SYNC, effect=LIE)
        cleanup.enter_context(scene)
        random = Random(options.seed)
        rounds = 2 if options.defect else options.rounds or SHORT_ROUNDS
        losses = 0
        try:
            for number in range(rounds):
                time.sleep(random.uniform(0.1, 0.8))
                kill()
                # A kill alone now and then: what it leaves in memory is lost by the next failure.
                if number % 4 != 3:
                    shim.disk.lose_power("dropped" if options.defect else OUTCOMES[losses % len(OUTCOMES)], random)
                    losses += 1
                start()
                if number % 20 == 19:
                    print(f"{losses} power failures, {len(scene.load.writes)} writes", flush=True)
            figures = scene.finish()
        except Broken:
            figures = {}
        happened = scene.results.begin("the power failures met writes that were not synced")
        if not shim.disk.unsynced_writes:
            happened.append("all were synced")
        if not options.defect and not options.postgresql:
            resend_after_kill(options, scene.results, folder)
        return scene.results, {"power_failures": losses, "unsynced_writes": shim.disk.unsynced_writes} | figures


def postgresql(folder, cleanup):
    """A server whose disk can lose power."""
    store = ServerStore(folder)
    cleanup.callback(store.stop)
    store.start()
    store.server.stop()
    shim = DiskShim(folder, store.server.data)
    store.server.variables = shim.environment
    store.server.start()
    return store, shim


def resend_after_kill(options, results, parent, count=3):
    """A gateway is killed while it syncs. The next one finds the write in the log, and confirms it when it is sent again:
    then it must be on disk."""
    findings = results.begin(KILLED)
    folder = parent / "killed"
    folder.mkdir()
    shim = DiskShim(folder)
    gateway = Gateway(options.gateway, folder, 0, shim.database, environment=shim.environment)
    try:
        for number in range(count):
            gateway.start()
            caller, event = Caller(gateway.port, 0.3), fresh_id()
            # The first commit of a log syncs its header before anything else.
            caller.write(fresh_id())
            shim.set(sync_us=2_000_000)
            status, _ = caller.write(event)
            gateway.kill()
            shim.set(sync_us=500)
            gateway.start()
            caller = Caller(gateway.port)
            was_kept = caller.has(event)
            again, _ = caller.write(event)
            if status is not None or not was_kept or again != 200:
                findings.append(f"the kill came too late or too early: {status}, {was_kept}, {again}")
            gateway.kill()
            shim.disk.lose_power("dropped", Random(options.seed))
            gateway.start()
            if not Caller(gateway.port).has(event):
                findings.append(f"{event} was confirmed with {again}, and is lost")
            gateway.stop()
            shim.disk.begin()
    finally:
        gateway.stop()
