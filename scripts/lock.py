"""Remake requirements.lock from pyproject.toml with `uv pip compile`, for every platform and Python at once.

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
CUDA = re.compile(r"^(nvidia-|cuda-|triton\b)")
HEADER = (
    "# Exact versions that the book is tested with. Made by `make lock` (uv pip compile --universal); do not edit.\n"
)


def compiled(*options: str) -> str:
    """What uv resolves; versions that stand in requirements.lock are preferred, which uv reads from its output file."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, LOCK.name)
        output.write_text(LOCK.read_text(encoding="utf8"), encoding="utf8")
        uv = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", f"--output-file={output}"]
        uv += ["--all-extras", "--universal", "--python-version=3.11", "--fork-strategy=fewest"]
        uv += ["--no-annotate", "--no-header", "--quiet", *options]
        subprocess.run(uv, cwd=ROOT, check=True)
        return output.read_text(encoding="utf8")


def main() -> None:
    lines = [line for line in compiled(*sys.argv[1:]).splitlines(keepends=True) if not CUDA.match(line)]
    LOCK.write_text(HEADER + "".join(lines), encoding="utf8")
    print(f"{LOCK.name}: {len(lines)} packages")


if __name__ == "__main__":
    main()
