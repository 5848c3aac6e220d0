"""Hold a figure against its committed band, and make bands from the records of several seeds."""

import json
import os
from typing import Any

from pyft.errors import PyftError, unknown
from pyft.evaluation.stats import band
from pyft.evidence.records import results
from pyft.paths import results_folder, write_atomically

Band = dict[str, Any]


class BandError(AssertionError):
    """A figure lies outside its committed band."""


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
