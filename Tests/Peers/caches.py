#!/usr/bin/env python3
"""The gateway behind a real cache with a default lifetime: it must never answer for the gateway."""

import proxy_settings
from harness import Gateway, run
from wire import event, request, write

BASE = "/evento"
SITE = "gateway.example"


def caching(folder):
    """The README's nginx, told to keep whatever it may for ten minutes."""

    def change(text):
        zone = f"proxy_cache_path {folder}/cache keys_zone=all:1m;\n"
        rules = ("proxy_cache all; proxy_cache_valid any 10m; proxy_cache_methods GET HEAD;\n"
                 "add_header X-Cache $upstream_cache_status always;\n    ")
        return zone + proxy_settings.replaced(text, "proxy_pass ", rules + "proxy_pass ")

    return change


def script(checks, folder):
    with (Gateway(folder, "--base-path", BASE, "--trusted-proxy", "127.0.0.1", "--allowed-host", SITE) as gateway,
          proxy_settings.Nginx(folder, gateway.address, caching(folder)) as proxy):

        def get(target, fields=()):
            return request(proxy.address, "GET", BASE + target, None, fields, SITE)

        first = write(gateway.address, event("cached"), base=BASE)
        cursor = first[0]["cursor"]
        new = {**event("cached"), "id": "01JD0000000000000000000001"}
        place = f"/events?after={cursor}"
        checks.equal("before the write: an empty page, and no event",
                     (get(place).json()["edges"], get(f"/events/{new['id']}").status), ([], 404))
        write(gateway.address, new, base=BASE)
        checks.equal("after the write: the page has it", len(get(place).json()["edges"]), 1)
        checks.equal("after the write: the event is found", get(f"/events/{new['id']}").status, 200)
        for target in ["/events", "/events?last=1", "/subscribers", "/healthz", "/readyz", "/metrics",
                       "/nowhere", "/events?first=x", "/subscribers/none"]:
            answers = [get(target) for _ in range(3)]
            checks.check(f"GET {target} is asked for each time",
                         all(answer.field("X-Cache") in ("MISS", "BYPASS", "EXPIRED") for answer in answers)
                         and all(answer.field("Cache-Control") == "no-store" for answer in answers),
                         [answer.field("X-Cache") for answer in answers])
        # Nginx takes the condition out of a request that it might answer, and keeps nothing that is `no-cache`.
        document = [get("/openapi.yaml") for _ in range(2)]
        checks.equal("the document comes from the gateway each time, with its tag",
                     [(answer.status, answer.field("X-Cache"), answer.field("ETag") is not None) for answer in document],
                     [(200, "MISS", True)] * 2)


if __name__ == "__main__":
    run(script)
