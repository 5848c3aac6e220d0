"""Make .venv with the exact packages of requirements.lock. Standard library alone, since nothing else is there yet.

Safe to repeat (a stamp says what the environment was made from), to interrupt (without its stamp an environment is
taken for half made and is made anew) and to start twice at once (the second waits for the first).
"""

import contextlib
import hashlib
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


def made_from() -> str:
    """What an environment here depends on: the lock, our own metadata, this folder and this Python."""
    parts = [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), f"{ROOT} {sys.version_info[:2]}".encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_ready() -> bool:
    if not STAMP.is_file() or STAMP.read_text() != made_from():
        return False
    try:
        return subprocess.run([venv_python(), "-c", "import pyft"], cwd=VENV, capture_output=True).returncode == 0
    except OSError:  # the Python it was made with is gone
        return False


def pip(*arguments: str) -> None:
    quiet = [] if sys.stdout.isatty() else ["--quiet", "--progress-bar=off"]
    command = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check", *quiet, *arguments]
    if subprocess.run(command, cwd=ROOT).returncode:
        stop(
            "pip could not install (its reason is above). To try again: make setup. "
            f"The command was: {' '.join(command)}"
        )


def make() -> None:
    start = time.monotonic()
    if VENV.exists() and not STAMP.is_file():
        say("an earlier setup did not finish; starting it anew")
        shutil.rmtree(VENV)
    elif VENV.exists():
        say("the lock, the checkout's place or Python changed; making the environment anew")
        shutil.rmtree(VENV)
    packages = sum(1 for line in LOCK.read_text().splitlines() if line and not line.startswith("#"))
    say(f"making .venv with Python {sys.version.split()[0]}")
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    say(f"installing the {packages} packages of {LOCK.name} (2 to 10 minutes the first time)")
    pip("--requirement", str(LOCK))
    pip("--no-deps", "--editable", ".")
    STAMP.write_text(made_from())
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
    except subprocess.CalledProcessError as error:
        stop(f"could not make the environment: {error}")


if __name__ == "__main__":
    main()
