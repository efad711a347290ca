"""A file system that is full, then freed again; one that is read-only; and a disk that stalls."""

import contextlib
import errno
import os
import subprocess
import threading
import time

from failover.checks import Results
from failover.gateways import Gateway
from servers.processes import Failure

from .scene import Caller, Scene, fresh_id, working_folder
from .shims import ANY_FILE, LOG, OPEN, STALL, SYNC, TRUNCATE, WRITE, DiskShim

FULL = "on a full disk, writes get 503 with the reason, /readyz is red, and reads go on"
FREED = "once there is room, the store is ready and takes writes"
READ_ONLY = "on a read-only file system, writes and starts fail with the reason, and reads and backups go on"
STALLED = "while the disk stalls, reads go on, /readyz says so, and writes succeed late"

DEFECTS = {"RoomLeft": FULL, "WritableDisk": READ_ONLY, "QuickDisk": STALLED}
# More than the log's file, which keeps its room when it is written from its start again.
LOG_MEGABYTES = 40
DISK_MEGABYTES = 192
SHORT_STALL_SECONDS = 7
LONG_STALL_SECONDS = 60
# The time of a commit after which /readyz is red, and a second for the probe.
STUCK_SECONDS = 6
# How long a read may take while the disk stalls.
READ_SECONDS = 2


