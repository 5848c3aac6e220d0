"""Hold a figure against the record of its seed, and say where another seed would fall.

Two kinds of band. *Reproduction*: the same seed gives the same figure, within what another machine was measured to move
it; this is what the regression test holds. *Seeds*: where one more seed should fall; shown on the page, and held where
there is no record to compare with, because a reader changed the seed.
"""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from pyft.errors import PyftError, unknown
from pyft.evaluation.stats import band
from pyft.evidence.records import read, results
from pyft.paths import dump, read_json, results_folder, write_atomically

Band = dict[str, Any]
Record = Mapping[str, Any]
Kind = Literal["share", "correlation", "loss", "difference", "number"]
POSSIBLE = {
    "share": (0.0, 1.0),
    "correlation": (-1.0, 1.0),
    "loss": (0.0, np.inf),
    "difference": (-1.0, 1.0),  # of two shares
    "number": (-np.inf, np.inf),
}
SMALLEST = 0.003  # tolerance: three examples of a thousand, which a third machine may move where two moved none


class BandError(AssertionError):
    """A figure, or answers to examples, lie outside their committed band."""


def bands(profile: str = "laptop") -> dict[str, Band]:
    """The committed bands of a profile, by metric; none for a profile that was never measured.

    Raises:
        PyftError: the file of bands is damaged, or has none of a profile whose seeds were measured.
    """
    found = _everything().get(profile, {})
    if not found and (chapter := _calibrated(profile)):
        raise PyftError(
            f"bands.json has no band of profile {profile!r}, although seeds of chapter {chapter} were measured in it: "
            f"it lost them. {RESTORE}"
        )
    return found


RESTORE = "Restore it: git checkout -- book/results/bands.json"


def _everything() -> dict[str, dict[str, Band]]:
    """The bands of all profiles, by profile and metric."""
    path = results_folder() / "bands.json"
    found = read_json(path)
    if not isinstance(found, dict) or not all(
        isinstance(of, dict) and all(isinstance(band, dict) for band in of.values()) for of in found.values()
    ):
        raise PyftError(f"{path.name} holds no bands by profile and metric. {RESTORE}")
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _calibrated(profile: str) -> str | None:
    """A chapter of which several seeds were measured in a profile, as bands need them; a run alone makes one."""
    for folder in sorted(results_folder().glob(f"*/{profile}")):
        if len(list(folder.glob("seed-*.json"))) > 1:
            return folder.parent.name
    return None


def expect(metric: str, value: float, seed: int, profile: str = "laptop", kind: Kind = "share") -> None:
    """Hold a figure against the committed record of its seed, or, for a seed without one, against the band of seeds.

    Prints the figure, what it is held against and where another seed would fall, in one line, which the regression
    test does not compare. A profile for which nothing was measured yet passes and says so.

    Raises:
        BandError: the figure is not what it was: worse, better or nan. All three need an explanation.
        PyftError: no such metric in the bands file.
    """
    if os.environ.get("PYFT_CALIBRATING"):
        return  # `pyft calibrate` is measuring the very band
    known, here = bands(profile), told(value, kind)
    if not known:
        print(f"{metric}: {here}; stored: nothing yet for profile {profile}")
        return
    if metric not in known:
        raise unknown(f"metric of profile {profile!r}", metric, list(known))
    if lacking := [name for name in ("tolerance", "low", "high", "seeds") if not _is_number(known[metric].get(name))]:
        raise PyftError(f"the band of {metric} lacks {', '.join(lacking)}: measure it again, or: {RESTORE}")
    tolerance = known[metric]["tolerance"]
    low, high = np.clip((known[metric]["low"], known[metric]["high"]), *POSSIBLE[kind])
    another = f"another seed: {span(low, high, kind)}"
    kept = stored(metric.split("/")[0], seed, profile)
    if kept and metric in kept["metrics"]:
        was = kept["metrics"][metric]
        if not abs(value - was) <= tolerance + 1e-9:
            raise BandError(
                f"{metric} = {here}, stored for seed {seed}: {told(was, kind)} ± {tolerance:.2g}. {_moved(metric)}"
            )
        print(f"{metric}: {here}; stored {told(was, kind)}, agrees; {another}")
    else:
        if not low <= value <= high:
            raise BandError(
                f"{metric} = {here}; {another}, from {known[metric]['seeds']} seeds; seed {seed} has no record here. "
                f"{_moved(metric)}"
            )
        print(f"{metric}: {here}; stored: nothing for seed {seed} on this kind of machine; {another}")


def agree(chapter: str, answers: Mapping[str, Sequence[Any]], seed: int, profile: str = "laptop") -> None:
    """Hold the answers to single examples against those of the record: how many of them agree.

    Two models may be right equally often and differ in every second answer; a figure does not see that.

    Raises:
        BandError: fewer agree than where another machine computed the same; another number of answers.
    """
    kept = stored(chapter, seed, profile)
    if os.environ.get("PYFT_CALIBRATING") or not kept:
        return
    known = bands(profile)
    for name, values in answers.items():
        limit = known.get(f"{chapter}/answers.{name}", {}).get("agree")
        was = kept["predictions"].get(name)
        if limit is None or was is None:
            continue
        share = agreement(values, was)
        if not share >= limit:
            raise BandError(
                f"{chapter}: {100 * share:.1f} % of the answers of {name} are those that are stored for seed {seed}; "
                f"expected at least {100 * limit:.1f} %. {_moved(chapter)}"
            )
        found, least = (f"{100 * x:.1f} %" for x in (share, limit))
        print(f"{chapter}, answers of {name}: {found} are the stored run's; at least {least} must be")


