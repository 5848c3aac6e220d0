"""Runs that are too long for a page: each is kept as it finishes, and pages read what is kept.

Start the same measurement in two terminals and they share the work; interrupt it, and the next call goes on from there.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pyft.evidence import ROOT, dump, provenance, results_folder, write_atomically

LOCKS = ROOT / "_build" / "bench"


def measure(
    name: str,
    plan: Sequence[tuple[Any, ...]],
    run: Callable[..., dict[str, Any]],
    depends: Callable[..., str] = lambda *_: "",
    out: Path | None = None,
) -> dict[str, Any]:
    """Call `run` with each of the plan's arguments, but for those whose result is kept already.

    What `run` returns goes into the list `runs` of `book/results/bench/NAME.json` (or `out`), in the plan's order, with
    its provenance. A result counts as that of its arguments and of what `depends` says of them.
    """
    path = out or results_folder() / "bench" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    LOCKS.mkdir(parents=True, exist_ok=True)
    keys = [_key(name, *arguments, depends(*arguments)) for arguments in plan]
    for key, arguments in zip(keys, plan, strict=True):
        try:
            with FileLock(LOCKS / f"{key}.lock", timeout=0):
                if key not in _kept(path):
                    made = {"key": key} | run(*arguments) | {"provenance": provenance()}
                    with FileLock(LOCKS / f"{path.name}.lock"):
                        found = _kept(path) | {key: made}
                        order = sorted(found, key=lambda k: keys.index(k) if k in keys else -1)
                        write_atomically(path, dump({"runs": [found[k] for k in order]}))
                print(f"{name}: {', '.join(map(str, arguments))}", flush=True)
        except Timeout:  # another process is at this one
            continue
    return {"runs": list(_kept(path).values())}


def _kept(path: Path) -> dict[str, dict[str, Any]]:
    runs = json.loads(path.read_text(encoding="utf8"))["runs"] if path.is_file() else []
    return {run["key"]: run for run in runs}


def _key(*parts: Any) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]
