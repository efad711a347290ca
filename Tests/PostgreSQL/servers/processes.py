"""Starts, finds and ends the processes of throw-away servers. Each is found by its id or its directory."""

import contextlib
import fcntl
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

HOST = "127.0.0.1"

# Below the range from which the system takes ports for outgoing connections (ip_local_port_range), so that a port is
# still free when its server is started again.
PORTS = range(21000, 29000)


class Failure(Exception):
    """An error that is reported without a traceback."""


def program_folder():
    """The folder of PostgreSQL's programs: PG_BIN, or that of the newest version that Debian's packages installed."""
    if "PG_BIN" in os.environ:
        return Path(os.environ["PG_BIN"])
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if not folders:
        raise Failure("PostgreSQL's server is not installed. Run Scripts/install-dependencies.sh --tests.")
    return folders[-1].parent


def require(*programs):
    for program in programs:
        if not shutil.which(program, path=environment()["PATH"]):
            raise Failure(f"{program} is not installed. Run Scripts/install-dependencies.sh --tests.")


def account():
    """The user that the servers run as. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise Failure("There is no user postgres. Run Scripts/install-dependencies.sh --tests.")


def account_options():
    if os.geteuid() != 0:
        return {}
    user = account()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def environment():
    """An environment without the caller's PG variables."""
    path = f"{program_folder()}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "LANG": "C.UTF-8", "HOME": "/tmp", "PGCONNECT_TIMEOUT": "3"}


def run(*command, check=True, timeout=120):
    """Runs a program as the servers' user, to its end."""
    words = [str(word) for word in command]
    result = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=environment(), cwd="/", timeout=timeout, **account_options())
    if check and result.returncode != 0:
        raise Failure(f"{' '.join(words)}\n{result.stdout.strip()}")
    return result


def psql(port, sql, database="postgres", check=True):
    """What a statement of the superuser prints; None if it failed and `check` is false."""
    result = run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", HOST, "-p", port, "-U", "postgres", "-d", database,
                 "-c", sql, check=check, timeout=30)
    return result.stdout.strip() if result.returncode == 0 else None


def spawn(command, log, cwd="/", variables=None):
    """Starts a process in a session of its own, so that it outlives this one, and returns its id."""
    with open(log, "ab") as output:
        return subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=environment() | (variables or {}), cwd=cwd, start_new_session=True, **account_options()).pid


def process_status(pid):
    """The state and the start time of a process (proc_pid_stat(5)), or None. A zombie counts as gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else (fields[0], int(fields[19]))


class PidFile:
    """A process id with the start time of its process: the system gives an id to another process later."""

    def __init__(self, path):
        self.path = Path(path)

    def write(self, pid):
        status = process_status(pid)
        self.path.write_text(f"{pid} {status[1] if status else 0}\n")

    @property
    def pid(self):
        """The id of the process, or None if it has ended."""
        try:
            pid, start = map(int, self.path.read_text().split())
        except (OSError, ValueError):
            return None
        status = process_status(pid)
        return pid if status and status[1] == start else None


def running_processes():
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def postgres_pids(data):
    """The server of a data directory and its children. Each works in that directory, also after its parent has died."""
    data, pids = os.path.realpath(data), []
    for pid in running_processes():
        with contextlib.suppress(OSError):
            program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
            if os.readlink(f"/proc/{pid}/cwd") == data and program.startswith("postgres") and process_status(pid):
                pids.append(pid)
    return sorted(pids)


def signal_all(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def kill(find):
    """Sends SIGKILL to the processes that `find` returns, until it returns none: a process can fork meanwhile."""
    def is_done():
        pids = find()
        signal_all(pids, signal.SIGKILL)
        return not pids
    wait_until(is_done, 20, "The end of killed processes", 0.02)


def wait_until(condition, seconds, what, pause=0.1):
    """Waits until a condition has a true value, and returns that value."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s.")
        time.sleep(pause)
    return value


def free_ports(count):
    ports = []
    while len(ports) < count:
        port = random.choice(PORTS)
        if port not in ports and is_free(port):
            ports.append(port)
    return ports


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def make_folder(path, mode=0o755):
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    give_to_account(path)
    return path


def write_file(path, text):
    path.write_text(text)
    give_to_account(path)


def give_to_account(path):
    if os.geteuid() == 0:
        os.chown(path, account().pw_uid, account().pw_gid)


def require_writable(folder):
    if run("test", "-w", folder, check=False).returncode != 0:
        raise Failure(f"The user {account().pw_name} can't write to {folder}. Choose a folder that this user can reach.")


def socket_folder(path):
    """The setting unix_socket_directories; empty if the path is too long for the address of a socket (unix(7))."""
    return str(path) if len(str(path)) < 80 else ""


def last_lines(path, count=15):
    with contextlib.suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    return ""


@contextlib.contextmanager
def locked(folder):
    """Lets the commands for one folder run one after the other."""
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
