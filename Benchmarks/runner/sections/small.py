"""GET /healthz against nginx that answers `return 200` with as many bytes, server and driver on a core each."""

import shutil
import urllib.request

from .. import paths
from ..compare import Comparison, Target
from ..processes import Gateway, Server, free_port, measured

ABOUT = "GET /healthz against nginx"
TOOLS = ["event-load"]

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    default_type application/json;
    location / {{ add_header X-Request-Id $request_id; return 200 '{body}'; }}
  }}
}}
"""


def nginx(body: str) -> Server:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise SystemExit("nginx is missing: apt-get install nginx")
    folder = paths.fresh_folder("nginx")
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, body=body))
    return Server([program, "-p", folder, "-c", folder / "nginx.conf"], port, core=0)


def comparisons(settings):
    with Gateway(":memory:", core=0) as server:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/healthz") as answer:
            body = answer.read().decode()

    def ours(connections):
        with Gateway(":memory:", core=0) as server:
            return measured(server, "get", "--path", "/healthz", *settings.timed(connections), core=1)

    def theirs(connections):
        with nginx(body) as server:
            return measured(server, "get", "--path", "/healthz", *settings.timed(connections), core=1)

    for connections, least in [(1, None), (8, None), (64, 1.2), (256, None), (512, 1.35)]:
        targets = [Target("gateway", "nginx", at_least=least)]
        if connections == 512:
            targets.append(Target("gateway", "nginx", at_most=1.0, figure="p99_us"))
        yield Comparison(
            f"GET /healthz, {connections} connections", {
                "gateway": lambda: ours(connections),
                "nginx": lambda: theirs(connections),
            }, targets)
