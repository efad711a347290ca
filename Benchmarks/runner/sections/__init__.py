"""What is measured.

A section has ABOUT, the TOOLS of the package that it needs, and comparisons(settings), or outcomes(settings) where it
measures in its own way.
"""

from . import (
    catchup, client, cost, growth, hummingbird, memory, peers, postgresql, reads, small, streams, wire, writes)

SECTIONS = {
    "small": small,
    "writes": writes,
    "reads": reads,
    "memory": memory,
    "streams": streams,
    "client": client,
    "wire": wire,
    "cost": cost,
    "growth": growth,
    "peers": peers,
    "postgresql": postgresql,
    "catchup": catchup,
    "hummingbird": hummingbird,
}
