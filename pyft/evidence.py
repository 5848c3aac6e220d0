"""Evidence: what a page proves, expects, records and shows.

`prove` holds our code against a library's; `expect` holds a figure against its committed band; `record` keeps a figure
with its provenance; `show` prints code from its one source. What they print is the same text on every machine.
"""

import contextlib
import inspect
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from IPython.display import Markdown, display

from pyft import __version__
from pyft import symbols as symbol_tables
from pyft.errors import PyftError, unknown
from pyft.fetch import home
from pyft.stats import band

ROOT = Path(__file__).resolve().parent.parent
_STARTED = time.monotonic()
_LEDGER: list[str] = []  # names of the proofs of the page that this kernel runs

Band = dict[str, Any]
Case = tuple[str, Any, Any, float]  # what, ours, reference, tol


class ProofError(AssertionError):
    """Our result and the reference differ by more than the tolerance."""


class BandError(AssertionError):
    """A figure lies outside its committed band."""


# --- prove ------------------------------------------------------------------------------------------------------------


def prove(name: str, ours: Any, reference: Any, tol: float) -> None:
    """Raise unless `ours` equals `reference` within `tol` (largest absolute difference), shape included; print a line.

    Both are tensors, arrays or numbers. A nan equals nothing.

    Raises:
        ProofError: another shape, or a larger difference; says which and how large.
    """
    same(name, ours, reference, tol)
    _LEDGER.append(name)
    print(f"proven: {name} (within {tol:g})")


def same(name: str, ours: Any, reference: Any, tol: float) -> None:
    """Raise `ProofError` unless both are equal within `tol`; print nothing."""
    a, b = _array(ours), _array(reference)
    if a.shape != b.shape:
        raise ProofError(f"{name}: shapes differ, ours {a.shape}, reference {b.shape}")
    if not a.size:
        raise ProofError(f"{name}: nothing to compare, both are empty")
    worst = float(np.abs(a - b).max())
    if not worst <= tol:  # written so that nan fails
        raise ProofError(f"{name}: largest difference {worst:.3g}, allowed {tol:g}")


def prove_all(name: str, cases: Iterable[Case]) -> None:
    """Prove every case of a family, each `(what, ours, reference, tol)`; print one line, enter it in the ledger once.

    Raises:
        ProofError: a case fails, or there is none; says which.
    """
    counts: dict[float, int] = {}
    for what, ours, reference, tol in cases:
        same(f"{name}, {what}", ours, reference, tol)
        counts[tol] = counts.get(tol, 0) + 1
    if not counts:
        raise ProofError(f"{name}: no case to prove")
    _LEDGER.append(name)
    print(f"proven: {name} ({', '.join(f'{n} cases within {tol:g}' for tol, n in sorted(counts.items()))})")


def _array(x: Any) -> Any:
    if hasattr(x, "detach"):
        x = x.detach().cpu().numpy()
    return np.asarray(x, dtype=np.float64)


def ledger() -> list[str]:
    """The names of what this page has proven so far, in order."""
    return list(_LEDGER)


# --- expect -----------------------------------------------------------------------------------------------------------


def results_folder() -> Path:
    """Where the committed evidence lies: in the checkout, or in the installed package (on Colab)."""
    checkout = ROOT / "book" / "results"
    return checkout if checkout.is_dir() else Path(__file__).resolve().parent / "_results"


def bands(profile: str = "laptop") -> dict[str, Band]:
    """The committed bands of a profile, by metric."""
    text = (results_folder() / "bands.json").read_text(encoding="utf8")
    found: dict[str, Band] = json.loads(text).get(profile, {})
    return found


def expect(metric: str, value: float, profile: str = "laptop") -> None:
    """Hold a figure against its committed band, above and below; print the band and the verdict, never the figure.

    A profile for which no band at all was measured yet (nobody ran it) passes and says so.

    Raises:
        BandError: the figure is outside its band: worse, better or nan. All three need an explanation.
        PyftError: no such metric in the bands file.
    """
    if os.environ.get("PYFT_CALIBRATING"):
        return  # `pyft calibrate` is measuring the very band
    known = bands(profile)
    if not known:
        print(f"{metric}: no band measured yet for profile {profile}")
        return
    if metric not in known:
        raise unknown(f"metric of profile {profile!r}", metric, list(known))
    low, high = known[metric]["low"], known[metric]["high"]
    if not low <= value <= high:
        side = "above" if value > high else "below" if value < low else "not in"
        raise BandError(
            f"{metric} = {value:.4f} is {side} its band [{low:.4f}, {high:.4f}] (from {known[metric]['seeds']} seeds). "
            "Something moved: code, data, a library or the machine. If it is meant to, remeasure the band and say why: "
            f'pyft calibrate {metric.split("/")[0]} --reason "..."'
        )
    print(f"{metric}: within its band [{low:.4f}, {high:.4f}]")


# --- record -----------------------------------------------------------------------------------------------------------


