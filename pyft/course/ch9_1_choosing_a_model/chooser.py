"""A chooser: labels, language and limits in; a ranked answer out, with the runs that speak for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, product

from pyft.course.part9.measured import Way, versus
from pyft.errors import PyftError, unknown
from pyft.evaluation.stats import WORSE
from pyft.evaluation.verdicts import Family, Verdict


@dataclass(frozen=True)
class Limits:
    """What an answer may cost; None: anything."""

    ms: float | None = None  # to answer a text
    mib: float | None = None  # of weights


ANY = Limits()
TIED, OPEN, UNTOLD, BEATEN = WORDS = "tied", "fewer labels", "not compared", "beaten"


@dataclass(frozen=True)
class Ranked:
    """A way that is within the limits, and what is known against it."""

    way: Way
    word: str  # one of `WORDS`
    by: Way | None = None  # the one that is shown to be better with no more labels, by the most; None: nothing is
    verdict: Verdict | None = None  # of this way less `by`, or less the one with the highest mean where there is none


@dataclass(frozen=True)
class Choice:
    """The ways within the limits, the first to be taken first; and why each other way is none of them."""

    ranked: tuple[Ranked, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def tied(self) -> tuple[Ranked, ...]:
        """Those that share the first place, the cheapest first."""
        return tuple(r for r in self.ranked if r.word == TIED)

    @property
    def highest(self) -> Ranked:
        """The one of these with the highest mean."""
        return max(self.tied, key=lambda r: r.way.mean)


def choose(ways: Sequence[Way], labels: int, language: str = "English", limits: Limits = ANY) -> Choice:
    """Rank the ways by what was measured with at most so many labels.

    First come the ways that nothing is shown to beat, the cheapest of them first. A way is held against what the others
    reached with no more labels than its own: to lose to more labels says nothing. So one that was measured with fewer
    labels than the best stays open, and so does one whose answers are not kept; last come those that are beaten.

    Raises:
        PyftError: a language in which nothing was measured; fewer than one label.
    """
    known = sorted({way.language for way in ways})
    if language not in known:
        raise unknown("language", language, known)
    if labels < 1:
        raise PyftError(f"{labels} labels: expected one or more; nothing here was measured without labels.")
    spoken = [way for way in ways if way.language == language]
    now, left_out = latest(spoken, labels), []
    for name in dict.fromkeys(way.name for way in spoken):
        if name not in now:
            least = min(way.labels for way in spoken if way.name == name)
            left_out.append((name, f"measured from {least:,} labels on"))
        elif why := excess(now[name], limits):
            left_out.append((name, why))
            del now[name]
    best = max(now.values(), key=lambda way: way.mean, default=None)
    found = [_judge(way, best, latest(spoken, way.labels), set(now)) for way in now.values()]
    return Choice(tuple(sorted(found, key=_order)), tuple(left_out))


def latest(ways: Sequence[Way], labels: int) -> dict[str, Way]:
    """Of each way what was measured with the most labels that are no more than these."""
    found = sorted((way for way in ways if way.labels <= labels), key=lambda way: way.labels)
    return {way.name: way for way in found}


@cache
def all_pairs(ways: tuple[Way, ...]) -> dict[tuple[Way, Way], Verdict]:
    """Every pair of ways that holds one with the most labels among them, in both orders.

    Two questions, so two families: who is better on the same labels, and who is with fewer. The pairs of each are
    corrected together, since any of them may turn out the best; those of which no answers are kept are left out.
    """
    most = max(way.labels for way in ways)
    same, fewer = [way for way in ways if way.labels == most], [way for way in ways if way.labels < most]
    told: dict[tuple[Way, Way], Verdict] = {}
    for name, pairs in (("the same labels", combinations(same, 2)), ("fewer labels", product(same, fewer))):
        found = {pair: v for pair in pairs if (v := versus(*pair))}
        told |= Family(name, tuple(found)).correct(found)
    return told | {(b, a): replace(v, difference=-v.difference, low=-v.high, high=-v.low) for (a, b), v in told.items()}


def excess(way: Way, limits: Limits) -> str:
    """What of a way is beyond the limits, or not known to be within; nothing if it is fit."""
    for limit, value, what in ((limits.ms, way.ms, "ms a text"), (limits.mib, way.mib, "MiB of weights")):
        if limit is not None and value is None:
            return f"{what}: not measured"
        if limit is not None and value is not None and value > limit:
            return f"{value:.1f} {what}, more than {limit:g}"
    return ""


def _judge(way: Way, best: Way | None, rivals: dict[str, Way], fit: set[str]) -> Ranked:
    """Who beats a way: of the rivals with no more labels those that are within the limits themselves."""
    told = all_pairs(tuple(rivals.values()))
    against = {b: v for b in rivals.values() if b.name in fit and (v := told.get((way, b)))}
    if lost := {b: v for b, v in against.items() if v.word == WORSE}:
        by = min(lost, key=lambda b: lost[b].difference)
        return Ranked(way, BEATEN, by, lost[by])
    if best is None or way.labels < best.labels:
        return Ranked(way, OPEN)
    if way is not best and best not in against:
        return Ranked(way, UNTOLD)
    return Ranked(way, TIED, None, against.get(best))


def _order(r: Ranked) -> tuple[int, float, float, float]:
    """What is tied by its cost: to answer, then to learn; the rest by the mean."""
    if r.word != TIED:
        return WORDS.index(r.word), -r.way.mean, 0.0, 0.0
    never = float("inf")
    ms, seconds, weights = (never if x is None else float(x) for x in (r.way.ms, r.way.seconds, r.way.weights))
    return 0, ms, seconds, weights
