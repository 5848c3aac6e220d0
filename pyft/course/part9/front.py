"""Which ways are worth their cost: the Pareto front, and what of it is more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyft.course.part9.measured import Cost, Way, versus
from pyft.errors import PyftError
from pyft.evaluation.stats import holm

CHEAPEST, SHOWN, CHANCE, OFF = "the cheapest", "shown", "not shown", "off"


def pareto(costs: Sequence[float], scores: Sequence[float]) -> list[bool]:
    """Which of some points no other dominates: none costs no more, scores no less, and is better in one of the two."""
    points = list(zip(costs, scores, strict=True))
    return [not any(c <= cost and s >= score and (c, s) != (cost, score) for c, s in points) for cost, score in points]


@dataclass(frozen=True)
class Standing:
    """Where a way stands: what it costs, and whether it is on the front."""

    way: Way
    cost: float
    word: str  # one of the four above
    p: float  # of "better than every way that costs no more", corrected for the number of ways; 1 for the cheapest
    rival: str = ""  # the one of these that is hardest to beat


def stand(ways: Sequence[Way], cost: Cost, alpha: float = 0.05) -> list[Standing]:
    """Where each way stands that has this cost, the cheapest first.

    A way belongs on the front if it is better than *every* way that costs no more. That is shown if each of these
    paired tests shows it, so its p is the largest of theirs, and needs no correction for their number (the
    intersection-union test, Berger 1982, Technometrics 24(4)). The ways themselves are many, all of them declared by
    being there, and are corrected by Holm's rule.

    Raises:
        PyftError: ways learnt from different numbers of labels, or whose answers were not kept.
    """
    priced = sorted(((c, way) for way in ways if (c := cost(way)) is not None), key=lambda pair: pair[0])
    if len({way.labels for _, way in priced}) > 1 or any(way.right is None for _, way in priced):
        raise PyftError("a front compares ways on the same labels, whose answers are kept: choose them first.")
    on = pareto([c for c, _ in priced], [way.mean for _, way in priced])
    hardest = [
        max(((_p_better(way, other), other.name) for d, other in priced if d <= c and other is not way), default=None)
        for c, way in priced
    ]
    corrected = iter(holm([pair[0] for pair in hardest if pair]))
    found = []
    for (c, way), is_on, pair in zip(priced, on, hardest, strict=True):
        p = next(corrected) if pair else 1.0
        word = CHEAPEST if not pair else OFF if not is_on else SHOWN if p < alpha else CHANCE
        found.append(Standing(way, c, word, p, pair[1] if pair else ""))
    return found


def _p_better(a: Way, b: Way) -> float:
    """The p of the paired test of a against b, and 1 if a is not the better one."""
    v = versus(a, b)
    return v.p if v is not None and v.difference > 0 else 1.0
