"""ULIDs with a clock that may be wrong."""

import secrets

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(seconds):
    number = int(seconds * 1000) << 80 | secrets.randbits(80)
    return "".join(DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
