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


def gateway() -> Path:
    """The command under test: EVENTO_GATEWAY, or this checkout's release build."""
    named = os.environ.get("EVENTO_GATEWAY")
    return Path(named) if named else PRODUCT / ".build" / "release" / "evento-gateway"


def build(products: list[str], of_product: list[str]) -> None:
    if "EVENTO_GATEWAY" not in os.environ:
        swift_build(PRODUCT, "evento-gateway")
    for product in of_product:
        swift_build(PRODUCT, product)
    for product in products:
        swift_build(BENCHMARKS, product)


def swift_build(package: Path, product: str) -> None:
    command = ["swift", "build", "-c", "release", "--package-path", str(package), "--product", product]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def fresh_folder(name: str) -> Path:
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