def claim(chapter: str, words: str, holds: Callable[[Mapping[str, float]], bool], profile: str = "laptop") -> None:
    """Hold what a page says of trained figures against its records: it must be so for every seed.

    `holds` is given a record's figures by their names without the chapter's number. Prints the claim and the seeds.

    Raises:
        BandError: for some seed it is not so.
    """
    if os.environ.get("PYFT_CALIBRATING"):
        return  # the records are being made
    found = {
        r["seed"]: {name.removeprefix(f"{chapter}/"): x for name, x in r["metrics"].items()}
        for r in read(results_folder() / chapter / profile)
    }
    not_so = [str(seed) for seed, figures in found.items() if not holds(figures)]
    if not_so:
        raise BandError(f"{chapter}: {words}: not so for seed {', '.join(not_so)}, by its record. Mend the claim.")
    print(f"{words}: so for each of {len(found)} stored seeds" if found else f"{words}: nothing stored for {profile}")


def agreement(one: Sequence[Any], other: Sequence[Any]) -> float:
    """The share of examples with the same answer; 0 for answers to another number of examples."""
    if len(one) != len(other):
        return 0.0
    return float(np.mean([a == b for a, b in zip(one, other, strict=True)]))


def stored(chapter: str, seed: int, profile: str = "laptop") -> dict[str, Any] | None:
    """The committed record of a seed, if there is one that this kind of machine (x86-64, ARM; CPU, GPU) made."""
    found = [r for r in read(results_folder() / chapter / profile) if r["seed"] == seed]
    if not found or _kind(found[0]["provenance"]["hardware"]) != (platform.machine(), has_gpu()):
        return None
    return found[0]


def _kind(hardware: Mapping[str, Any]) -> tuple[str, bool]:
    """The processor's architecture, and whether a GPU computed, which does so in half precision."""
    return hardware["machine"], hardware.get("gpu") is not None


def has_gpu() -> bool:
    """Whether torch sees a GPU: then what is trained here is trained there."""
    import torch  # a page of bands alone need not wait for it

    return torch.cuda.is_available()


def told(value: float, kind: Kind) -> str:
    """A figure in words: a share in percent, a difference of shares in points, anything else with three digits."""
    if kind == "share":
        return f"{100 * value:.1f} %"
    return f"{100 * value:+.1f} points" if kind == "difference" else f"{value:.3f}"


def span(low: float, high: float, kind: Kind) -> str:
    """Where a figure may lie, in words."""
    if kind == "share":
        return f"{100 * low:.1f} to {100 * high:.1f} %"
    return f"{told(low, kind).removesuffix(' points')} to {told(high, kind)}"


def make_bands(
    chapter: str,
    profile: str,
    reason: str,
    elsewhere: Sequence[Record] = (),
    floor: float = 0.004,
) -> dict[str, Band]:
    """Bands of all metrics of a chapter from its records, written into the bands file; the bands that were made.

    `elsewhere` are records of the first seed, computed as other machines would. Every band says from how many seeds it
    was made and why it was made or moved.
    """
    if not reason.strip():
        raise PyftError('a band is moved with a reason only: pyft calibrate CHAPTER --reason "why it moved"')
    records = results(chapter, profile)
    if len(records) < 2:
        raise PyftError(f"chapter {chapter}: a band needs records of at least two seeds, found {len(records)}")
    path = results_folder() / "bands.json"
    everything = _everything() if path.exists() else {}
    about = {"seeds": len(records), "reason": reason}
    first, made = records[0], {}
    for metric, value in first["metrics"].items():
        low, high, mean, sd = band([r["metrics"][metric] for r in records], floor)
        moved = max((abs(r["metrics"][metric] - value) for r in elsewhere), default=0.0)
        numbers = {"low": low, "high": high, "mean": mean, "sd": sd, "tolerance": max(2 * moved, SMALLEST)}
        made[metric] = {name: round(x, 6) for name, x in numbers.items()} | {"floor": floor, **about}
    for name, answers in first["predictions"].items():
        if elsewhere and not any(isinstance(x, float) for x in answers):
            least = min(agreement(r["predictions"][name], answers) for r in elsewhere)
            made[f"{chapter}/answers.{name}"] = {"agree": round(1 - max(2 * (1 - least), SMALLEST), 6), **about}
    kept = {k: v for k, v in everything.get(profile, {}).items() if not k.startswith(f"{chapter}/")}
    write_atomically(path, dump(everything | {profile: kept | made}))
    return made


def _moved(metric: str) -> str:
    return (
        "Something moved: code, data, a library or the machine. If it is meant to, remeasure and say why: "
        f'pyft calibrate {metric.split("/")[0]} --reason "..."'
    )
