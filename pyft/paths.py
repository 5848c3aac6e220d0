"""Where things lie: the checkout, the cache folder, what is built; and how a file is written whole or not at all."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from pyft.errors import PyftError

ROOT = Path(__file__).resolve().parent.parent

# --- expect -----------------------------------------------------------------------------------------------------------


def results_folder() -> Path:
    """Where the committed evidence lies: in the checkout, or in the installed package (on Colab)."""
    checkout = ROOT / "book" / "results"
    return checkout if checkout.is_dir() else Path(__file__).resolve().parent / "_results"


def write_atomically(path: Path, text: str) -> None:
    """Write next to the file, then rename over it: a reader sees the old file or the new one, never half of one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf8", newline="\n")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_json(path: Path) -> Any:
    """What a file of JSON says. Raises `PyftError` if it cannot be read, or is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError, RecursionError) as error:
        raise PyftError(
            f"{path} cannot be read ({type(error).__name__}: {error}). If it came with the repository, restore it: "
            f"git checkout -- {path.name}, in its folder."
        ) from error


def dump(kept: Mapping[str, Any]) -> str:
    """Indented JSON, with each list of numbers on one line, so that a diff shows what moved."""
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    return re.sub(r'\[\n[^\[\]{}"]*\]', lambda m: re.sub(r"\s+", "", m[0]), text) + "\n"


def try_place(path: Path) -> None:
    """Try whether a file can be written at `path`, before what it is to hold is computed; nothing is left behind.

    Raises:
        PyftError: it is a folder, or there cannot be such a file.
    """
    if path.is_dir():
        raise PyftError(f"{path} is a folder: expected the name of a file.")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.touch()
        beside.unlink()
    except OSError as error:
        raise PyftError(f"cannot write {path}: {error.strerror or error}. Name another place.") from error


BUILD = ROOT / "_build"

# --- the repository ---------------------------------------------------------------------------------------------------


def git(*arguments: str) -> str | None:
    """What git says in this checkout, stripped; None if it fails or is not there."""
    try:
        answer = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def repository(environment: Callable[[str], str | None] = os.environ.get) -> str | None:
    """The https address of the repository: `PYFT_REPOSITORY`, else git's `origin` if it is on GitHub, else None."""
    address = environment("PYFT_REPOSITORY") or git("remote", "get-url", "origin") or ""
    found = re.fullmatch(
        r"(?:https://(?:[^@/]+@)?|ssh://git@|git@)github\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?", address
    )
    return f"https://github.com/{found[1]}/{found[2]}" if found else None


def home() -> Path:
    """The cache folder: `PYFT_HOME`, else the user's cache folder of this operating system.

    Raises:
        PyftError: the user has no home folder, as in a container, or that of `~name` is not known.
    """
    try:
        return Path(os.environ.get("PYFT_HOME") or user_cache_path("pyft-book")).expanduser().absolute()
    except (RuntimeError, KeyError, OSError) as error:
        raise PyftError(f"no place for data and weights ({error}): set PYFT_HOME to a folder.") from error
