"""Remake requirements.lock from pyproject.toml with `uv pip compile`, for every platform and Python at once.

What the extra `serve` needs beside is locked in requirements-serve.lock: every page depends on requirements.lock, and
on that file those alone that import one of its packages. Flair asks for an older Transformers than the book, so
requirements-flair.lock is for an environment of its own, and is made from the dependency group `flair`.

What is locked stays at its version as long as pyproject.toml allows it; `--upgrade` takes the newest of everything,
`--upgrade-package NAME` of one package.

Left out are the CUDA parts of torch: torch's own metadata pins them exactly where its build needs them, and a machine
with a CPU build must not be made to download gigabytes. Hashes are left out for the same reason: `torch==X` is another
file on a machine with a GPU than on one without.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
SERVE = ROOT / "requirements-serve.lock"
FLAIR = ROOT / "requirements-flair.lock"
EXTRAS = ("book", "cluster", "dev")  # of requirements.lock
CUDA = re.compile(r"^(nvidia-|cuda-|triton\b)")
HEADER = (
    "# Exact versions that the book is tested with. Made by `make lock` (uv pip compile --universal); do not edit.\n"
)


def compiled(lock: Path, *options: str, source: str = "pyproject.toml") -> list[str]:
    """The lines that uv resolves; it prefers the versions of the lock, which it reads from its output file."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, lock.name)
        output.write_text(lock.read_text(encoding="utf8") if lock.is_file() else "", encoding="utf8")
        uv = [sys.executable, "-m", "uv", "pip", "compile", source, f"--output-file={output}"]
        uv += ["--universal", "--python-version=3.11", "--fork-strategy=fewest"]
        uv += ["--no-annotate", "--no-header", "--quiet", *options]
        subprocess.run(uv, cwd=ROOT, check=True)
        lines = output.read_text(encoding="utf8").splitlines(keepends=True)
        return [line for line in lines if not CUDA.match(line)]


def write(lock: Path, lines: list[str]) -> None:
    lock.write_text(HEADER + "".join(lines), encoding="utf8")
    print(f"{lock.name}: {len(lines)} packages")


def main() -> None:
    lines = compiled(LOCK, *(f"--extra={name}" for name in EXTRAS), *sys.argv[1:])
    write(LOCK, lines)
    beside = compiled(SERVE, "--extra=serve", f"--constraint={LOCK}", *sys.argv[1:])
    known = {line.partition("==")[0] for line in lines}
    write(SERVE, [line for line in beside if line.partition("==")[0] not in known])
    write(FLAIR, compiled(FLAIR, *sys.argv[1:], source="--group=flair"))


if __name__ == "__main__":
    main()
