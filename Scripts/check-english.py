#!/usr/bin/env python3
"""Finds words that don't belong in plain technical English, and prints what to write instead.

It reads the comments and strings of the Swift sources, the display names of tests, and the documents.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Folders whose comments and strings are checked.
SOURCES = ["Sources"]

# Folders of which the display names of tests and suites are checked.
NAMES = ["Tests"]

DOCUMENTS = [
    "README.md", "CHANGELOG.md", "openapi.yaml", "docs/http-api.md", "docs/operations.md", "docs/swift.md",
    "docs/decisions.md", "docs/threat-model.md", "docs/postgresql.md", "docs/reliability.md", "CONTRIBUTING.md",
    "Benchmarks/README.md", "Tests/Failover/README.md", "Tests/Faults/README.md", "Tests/Fuzz/README.md", "Tests/Peers/README.md",
    "Tests/PostgreSQL/README.md",
]

# A pattern, and what to write instead.
WORDS = [
    (r"\bwhoever\b", "the caller, the client, a process that …"),
    (r"\bwhom\b", "name the subject: the client, the worker"),
    (r"\b(no|some|any|every)body\b(?!:)", "no process, a client, everyone"),
    (r"\b(him|her)self\b", "itself, by itself"),
    (r"\banew\b", "again"),
    (r"\bfor ever\b", "forever, without end"),
    (r"\bso that \w+ may\b", "so that … can"),
    (r"\bin vain\b", "say what fails"),
    (r"\ball the same\b", "nevertheless"),
    (r"\bjust now\b", "right now, currently"),
    (r"\b(mends?|mended)\b", "fix, repair, help"),
    (r"\bstands? (there|beside|behind|before|in|at|below|for it)\b", "is, comes, follows"),
    (r"(?<!there )\b(is|are) (?-i:none)\b", "is not one, has none"),
    (r"\b(is|are) (there )?no more\b(?! than)", "no longer exists"),
    (r"\b(is|are|was|were) told\b", "gets, receives; a setting is set"),
    (r"\b(knows|wants|minds)\b", "code has, requires, checks"),
    (r"`nil` where\b", "`nil` if"),
    (r"- Throws: .*\bwhere\b", "if"),
    (r"\bwhich is all that may\b", "(limit N)"),
    (r"\bin so many words\b", "explicitly"),
    (r"\bwhat (came|comes) of\b", "the result of"),
    # American spelling, as in Swift's own names and documentation; `cancelled` is Swift's word too.
    (r"\b\w*(recogni|normali|initiali|seriali|organi|optimi|amorti|summari|synchroni|randomi|speciali|generali)s(e|ed|es|ing|ation|er)\b",
     "-ize"),
    (r"\b(behaviour|colour|favour|honour|neighbour)\w*\b", "-or"),
    (r"\b(defence|licence|centre|catalogue|artefact)s?\b", "defense, license, center, catalog, artifact"),
]

# A doc comment begins with what the thing is or does.
OPENINGS = (r"^(What|Whether|Whom|Who|How|Of (a|an|the)|That of|Those of)\b", "begin with what it is or does")

# File and text of lines that may stay, each with its reason.
ALLOWED: list[tuple[str, str]] = []

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
DISPLAY_NAME = re.compile(r'@(?:Test|Suite)\(\s*"((?:[^"\\]|\\.)*)"')


def swift_texts(path: Path):
    """The line numbers and texts of comments and strings, and if each begins a doc comment."""
    previous = ""
    for number, line in enumerate(path.read_text().split("\n"), 1):
        stripped = line.strip()
        if stripped.startswith("//"):
            begins = stripped.startswith("/// ") and not previous.startswith("///")
            yield number, stripped.lstrip("/").strip(), begins
        else:
            for string in STRING.findall(line):
                yield number, string, False
            if comment := re.search(r"(?<![:/\"])//+ (.*)$", STRING.sub("", line)):
                yield number, comment.group(1), False
        previous = stripped


def files(paths: list[str], suffix: str):
    for name in paths:
        path = ROOT / name
        yield from sorted(path.rglob(f"*{suffix}")) if path.is_dir() else [path]


def findings():
    for path in files(SOURCES, ".swift"):
        for number, text, begins in swift_texts(path):
            yield from ((path, number, text, *word) for word in bad_words(text))
            if begins and re.search(OPENINGS[0], text):
                yield path, number, text, *OPENINGS
    for path in files(NAMES, ".swift"):
        text = path.read_text()
        for match in DISPLAY_NAME.finditer(text):
            number = text.count("\n", 0, match.start()) + 1
            yield from ((path, number, match.group(1), *word) for word in bad_words(match.group(1)))
    for path in files(DOCUMENTS, ".md"):
        for number, line in enumerate(path.read_text().split("\n"), 1):
            yield from ((path, number, line, *word) for word in bad_words(line))


def bad_words(text: str):
    return [(pattern, better) for pattern, better in WORDS if re.search(pattern, text, re.IGNORECASE)]


def main() -> int:
    found = 0
    for path, number, text, pattern, better in findings():
        name = str(path.relative_to(ROOT))
        if (name, text.strip()) in ALLOWED:
            continue
        match = re.search(pattern, text, re.IGNORECASE)
        print(f'{name}:{number}: "{match.group(0)}": {better}\n    {text.strip()[:150]}')
        found += 1
    if found:
        print(f"{found} found. Scripts/check-english.py has the list.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
