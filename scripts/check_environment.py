"""Say, package by package, whether this environment is the one that the book is tested with, and what to do if not.

Standard library alone: it must work where nothing is installed. Exit code 1 if anything is wrong.
"""

from __future__ import annotations  # for the message to an older Python

import platform
import re
import shutil
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (ROOT / "requirements.lock", ROOT / "requirements-serve.lock")
ENTRY = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^ ;]+)(?: ; (?P<marker>.+))?$")


def applies(marker: str | None) -> bool:
    """Whether an environment marker holds here; pip carries the one parser that is surely at hand."""
    if marker is None:
        return True
    try:
        from packaging.markers import Marker
    except ImportError:
        try:
            from pip._vendor.packaging.markers import Marker
        except ImportError:
            return False
    return bool(Marker(marker).evaluate())


def verdict(name: str, wanted: str) -> tuple[str, str]:
    """`("ok" | "wrong" | "missing", what to do)` for one locked package; local labels such as +cpu do not count."""
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing", f"not installed, expected {wanted}: pip install {name}=={wanted}"
    if found.split("+")[0] != wanted:
        return "wrong", f"found {found}, expected {wanted}: pip install {name}=={wanted}"
    return "ok", found


def main() -> int:
    bad = 0

    def line(mark: str, name: str, text: str) -> None:
        nonlocal bad
        bad += mark != "ok"
        print(f"{mark:8} {name:32} {text}")

    right = (3, 11) <= sys.version_info[:2] <= (3, 14)
    line("ok" if right else "wrong", "python", platform.python_version() + ("" if right else ": expected 3.11 to 3.14"))
    for tool in ("git", "make"):
        where = shutil.which(tool)
        line("ok" if where else "missing", tool, where or "not on PATH: install it with your system's package manager")
    lines = [line for lock in LOCKS if lock.is_file() for line in lock.read_text(encoding="utf8").splitlines()]
    entries = [match for match in map(ENTRY.match, lines) if match]
    for entry in entries:
        if applies(entry["marker"]):
            line(*(lambda v: (v[0], entry["name"], v[1]))(verdict(entry["name"], entry["version"])))
    mark, text = verdict("pyft-book", "0.1.0") if (ROOT / "pyft").is_dir() else ("missing", "")
    line(mark, "pyft-book", text if mark == "ok" else "this package is not installed: pip install --no-deps -e .")
    print(f"\n{bad} of these need attention. `make setup` mends them all." if bad else "\nEverything is as tested.")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
