"""What is measured. A section has ABOUT, the TOOLS of the package that it needs, and comparisons(settings)."""

from . import client, growth, hummingbird, memory, peers, reads, small, streams, wire, writes

SECTIONS = {
    "small": small,
    "writes": writes,
    "reads": reads,
    "memory": memory,
    "streams": streams,
    "client": client,
    "wire": wire,
    "growth": growth,
    "peers": peers,
    "hummingbird": hummingbird,
}
