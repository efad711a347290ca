"""What every script here needs: a gateway of its own, and checks that are printed and counted."""

import hashlib
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOTAL_TIME = 600


class Checks:
    """Prints one line per check; the script's exit code says whether all of them held."""

    def __init__(self):
        self.passed = 0
        self.failed = []

    def check(self, name, holds, found=""):
        if holds:
            self.passed += 1
            print(f"ok    {name}" + (f"  [{short(str(found))}]" if found != "" else ""), flush=True)
        else:
            self.failed.append(name)
            print(f"FAIL  {name}  [{found}]", flush=True)
        return holds

    def equal(self, name, found, wanted):
        return self.check(name, found == wanted, found if found == wanted else f"{found!r}, and not {wanted!r}")

    def finish(self):
        print(f"{self.passed} checks hold, {len(self.failed)} fail")
        for name in self.failed:
            print(f"  failed: {name}")
        sys.exit(1 if self.failed or not self.passed else 0)


def short(text):
    return text if len(text) <= 80 else text[:38] + " … " + text[-38:]


def run(script, total_time=TOTAL_TIME):
    """Runs `script(checks, folder)` in a temporary folder, for so many seconds at most, and exits."""

    def too_long(_signal, _frame):
        raise TimeoutError(f"the script took longer than {total_time} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(total_time)
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="evento-peers-") as folder:
        script(checks, pathlib.Path(folder))
    checks.finish()


def gateway_command():
    given = os.environ.get("EVENTO_GATEWAY")
    if given:
        return given
    for kind in ("release", "debug"):
        built = ROOT / ".build" / kind / "evento-gateway"
        if built.exists():
            return str(built)
    sys.exit("There is no evento-gateway: run 'swift build --product evento-gateway', or name one with EVENTO_GATEWAY.")


def program(name, package):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if not found:
        sys.exit(f"There is no {name}: install {package}.")
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A program that this script started, and stops by its id."""

    def __init__(self, command, output, **options):
        self.output = pathlib.Path(output)
        self.sink = open(self.output, "wb")
        self.process = subprocess.Popen(
            command, stdout=self.sink, stderr=self.sink, stdin=subprocess.DEVNULL, **options)

    @property
    def pid(self):
        return self.process.pid

    def text(self):
        return self.output.read_text(errors="replace")

    def is_running(self):
        return self.process.poll() is None

    def wait_for(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.text())
            if found:
                return found
            if not self.is_running():
                break
            time.sleep(0.02)
        raise RuntimeError(f"{self.output.name} does not say {pattern!r}:\n{self.text()[-2000:]}")

    def stop(self, number=signal.SIGTERM, seconds=15):
        if self.is_running():
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.sink.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Gateway(Process):
    """`evento-gateway serve` on a free port."""

    def __init__(self, folder, *options, name="gateway", port=0, descriptors=None, environment=None):
        command = [gateway_command(), "serve", "--port", str(port)]
        if "--database" not in options:
            command += ["--database", str(pathlib.Path(folder) / f"{name}.sqlite")]
        if descriptors:
            command = ["/bin/sh", "-c", f'ulimit -n {descriptors} && exec "$@"', "sh"] + command
        clean = {key: value for key, value in os.environ.items() if not key.startswith("EVENTO_")}
        super().__init__(
            command + [str(option) for option in options], pathlib.Path(folder) / f"{name}.log",
            env={**clean, **(environment or {})})
        try:
            self.port = int(self.wait_for(r"listens on http://[^ ,]*?:(\d+)").group(1))
        except BaseException:
            self.stop()
            raise
        self.address = ("127.0.0.1", self.port)

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def token_file(folder, **roles):
    """A token for each name and role, and the file that has them."""
    tokens = {name: secrets.token_hex(16) for name in roles}
    path = pathlib.Path(folder) / "tokens"
    path.write_text("".join(
        f"{name} {role} sha256:{hashlib.sha256(tokens[name].encode()).hexdigest()}\n" for name, role in roles.items()))
    return path, tokens


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