def record(
    chapter: str,
    metrics: Mapping[str, float],
    *,
    seed: int,
    profile: str = "laptop",
    data: Mapping[str, str] | None = None,
    model: Mapping[str, str] | None = None,
    predictions: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Keep figures with their provenance, as one JSON file for chapter, profile and seed; return what was kept.

    `data` and `model` map names to fingerprints and digests; `predictions` maps names to one value an example.
    `pyft run` keeps records in `book/results`; elsewhere they go to the user's cache folder.
    """
    wrong = [name for name, value in metrics.items() if not np.isfinite(value)]
    if wrong:
        raise PyftError(f"chapter {chapter}: metrics must be finite numbers, found otherwise: {', '.join(wrong)}")
    kept = {
        "chapter": chapter,
        "profile": profile,
        "seed": seed,
        "metrics": {name: round(float(value), 6) for name, value in metrics.items()},
        "provenance": provenance() | {"data": dict(data or {}), "model": dict(model or {})},
        "predictions": {name: _listed(values) for name, values in (predictions or {}).items()},
    }
    folder = Path(os.environ.get("PYFT_RECORD_TO") or home() / "results") / chapter / profile
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / f"seed-{seed}.json", dump(kept))
    print(f"recorded: chapter {chapter}, profile {profile}, seed {seed}, {len(metrics)} metrics")
    return kept


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


def results(chapter: str, profile: str = "laptop") -> list[dict[str, Any]]:
    """The committed records of a chapter, by seed."""
    folder = Path(os.environ.get("PYFT_RECORD_TO") or results_folder()) / chapter / profile
    found = [json.loads(path.read_text(encoding="utf8")) for path in folder.glob("seed-*.json")]
    return sorted(found, key=lambda r: r["seed"])


def bench(name: str) -> dict[str, Any]:
    """A committed benchmark: the list `runs` of what `pyft bench NAME` measured, each with its provenance."""
    path = results_folder() / "bench" / f"{name}.json"
    if not path.is_file():
        raise unknown("benchmark", name, sorted(p.stem for p in path.parent.glob("*.json")))
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
    return found


def select(found: Mapping[str, Any], **values: Any) -> list[dict[str, Any]]:
    """The runs of a benchmark that have these values, in order. Raises `PyftError` if there is none."""
    runs = [run for run in found["runs"] if all(run.get(name) == value for name, value in values.items())]
    if not runs:
        known = [tuple(run.get(name) for name in values) for run in found["runs"]]
        raise PyftError(
            f"no kept run with {', '.join(f'{name} {value!r}' for name, value in values.items())}. "
            f"Known: {', '.join(dict.fromkeys(str(row[0] if len(row) == 1 else row) for row in known))}."
        )
    return runs


def origin(found: dict[str, Any]) -> str:
    """Where the runs of a benchmark come from, in words for a page: hardware, version of torch, commits."""
    made = [run["provenance"] for run in found["runs"]]
    hardware = {p["hardware"]["gpu"] or _threads(p["hardware"]["threads"]) for p in made}
    torch = {f"torch {p['versions']['torch']}" for p in made}
    commits = {f"commit {p['commit']}" for p in made}
    return "; ".join(" and ".join(sorted(some)) for some in (hardware, torch, commits))


def _threads(n: int) -> str:
    return f"{n} CPU thread" + "s" * (n > 1)


def published(name: str) -> float:
    """A published figure; its source stands next to it in `book/results/published.json`."""
    table = json.loads((results_folder() / "published.json").read_text(encoding="utf8"))
    if name not in table:
        raise unknown("published figure", name, list(table))
    return float(table[name]["value"])


def make_bands(chapter: str, profile: str, reason: str, floor: float = 0.004) -> dict[str, Band]:
    """Bands of all metrics of a chapter from its records, written into the bands file; the bands that were made.

    Every band says from how many seeds it was made and why it was made or moved.
    """
    if not reason.strip():
        raise PyftError('a band is moved with a reason only: pyft calibrate CHAPTER --reason "why it moved"')
    records = results(chapter, profile)
    if len(records) < 2:
        raise PyftError(f"chapter {chapter}: a band needs records of at least two seeds, found {len(records)}")
    path = results_folder() / "bands.json"
    everything = json.loads(path.read_text(encoding="utf8")) if path.exists() else {}
    made = {}
    for metric in records[0]["metrics"]:
        low, high, mean, sd = band([r["metrics"][metric] for r in records], floor)
        numbers = {"low": low, "high": high, "mean": mean, "sd": sd}
        made[metric] = {k: round(v, 6) for k, v in numbers.items()} | {
            "floor": floor,
            "seeds": len(records),
            "reason": reason,
        }
    kept = {k: v for k, v in everything.get(profile, {}).items() if not k.startswith(f"{chapter}/")}
    write_atomically(path, json.dumps(everything | {profile: kept | made}, indent=2, ensure_ascii=False) + "\n")
    return made


def write_atomically(path: Path, text: str) -> None:
    """Write next to the file, then rename over it: a reader sees the old file or the new one, never half of one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf8", newline="\n")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def dump(kept: Mapping[str, Any]) -> str:
    """Indented JSON, with each list of numbers on one line, so that a diff shows what moved."""
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    return re.sub(r'\[\n[^\[\]{}"]*\]', lambda m: re.sub(r"\s+", "", m[0]), text) + "\n"


def _listed(values: Any) -> list[Any]:
    return [round(v, 4) if isinstance(v, float) else v for v in np.asarray(values).tolist()]


def _commit() -> str:
    """The commit of the checkout with `-dirty` if code was changed, not what runs write; `unknown` outside one."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", "pyft", "requirements.lock")
        return _git("rev-parse", "--short=12", "HEAD") + "-dirty" * bool(changed)
    return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


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


# --- show and glue ----------------------------------------------------------------------------------------------------


def show(obj: Any) -> None:
    """Display the source of a class or function, so that a page's code is the package's code, written once."""
    display(Markdown(f"```python\n{inspect.getsource(obj).rstrip()}\n```"))


def symbols(topic: str) -> None:
    """Display the table of a topic's symbols: letter, name in code, shape, meaning."""
    display(Markdown(symbol_tables.markdown(topic)))


def glue(**values: str) -> None:
    """Store texts in this cell's output, for prose to take up with the role {glue:text}: prose types no figure."""
    prefix = "application/papermill.record/"
    for name, value in values.items():
        metadata_ = {"scrapbook": {"name": name, "mime_prefix": prefix}}
        display({f"{prefix}text/plain": repr(value)}, metadata=metadata_, raw=True)