class SmallDisk:
    """A file system in memory (https://man7.org/linux/man-pages/man5/tmpfs.5.html)."""

    def __init__(self, folder):
        self.folder = folder / "disk"
        self.folder.mkdir()
        self._run("mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "none", str(self.folder))

    def fill(self):
        # Without a buffer, whose rest would be written when the file is closed.
        with open(self.folder / "ballast", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(65536))

    def free(self):
        (self.folder / "ballast").unlink()

    def remount(self, mode):
        self._run("mount", "-o", f"remount,{mode}", str(self.folder))

    def remove(self):
        self._run("umount", str(self.folder))

    @staticmethod
    def _run(*command):
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            raise Failure(f"{' '.join(command)}: {result.stderr.strip()}")


def run(options):
    results, figures = Results(), {}
    with working_folder(options) as folder:
        if options.defect != "QuickDisk":
            on_small_disk(options, results, figures, folder)
        if options.defect in (None, "WritableDisk"):
            fail_in_use(options, results, folder)
        if options.defect in (None, "QuickDisk"):
            stall(options, results, figures, folder)
    return results, figures


def on_small_disk(options, results, figures, folder):
    try:
        disk = SmallDisk(folder)
    except (Failure, OSError) as error:
        # In a container without the right to mount.
        print(f"SKIPPED: a full and a read-only file system, which need the right to mount one: {error}", flush=True)
        return
    try:
        fill(options, results, figures, folder, disk)
        make_read_only(options, results, folder, disk)
    finally:
        disk.remove()


def fill(options, results, figures, folder, disk):
    database = str(disk.folder / "events.sqlite")
    rounds = 1 if options.defect else 2
    with Scene(options, folder, database, rate=200, writers=6, results=results) as scene:
        caller = scene.caller()
        for check in (FULL, FREED):
            results.begin(check)
        for number in range(rounds):
            time.sleep(1)
            caller.write(first := fresh_id())
            if options.defect != "RoomLeft":
                disk.fill()
            # The log of a store that is in use has room of its own until it grows.
            for _ in range(LOG_MEGABYTES):
                refusal = caller.write(fresh_id(), 1 << 20)
                if refusal[0] == 503:
                    break
            if "disk is full" not in str(refusal) and os.strerror(errno.ENOSPC) not in str(refusal):
                results.found(FULL, f"round {number}: a write got {refusal}")
            ready = caller.request("GET", "/readyz")
            if ready[0] != 503 or "full" not in str(ready) and os.strerror(errno.ENOSPC) not in str(ready):
                results.found(FULL, f"round {number}: /readyz is {ready}")
            if not caller.has(first):
                results.found(FULL, f"round {number}: a confirmed event can't be read")
            if options.defect != "RoomLeft":
                disk.free()
            ready = wait_for(lambda: caller.request("GET", "/readyz"), lambda response: response[0] == 200, 10)
            written = caller.write(fresh_id(), 1 << 20)
            if ready[0] != 200 or written[0] != 201:
                results.found(FREED, f"round {number}: /readyz is {ready}, a write got {written}")
        figures["full_disks"] = {"count": rounds} | scene.finish()


def make_read_only(options, results, folder, disk):
    """The gateway is stopped for it: the kernel does not make a file system read-only while a file is open for writing."""
    findings = results.begin(READ_ONLY)
    database, backup = disk.folder / "events.sqlite", folder / "read-only-backup.sqlite"
    if options.defect != "WritableDisk":
        disk.remount("ro")
    gateway = Gateway(options.gateway, folder, 7, str(database))
    try:
        gateway.start()
        findings.append("a gateway starts")
    except Failure as failure:
        if os.strerror(errno.EROFS) not in str(failure) and "Mount its file system for writing" not in str(failure):
            findings.append(str(failure))
    finally:
        gateway.stop()
    copied = subprocess.run([options.gateway, "backup", str(backup), "--database", str(database)],
                            capture_output=True, text=True)
    if copied.returncode != 0:
        findings.append(f"backup: {copied.stderr}")
    disk.remount("rw")
    gateway.start()
    if Caller(gateway.port).write(fresh_id())[0] != 201:
        findings.append("no write after it is writable again")
    gateway.stop()


def fail_in_use(options, results, parent):
    """What a gateway sees when the kernel makes its file system read-only after an error of the disk."""
    findings = results.begin(READ_ONLY)
    folder = parent / "read-only"
    folder.mkdir()
    shim = DiskShim(folder)
    gateway = Gateway(options.gateway, folder, 0, shim.database, environment=shim.environment)
    gateway.start()
    try:
        caller, event = Caller(gateway.port), fresh_id()
        caller.write(event)
        if options.defect != "WritableDisk":
            shim.fail(OPEN | WRITE | TRUNCATE, ANY_FILE, errno.EROFS)
        for response in (caller.write(fresh_id()), caller.request("GET", "/readyz")):
            if response[0] != 503 or "Mount its file system for writing" not in str(response):
                findings.append(str(response))
        if not caller.has(event):
            findings.append("no reads")
        shim.heal()
        ready = wait_for(lambda: caller.request("GET", "/readyz"), lambda response: response[0] == 200, 10)
        if ready[0] != 200:
            findings.append(f"/readyz is {ready} after it is writable again")
    finally:
        gateway.stop()


def stall(options, results, figures, parent):
    folder = parent / "stalled"
    folder.mkdir()
    shim = DiskShim(folder)
    seconds = LONG_STALL_SECONDS if options.rounds else SHORT_STALL_SECONDS
    with Scene(options, folder, shim.database, 1, shim.environment, rate=100, writers=6, results=results) as scene:
        findings = results.begin(STALLED)
        caller, reading = scene.caller(), scene.caller()
        time.sleep(1)
        caller.write(known := fresh_id())
        responses = []
        late = scene.caller(100)
        shim.fail(SYNC, LOG, effect=STALL, every=0, limit=1, stall_ms=0 if options.defect else seconds * 1000)
        began = time.monotonic()
        writing = threading.Thread(target=lambda: responses.append(late.write(fresh_id())))
        writing.start()
        longest, red = 0.0, None
        while time.monotonic() < began + seconds - 0.5:
            at = time.monotonic()
            if not reading.has(known) or reading.request("GET", "/events?first=5")[0] != 200:
                findings.append("a read failed")
            longest = max(longest, time.monotonic() - at)
            at = time.monotonic() - began
            status, body = caller.request("GET", "/readyz")
            if status == 503 and red is None:
                red = at
                if "busy with one commit" not in str(body):
                    findings.append(f"/readyz is {body}")
            time.sleep(0.1)
        if longest > READ_SECONDS:
            findings.append(f"a read took {longest:.1f} s")
        if red is None or red > STUCK_SECONDS + 1:
            findings.append(f"/readyz was red after {red} s")
        writing.join()
        took = time.monotonic() - began
        if responses[0][0] != 201:
            findings.append(f"the write got {responses[0]}")
        shim.heal()
        figures["stall"] = {"seconds": seconds, "longest_read": round(longest, 3), "red_after": red and round(red, 1),
                            "write_took": round(took, 1)} | scene.finish()


def wait_for(request, is_done, seconds):
    """Repeats a request, and returns the last response."""
    end = time.monotonic() + seconds
    while not is_done(response := request()) and time.monotonic() < end:
        time.sleep(0.05)
    return response
