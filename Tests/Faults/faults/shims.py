"""Builds the shims, and controls them while a program runs."""

import errno
import mmap
import struct
import subprocess
from pathlib import Path

from servers.processes import Failure

from .disk import Disk

SOURCES = Path(__file__).resolve().parents[1] / "shim"

# The bits and numbers of disk.c.
OPEN, WRITE, SYNC, TRUNCATE, MAP = 1, 2, 4, 8, 16
DATABASE, LOG, SHARED_MEMORY, A_FOLDER, OTHER = 1, 2, 4, 8, 16
ANY_FILE = 31
FAIL, SHORT, STALL, LIE = range(4)
NO_LIMIT = 1 << 31
FIELDS = ["calls", "files", "effect", "error", "first", "every", "limit", "seen", "hits", "stall_ms", "sync_us"]


def build(name, folder):
    """The path of a library."""
    library = Path(folder) / f"{name}.so"
    command = ["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(library),
               str(SOURCES / f"{name}.c"), "-ldl"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise Failure(f"{' '.join(command)}: {error}")
    if result.returncode != 0:
        raise Failure(f"{' '.join(command)}\n{result.stderr}")
    return library


class DiskShim:
    """The disk under the files of one folder: it can lose power, and its calls can fail."""

    def __init__(self, folder, place=None):
        """With a place, the files are there already, and otherwise in a new folder."""
        self.folder = place or folder / "store"
        self.folder.mkdir(exist_ok=True)
        self.database = str(self.folder / "events.sqlite")
        control, journal = folder / "control", folder / "journal"
        control.write_bytes(bytes(4 * len(FIELDS)))
        control.chmod(0o666)
        with open(control, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), 0)
        self.disk = Disk(self.folder, journal)
        self.environment = {
            "LD_PRELOAD": str(build("disk", folder)), "FAULTS_FOLDER": str(self.folder),
            "FAULTS_CONTROL": str(control), "FAULTS_JOURNAL": str(journal)}
        self.set(sync_us=500)

    def set(self, **fields):
        for name, value in fields.items():
            struct.pack_into("=I", self.control, 4 * FIELDS.index(name), value)

    def get(self, name):
        return struct.unpack_from("=I", self.control, 4 * FIELDS.index(name))[0]

    def fail(self, calls, files=ANY_FILE, error=errno.EIO, effect=FAIL, first=1, every=1, limit=NO_LIMIT, stall_ms=0):
        """From now on, these calls fail: the first, then every n-th one."""
        self.set(calls=0)
        self.set(files=files, effect=effect, error=error, first=first, every=every, limit=limit, seen=0, hits=0,
                 stall_ms=stall_ms)
        self.set(calls=calls)

    def heal(self):
        """Ends the fault, and returns how many calls it has hit."""
        self.set(calls=0)
        return min(self.get("hits"), self.get("limit"))


class ClockShim:
    """A clock that can be set."""

    def __init__(self, folder):
        path = folder / "clock"
        path.write_bytes(bytes(16))
        with open(path, "r+b") as file:
            self.offsets = mmap.mmap(file.fileno(), 0)
        self.environment = {"LD_PRELOAD": str(build("clock", folder)), "FAULTS_CLOCK": str(path)}

    def set(self, seconds, monotonic_seconds=0):
        struct.pack_into("=qq", self.offsets, 0, int(seconds * 1e9), int(monotonic_seconds * 1e9))
