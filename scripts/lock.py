"""Remake requirements.lock from pyproject.toml with `uv pip compile`, for every platform and Python at once.

Left out are the CUDA parts of torch: torch's own metadata pins them exactly where its build needs them, and a machine
with a CPU build must not be made to download gigabytes. Hashes are left out for the same reason: `torch==X` is another
file on a machine with a GPU than on one without.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
CUDA = re.compile(r"^(nvidia-|cuda-|triton\b)")
HEADER = (
    "# Exact versions that the book is tested with. Made by `make lock` (uv pip compile --universal); do not edit.\n"
)

uv = [
    sys.executable,
    "-m",
    "uv",
    "pip",
    "compile",
    "pyproject.toml",
    "--all-extras",
    "--universal",
    "--python-version=3.11",
]
uv += ["--fork-strategy=fewest", "--no-annotate", "--no-header", "--quiet", *sys.argv[1:]]
compiled = subprocess.run(uv, cwd=ROOT, check=True, capture_output=True, text=True).stdout
lines = [line for line in compiled.splitlines(keepends=True) if not CUDA.match(line)]
LOCK.write_text(HEADER + "".join(lines), encoding="utf8")
print(f"{LOCK.name}: {len(lines)} packages")
