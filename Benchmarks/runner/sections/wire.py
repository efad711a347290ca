"""Events and typed payloads from and to JSON, against Foundation's JSONDecoder and JSONEncoder."""

import json
import subprocess

from .. import paths
from ..compare import Comparison, Target

ABOUT = "events and typed payloads from and to JSON, against Foundation's coders (a program of the product's own package)"
TOOLS = []
OF_PRODUCT = ["wire-benchmark"]
COLUMNS = [
    "decode", "foundation_decode", "decode_single", "foundation_decode_single", "encode", "foundation_encode",
    "payload_decode", "foundation_payload_decode", "payload_encode", "foundation_payload_encode"]


def comparisons(settings):
    program = paths.PRODUCT / ".build" / "release" / "wire-benchmark"
    rounds = json.loads(subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout)["rounds"]
    turns = {column: iter(rounds * settings.rounds) for column in COLUMNS}

    def figure(column):
        nanoseconds = next(turns[column])[f"{column}_ns"]
        return {"ns": nanoseconds, "rate": 1e9 / nanoseconds}

    yield Comparison(
        "Events from and to JSON, 100 at a time or a single one, and typed payloads of 230 bytes", {column: (lambda c=column: figure(c)) for column in COLUMNS},
        [
            Target("decode", "foundation_decode", at_least=80),
            Target("decode_single", "foundation_decode_single", at_least=80),
            Target("encode", "foundation_encode", at_least=30),
            Target("payload_decode", "foundation_payload_decode", at_least=5),
            Target("payload_encode", "foundation_payload_encode", at_least=2),
        ])
