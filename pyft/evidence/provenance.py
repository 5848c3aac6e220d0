"""Where a figure comes from: commit, versions, hardware, seconds, peak memory."""

import contextlib
import platform
import re
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from pyft import __version__, paths

_STARTED = time.monotonic()


def provenance(since: float = _STARTED) -> dict[str, Any]:
    """Commit, versions, hardware, seconds, peak memory of the process (MiB; None where it cannot be read).

    The seconds are those since the page began, or since another time of `time.monotonic`.
    """
    packages = ["torch", "transformers", "datasets", "scikit-learn", "numpy"]
    return {
        "commit": _commit(),
        "versions": {"pyft-book": __version__, "python": platform.python_version()}
        | {name: metadata.version(name) for name in packages},
        "hardware": _hardware(),
        "seconds": round(time.monotonic() - since, 1),
        "peak_memory_mib": _peak_memory(),
    }


def _commit() -> str:
    """The commit of the checkout with `-dirty` if code was changed, not what runs write; `unknown` outside one."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", "pyft", "requirements.lock")
        return _git("rev-parse", "--short=12", "HEAD") + "-dirty" * bool(changed)
    return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=paths.ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def _hardware() -> dict[str, Any]:
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cpu": _cpu(),
        "threads": torch.get_num_threads(),
        "gpu": gpu,
    }


def _cpu() -> str:
    with contextlib.suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or "unknown"


def _peak_memory() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB on Linux, bytes on macOS
    return round(peak / (1024 if sys.platform != "darwin" else 1024**2))
