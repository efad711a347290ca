"""Kills backup, restore and copy at random moments, and lets the machine lose power after them. The source is in use by two
gateways."""

import contextlib
import shutil
import subprocess
import time
from random import Random

from failover.gateways import Gateway
from failover.readers import read_log
from failover.stores import ServerStore
from servers.processes import Failure

from .disk import OUTCOMES
from .scene import Scene, working_folder
from .shims import DiskShim

BACKUP = "a backup that was killed is complete, or has no name"
CONFIRMED_BACKUP = "a backup that has exited with 0 survives a power failure"
RESTORE = "after a restore that was killed, the database has its old content or the new one"
COPY = "a copy that was killed is continued, and equals its source then"

DEFECTS = {"HalfBackup": BACKUP, "MixedRestore": RESTORE, "ShortCopy": COPY}
SHORT_ROUNDS = 4


class Command:
    """A subcommand of the program under test, which can be killed after a while."""

    def __init__(self, options, shim=None):
        self.program, self.kills, self.completed = options.gateway, 0, 0
        self.environment = shim.environment if shim else {}
        # The time that each takes when nobody kills it, in seconds.
        self.durations = {}

    def run(self, *words, after=None):
        """The exit status; None if it was killed."""
        process = subprocess.Popen([self.program, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, env=self.environment)
        began = time.monotonic()
        try:
            self.output, _ = process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.kill()
            self.output, _ = process.communicate()
        if process.returncode < 0:
            self.kills += 1
            return None
        self.completed += 1
        self.durations[words[0]] = time.monotonic() - began
        return process.returncode

    def moment(self, name, random):
        """When to kill it: mostly within its duration, sometimes after it."""
        return random.uniform(0, 1.2 * self.durations[name])

    def must(self, *words):
        if self.run(*words) != 0:
            raise Failure(f"{' '.join(map(str, words))}: {self.output.decode()}")


class Viewer:
    """Reads the log of a store that nothing else uses."""

    def __init__(self, options, folder):
        self.options, self.folder, self.count = options, folder, 100

    def nodes(self, database):
        """The events of a store, or None with a text if it can't be opened."""
        self.count += 1
        gateway = Gateway(self.options.gateway, self.folder, self.count, str(database), ["--database-must-exist"]
                          if not str(database).startswith("postgresql") else [])
        try:
            gateway.start()
            return [edge["node"] for edge in read_log(gateway.port, 5)], None
        except (Failure, RuntimeError) as failure:
            return None, str(failure)
        finally:
            gateway.stop()


def run(options):
    random = Random(options.seed)
    rounds = 1 if options.defect else options.rounds or SHORT_ROUNDS
    with working_folder(options) as folder, contextlib.ExitStack() as cleanup:
        source = folder / "source.sqlite"
        scene = cleanup.enter_context(Scene(options, folder, str(source), 2, rate=150, writers=6, padding=1500))
        results, command, viewer = scene.results, Command(options), Viewer(options, folder)
        for check in (BACKUP, RESTORE, COPY, CONFIRMED_BACKUP):
            results.begin(check)
        while sum(write.is_stored for write in list(scene.load.writes)) < 300:
            time.sleep(0.1)
        figures = {"backups": back_up(options, results, command, viewer, scene, folder, source, random, rounds)}
        if options.defect == "HalfBackup":
            return results, figures
        figures["copies"] = copy(options, results, command, viewer, scene, folder, source, random, rounds)
        figures["source"] = scene.finish()
        if options.defect == "ShortCopy":
            return results, figures
        log, _ = viewer.nodes(source)
        finish_copy(results, command, viewer, source, folder / "copy0.sqlite", log, random)
        figures["restores"] = restore(options, results, command, viewer, folder, source, log, random, rounds)
        if options.defect:
            return results, figures
        figures["powerless"] = lose_power(options, results, viewer, folder, source, log, random, rounds)
        if options.postgresql:
            server = ServerStore(folder)
            cleanup.callback(server.stop)
            server.start()
            finish_copy(results, command, viewer, source, server.database, log, random)
        return results, figures | {"kills": command.kills, "completed": command.completed}


def confirmed(scene):
    return {event["id"] for write in list(scene.load.writes) if write.is_stored for event in write.body["events"]}


def back_up(options, results, command, viewer, scene, folder, source, random, rounds):
    command.must("backup", folder / "first.sqlite", "--database", source)
    killed = 0
    for number in range(rounds):
        target = folder / f"backup{number}.sqlite"
        before = confirmed(scene)
        status = command.run("backup", target, "--database", source, after=command.moment("backup", random))
        killed += status is None
        if options.defect == "HalfBackup":
            shutil.copyfile(folder / "first.sqlite", target)
            with open(target, "r+b") as file:
                file.truncate(target.stat().st_size // 8192 * 4096)
        if not target.exists():
            if status is not None:
                results.found(BACKUP, f"it ended with {status}, without a file")
            continue
        nodes, error = viewer.nodes(target)
        missing = before - {node["id"] for node in nodes or []}
        if nodes is None or missing or status not in (0, None):
            results.found(BACKUP, f"status {status}: {error or ''} {len(missing)} confirmed events are missing")
    for path in folder.glob("backup*.sqlite*"):
        path.unlink()
    return {"rounds": rounds, "killed": killed}


def copy(options, results, command, viewer, scene, folder, source, random, rounds):
    command.must("copy", "--from", source, "--to", folder / "copied.sqlite")
    interruptions = 0
    for number in range(max(rounds // 2, 1)):
        target = folder / f"copy{number}.sqlite"
        before = confirmed(scene)
        for _ in range(5):
            if command.run("copy", "--from", source, "--to", target, after=command.moment("copy", random)) is not None:
                break
            interruptions += 1
        status = command.run("copy", "--from", source, "--to", target)
        if options.defect == "ShortCopy":
            shutil.copyfile(folder / "copied.sqlite", target)
        nodes, error = viewer.nodes(target)
        missing = before - {node["id"] for node in nodes or []}
        if status != 0 or missing:
            results.found(COPY, f"status {status}: {command.output[-300:]} {error or ''} {len(missing)} events are missing")
    return {"targets": max(rounds // 2, 1), "interruptions": interruptions}


def finish_copy(results, command, viewer, source, target, log, random):
    """Copies the rest, with kills, when nobody uses the source any more, and compares."""
    for _ in range(5):
        if command.run("copy", "--from", source, "--to", target, after=command.moment("copy", random)) is not None:
            break
    status = command.run("copy", "--from", source, "--to", target)
    nodes, error = viewer.nodes(target)
    if status != 0 or nodes != log:
        results.found(COPY, f"{target}: status {status}: {command.output[-300:]} {error or ''}")


def restore(options, results, command, viewer, folder, source, log, random, rounds):
    """Restores an older backup over a newer store, and a newer one over the older store, by turns."""
    old, new = folder / "first.sqlite", folder / "last.sqlite"
    command.must("backup", new, "--database", source)
    contents = {path: viewer.nodes(path)[0] for path in (old, new)}
    target = folder / "restored.sqlite"
    shutil.copyfile(new, target)
    command.must("restore", old, "--database", target, "--replace")
    state, killed = old, 0
    for number in range(rounds):
        wanted = new if state == old else old
        status = command.run("restore", wanted, "--database", target, "--replace",
                             after=command.moment("restore", random))
        killed += status is None
        if options.defect == "MixedRestore":
            with open(target, "r+b") as file, open(wanted, "rb") as other:
                other.seek(target.stat().st_size // 8192 * 4096)
                file.seek(target.stat().st_size // 8192 * 4096)
                file.write(other.read())
        nodes, error = viewer.nodes(target)
        if nodes not in ([contents[wanted]] if status == 0 else [contents[state], contents[wanted]]):
            results.found(RESTORE, f"round {number}: status {status}: {error or ''} {len(nodes or [])} events")
            shutil.copyfile(wanted, target)
        state = wanted if nodes == contents[wanted] else state
    return {"rounds": rounds, "killed": killed}


def lose_power(options, results, viewer, folder, source, log, random, rounds):
    """Backups and restores on a disk that loses power after them, or in the middle of them."""
    place = folder / "powerless"
    place.mkdir()
    shim = DiskShim(place)
    command, killed = Command(options, shim), 0
    shutil.copyfile(source, shim.database)
    shim.disk.begin()
    target = shim.folder / "backup.sqlite"
    command.must("backup", target, "--database", shim.database)
    command.must("restore", target, "--database", shim.database, "--replace")
    for number in range(rounds):
        target.unlink(missing_ok=True)
        shim.disk.begin()
        status = command.run("backup", target, "--database", shim.database,
                             after=None if number % 2 else command.moment("backup", random))
        killed += status is None
        shim.disk.lose_power(OUTCOMES[number % len(OUTCOMES)], random)
        if status == 0 or target.exists():
            nodes, error = viewer.nodes(target)
            if nodes != log:
                results.found(CONFIRMED_BACKUP, f"round {number}: status {status}: {error or ''} {len(nodes or [])} events")
        shutil.copyfile(source, target)
        shim.disk.begin()
        status = command.run("restore", target, "--database", shim.database, "--replace",
                             after=None if number % 2 else command.moment("restore", random))
        killed += status is None
        shim.disk.lose_power(OUTCOMES[number % len(OUTCOMES)], random)
        nodes, error = viewer.nodes(shim.database)
        if nodes != log:
            results.found(RESTORE, f"power failure {number}: status {status}: {error or ''} {len(nodes or [])} events")
            shutil.copyfile(source, shim.database)
    return {"power_failures": 2 * rounds, "killed": killed}
