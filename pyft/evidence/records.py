"""Keep a figure with its provenance as a committed file, and read it again."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pyft.errors import PyftError, unknown
from pyft.evidence.provenance import provenance
from pyft.paths import dump, home, read_json, results_folder, write_atomically


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

    `data` and `model` map names to fingerprints and digests; `predictions` maps names to one value an example. Those
    that are answers (classes, tags, right or wrong; not probabilities) are held against the committed record's first.
    `pyft run` keeps records in `book/results`; elsewhere they go to the user's cache folder.

    Raises:
        BandError: too few answers are those that are stored for the seed.
        PyftError: a metric that is not finite.
    """
    from pyft.evidence.bands import agree  # it reads records

    wrong = [name for name, value in metrics.items() if not np.isfinite(value)]
    if wrong:
        raise PyftError(f"chapter {chapter}: metrics must be finite numbers, found otherwise: {', '.join(wrong)}")
    answers = {name: _listed(values) for name, values in (predictions or {}).items()}
    code = os.environ.get("PYFT_MEASURED_BY")  # `pyft run` knows: records of other seeds belong to it if they share it
    kept: dict[str, Any] = {
        "chapter": chapter,
        "profile": profile,
        "seed": seed,
        "metrics": {name: round(float(value), 6) for name, value in metrics.items()},
        "provenance": provenance() | {"code": code, "data": dict(data or {}), "model": dict(model or {})},
        "predictions": answers,
    }
    agree(chapter, answers, seed, profile)
    folder = Path(os.environ.get("PYFT_RECORD_TO") or home() / "results") / chapter / profile
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / f"seed-{seed}.json", dump(kept))
    print(f"recorded: chapter {chapter}, profile {profile}, seed {seed}, {len(metrics)} metrics")
    return kept


def results(chapter: str, profile: str = "laptop") -> list[dict[str, Any]]:
    """The committed records of a chapter, by seed."""
    return read(Path(os.environ.get("PYFT_RECORD_TO") or results_folder()) / chapter / profile)


def read(folder: Path) -> list[dict[str, Any]]:
    """The records that lie in a folder, by seed."""
    found = {path: read_json(path) for path in folder.glob("seed-*.json")}
    for path, kept in found.items():
        known = isinstance(kept, dict) and {"metrics", "predictions", "provenance"} <= kept.keys()
        if not known or not isinstance(kept.get("seed"), int):
            raise PyftError(f"{path} is no record of a run: restore it, or move it away.")
    return sorted(found.values(), key=lambda r: r["seed"])


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


def published(name: str) -> float:
    """A published figure; its source stands next to it in `book/results/published.json`."""
    table = read_json(results_folder() / "published.json")
    if not isinstance(table, dict) or not all(
        isinstance(row, dict) and isinstance(row.get("value"), int | float) for row in table.values()
    ):
        raise PyftError(
            "published.json is no table of figures: restore it: git checkout -- book/results/published.json"
        )
    if name not in table:
        raise unknown("published figure", name, list(table))
    return float(table[name]["value"])


def _listed(values: Any) -> list[Any]:
    return [round(v, 4) if isinstance(v, float) else v for v in np.asarray(values).tolist()]
