"""Make .venv with the exact packages of both locks. Standard library alone, since nothing else is there yet.

Safe to repeat (a stamp says what the environment was made from), to interrupt (without its stamp an environment is
taken for half made and is made again) and to start twice at once (the second waits for the first).
"""

from __future__ import annotations  # for the message to an older Python

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "made-from"
LOCK = ROOT / "requirements.lock"
SERVE = ROOT / "requirements-serve.lock"
OLDEST, NEWEST = (3, 11), (3, 14)  # torch in the lock has no build for others


def say(line: str) -> None:
    print(f"[setup] {line}", flush=True)


def stop(line: str) -> None:
    raise SystemExit(f"[setup] {line}")


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold a lock on the checkout; the operating system frees it however this process ends."""
    with (ROOT / ".venv.lock").open("a+b") as file:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            while True:
                with contextlib.suppress(OSError):
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
                    break
        else:
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another setup is under way in this checkout; waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def locks() -> list[str]:
    """What stands in both locks."""
    return [lock.read_text(encoding="utf8") for lock in (LOCK, SERVE)]


def made_from() -> str:
    """What an environment here depends on: the locks, our own metadata, this folder and this Python."""
    import tomllib  # here, for an older Python must come as far as the message that it is too old

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    parts = [*locks(), json.dumps(project), str(ROOT), str(sys.version_info[:2])]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def works() -> bool:
    """Whether the environment's Python starts here: not if the checkout was moved or its base Python removed."""
    try:
        check = f"import sys; sys.exit(sys.prefix != {str(VENV)!r} or sys.version_info[:2] != {sys.version_info[:2]})"
        return subprocess.run([venv_python(), "-c", check], cwd=VENV, capture_output=True).returncode == 0
    except OSError:
        return False


def is_ready() -> bool:
    return STAMP.is_file() and STAMP.read_text(encoding="utf8") == made_from() and works()


def pip(*arguments: str) -> None:
    quiet = [] if sys.stdout.isatty() else ["--quiet", "--progress-bar=off"]
    # seqeval comes as source alone, and pip 24 would build it in the old way, which setuptools has given up
    always = ["--disable-pip-version-check", "--use-pep517"]
    command = [str(venv_python()), "-m", "pip", "install", *always, *quiet, *arguments]
    if subprocess.run(command, cwd=ROOT).returncode:
        stop(
            "pip could not install (its reason is above). To try again: make setup. "
            f"The command was: {' '.join(command)}"
        )


def make() -> None:
    start = time.monotonic()
    if STAMP.is_file() and works():
        say("the lock or this package changed; bringing .venv up to date")
        STAMP.unlink()  # from here to the new stamp it is half made
    else:
        if VENV.exists():
            say("an earlier setup did not finish, or its Python or folder is gone; starting again")
            STAMP.unlink(missing_ok=True)  # first, for what is half removed is not ready
            shutil.rmtree(VENV)
        say(f"making .venv with Python {sys.version.split()[0]}")
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    packages = sum(1 for line in "".join(locks()).splitlines() if line and not line.startswith("#"))
    say(f"installing the {packages} packages of {LOCK.name} and {SERVE.name} (2 to 10 minutes the first time)")
    pip("--requirement", str(LOCK), "--requirement", str(SERVE))
    pip("--no-deps", "--editable", ".")
    STAMP.write_text(made_from(), encoding="utf8")
    say(f"ready after {time.monotonic() - start:.0f} s")


def main() -> None:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        found, wanted = sys.version.split()[0], f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
        stop(f"found Python {found}, expected {wanted}. Name another one: make PYTHON=python3.12 book")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        stop("this Python has no venv module. On Debian and Ubuntu: apt-get install python3-venv")
    try:
        with only_one():
            if not is_ready():
                make()
    except KeyboardInterrupt:
        stop("interrupted; the same command starts the setup again")
    except (subprocess.CalledProcessError, OSError) as error:  # of a full disk, or a folder that is not ours
        stop(f"could not make the environment: {error}. To try again: make setup")


if __name__ == "__main__":
    main()
