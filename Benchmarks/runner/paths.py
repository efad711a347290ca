"""Where things are, and how they are built."""

import os
import shutil
import subprocess
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
PRODUCT = BENCHMARKS.parent
# On the disk that the checkout is on: a temporary folder may be in memory, where a sync costs nothing.
WORK = BENCHMARKS / ".build-work"
TOOLS = BENCHMARKS / ".build" / "release"
# A folder of its own: another way of linking makes everything be built anew.
GATEWAY_BUILD = BENCHMARKS / ".build-gateway"


def gateway() -> Path:
    """The command under test: EVENTO_GATEWAY, or this checkout's, built as the container has it."""
    named = os.environ.get("EVENTO_GATEWAY")
    return Path(named) if named else GATEWAY_BUILD / "release" / "evento-gateway"


def build(products: list[str], of_product: list[str]) -> None:
    if "EVENTO_GATEWAY" not in os.environ:
        swift_build(PRODUCT, "evento-gateway", *as_in_a_container(GATEWAY_BUILD))
    for product in of_product:
        swift_build(PRODUCT, product)
    for product in products:
        swift_build(BENCHMARKS, product)


def swift_build(package: Path, product: str, *options: str) -> None:
    command = ["swift", "build", "-c", "release", "--package-path", str(package), "--product", product, *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def as_in_a_container(folder: Path) -> list[str]:
    """Options of a build with Swift's own libraries in the program, as servers in Swift are put into containers."""
    return ["--static-swift-stdlib", "--scratch-path", str(folder)]


def fresh_folder(name: str | Path) -> Path:
    """An empty folder, below the working folder if its path is not absolute."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
