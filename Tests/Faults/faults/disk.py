"""A disk that loses power: replays what shim/disk.c has recorded, and makes the files as they can be afterwards.

What was synced is there. Of the rest, any part can be there: each write by itself, or only some of its sectors. A name
in a folder is durable once the folder has been synced.
"""

import os
import shutil
import struct
from pathlib import Path

HEADER = struct.Struct("=IIQQQII")
OPENED, WRITTEN, CUT, SYNCING, SYNCED, LOST, UNLINKED, RENAMED, LINKED = range(1, 10)
CREATED, EMPTIED, FOLDER = 1, 2, 4
SECTOR = 512

# What becomes of the writes that were not synced.
OUTCOMES = ["dropped", "some", "torn", "first", "kept"]


class File:
    """A file's content on disk, and the changes since."""

    def __init__(self, content=b""):
        self.durable = bytearray(content)
        # (number, offset, data), or (number, length, None) for a file that was cut.
        self.pending = []

    def settle(self, until, is_kept):
        """The changes up to a number are on disk, or never will be."""
        done = [item for item in self.pending if item[0] <= until]
        self.pending = self.pending[len(done):]
        if is_kept:
            for _, offset, data in done:
                change(self.durable, offset, data)

    def after_power_loss(self, outcome, random):
        content = bytearray(self.durable)
        if outcome == "first":
            survivors = self.pending[:random.randint(0, len(self.pending))]
        elif outcome in ("some", "torn"):
            share = random.random()
            survivors = [item for item in self.pending if random.random() < share]
        else:
            survivors = self.pending if outcome == "kept" else []
        for _, offset, data in survivors:
            if outcome != "torn" or data is None:
                change(content, offset, data)
                continue
            for at in sectors(offset, len(data)):
                if random.random() < 0.7:
                    start, end = max(at, offset), min(at + SECTOR, offset + len(data))
                    change(content, start, data[start - offset:end - offset])
        return bytes(content)


def sectors(offset, length):
    return range(offset // SECTOR * SECTOR, offset + length, SECTOR)


def change(content, offset, data):
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset:offset + len(data)] = data


class Disk:
    """The files of one folder."""

    def __init__(self, folder, journal):
        self.folder, self.journal = Path(folder), Path(journal)
        self.unsynced_writes = 0
        self.begin()

    def begin(self):
        """What is in the folder now is on disk."""
        self.journal.write_bytes(b"")
        # PostgreSQL's user writes to it.
        self.journal.chmod(0o666)
        self.count = 0
        self.files, self.folders, self.syncs = {}, {}, {}
        # The files that names lead to on disk, and the changes of each name since: (number, file or None).
        self.names, self.renamed = {}, {}
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.names[str(path)] = self.files[path.stat().st_ino] = File(path.read_bytes())

    def lose_power(self, outcome, random):
        """Replaces the files by what is left of them. No process may use them."""
        self._replay()
        left = {}
        for path in {*self.names, *self.renamed}:
            versions = [self.names.get(path), *(file for _, file in self.renamed.get(path, []))]
            file = versions[0] if outcome == "dropped" else versions[-1] if outcome == "kept" else random.choice(versions)
            if file is None:
                continue
            self.unsynced_writes += len(file.pending)
            left[path] = file.after_power_loss(outcome, random)
            # The shared memory is not written by calls, and what is left of it means nothing.
            if path.endswith("-shm"):
                left[path] = random.choice([b"", bytes(32768), random.randbytes(32768)])
        for path in self.folder.rglob("*"):
            if path.is_file() and str(path) not in left:
                path.unlink()
        for path, content in left.items():
            self._write(Path(path), content)
        self.begin()

    def _write(self, path, content):
        if path.exists():
            if path.read_bytes() != content:
                path.write_bytes(content)
            return
        owner = self.folder.stat()
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o640), "wb") as file:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(content)

    def save(self, folder):
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)

    def _replay(self):
        data, position = memoryview(self.journal.read_bytes()), 0
        while position < len(data):
            kind, thread, inode, offset, length, names_length, _ = HEADER.unpack_from(data, position)
            position += HEADER.size
            names = bytes(data[position:position + names_length]).decode().split("\0")
            position += names_length
            content = data[position:position + length]
            position += length
            self.count += 1
            self._apply(kind, thread, inode, offset, names, content)

    def _apply(self, kind, thread, inode, offset, names, content):
        if kind == OPENED and offset & FOLDER:
            self.folders[inode] = names[0]
        elif kind == OPENED:
            # A process that was killed may have created the file, and not recorded it.
            if offset & CREATED or inode not in self.files:
                self.files[inode] = File()
                self._name(names[0], self.files[inode])
            if offset & EMPTIED:
                self.files[inode].pending.append((self.count, 0, None))
        elif kind == WRITTEN:
            self.files[inode].pending.append((self.count, offset, bytes(content)))
        elif kind == CUT:
            self.files[inode].pending.append((self.count, offset, None))
        elif kind == SYNCING:
            self.syncs[thread, inode] = self.count
        elif kind in (SYNCED, LOST):
            self._settle(inode, self.syncs[thread, inode], kind == SYNCED)
        elif kind == UNLINKED:
            self._name(names[0], None)
        elif kind == RENAMED:
            file = self._file(names[0])
            self._name(names[0], None)
            self._name(names[1], file)
        elif kind == LINKED:
            self._name(names[1], self._file(names[0]))

    def _file(self, path):
        changes = self.renamed.get(path)
        return changes[-1][1] if changes else self.names.get(path)

    def _name(self, path, file):
        self.renamed.setdefault(path, []).append((self.count, file))

    def _settle(self, inode, until, is_kept):
        folder = self.folders.get(inode)
        if folder is None:
            self.files[inode].settle(until, is_kept)
            return
        for path in [path for path in self.renamed if os.path.dirname(path) == folder and is_kept]:
            for number, file in self.renamed[path]:
                if number <= until:
                    self.names[path] = file
            self.renamed[path] = [item for item in self.renamed[path] if item[0] > until]
