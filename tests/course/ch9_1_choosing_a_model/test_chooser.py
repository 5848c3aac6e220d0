"""What is chosen follows the evidence: ties, limits, other languages, fewer labels."""

from dataclasses import replace

import pytest
from made_ways import way

from pyft.course.ch9_1_choosing_a_model.chooser import BEATEN, OPEN, TIED, UNTOLD, Limits, all_pairs, choose, latest
from pyft.course.part9.measured import versus
from pyft.errors import PyftError
from pyft.evaluation.stats import holm

SMALL = way("small", 0.60, weights=10_000, ms=1.0, seconds=1.0)
GOOD = way("good", 0.80, weights=20_000_000, ms=12.0, seconds=20.0)
DEAR = way("dear", 0.81, weights=20_000_000, ms=12.0, seconds=90.0)
WAYS = [DEAR, SMALL, GOOD]


def words(choice):
    return {r.way.name: r.word for r in choice.ranked}


def test_ties_come_first_and_the_cheapest_of_them_before_the_highest():
    found = choose(WAYS, 100)
    assert words(found) == {"good": TIED, "dear": TIED, "small": BEATEN}
    assert [r.way.name for r in found.tied] == ["good", "dear"] and found.highest.way is DEAR
    assert found.ranked[0].verdict.difference == pytest.approx(GOOD.mean - DEAR.mean)
    assert found.ranked[1].verdict is None  # the highest is held against nothing
    assert found.ranked[2].by is DEAR and found.ranked[2].verdict.high < 0


def test_what_evidence_says_is_what_is_chosen():
    worse = [replace(GOOD, right=SMALL.right, accuracy=SMALL.accuracy), DEAR, SMALL]
    assert words(choose(worse, 100)) == {"dear": TIED, "small": BEATEN, "good": BEATEN}


def test_beyond_a_limit_or_not_measured_is_left_out_with_the_reason():
    found = choose([*WAYS, way("new", 0.9)], 100, limits=Limits(mib=1.0))
    assert words(found) == {"small": TIED}
    assert dict(found.left_out) == {
        "dear": "76.3 MiB of weights, more than 1",
        "good": "76.3 MiB of weights, more than 1",
        "new": "MiB of weights: not measured",
    }
    assert "12.0 ms a text, more than 2" in dict(choose(WAYS, 100, limits=Limits(ms=2.0)).left_out).values()


def test_what_is_too_dear_beats_nobody():
    late = replace(GOOD, name="late", ms=99.0)
    found = choose([SMALL, late], 100, limits=Limits(ms=50.0))
    assert words(found) == {"small": TIED} and found.tied[0].verdict is None


def test_what_is_beaten_goes_by_its_mean():
    found = choose([way("low", 0.3, ms=0.1), way("middle", 0.5, ms=0.5), GOOD], 100)
    assert [(r.way.name, r.word) for r in found.ranked] == [("good", TIED), ("middle", BEATEN), ("low", BEATEN)]


def test_nothing_fits():
    found = choose(WAYS, 100, limits=Limits(ms=0.1))
    assert found.ranked == found.tied == () and len(found.left_out) == 3
    assert dict(choose(WAYS, 99).left_out)["good"] == "measured from 100 labels on"


def test_a_way_takes_its_record_with_the_most_labels_that_one_has():
    more = [way("good", 0.85, labels=500), way("good", 0.9, labels=900)]
    assert latest([*WAYS, *more], 700)["good"].labels == 500
    assert latest([*WAYS, *more], 50) == {}


def test_to_lose_to_more_labels_says_nothing_and_to_fewer_it_does():
    few, many = way("few", 0.70, labels=100), way("many", 0.85, labels=500)
    assert words(choose([few, many], 600)) == {"many": TIED, "few": OPEN}
    few, many = way("few", 0.85, labels=100), way("many", 0.70, labels=500)
    assert words(choose([few, many], 600)) == {"few": TIED, "many": BEATEN}


def test_pairs_on_the_same_labels_are_one_family_and_those_with_fewer_another():
    few, fewer = way("few", 0.70, labels=50), way("fewer", 0.65, labels=20)
    told = all_pairs((SMALL, GOOD, few, fewer))
    assert told[SMALL, GOOD] == versus(SMALL, GOOD)
    raw = [versus(*pair).p for pair in ((SMALL, few), (SMALL, fewer), (GOOD, few), (GOOD, fewer))]
    pairs = [told[pair].p for pair in ((SMALL, few), (SMALL, fewer), (GOOD, few), (GOOD, fewer))]
    assert pairs == pytest.approx(holm(raw)) and (few, fewer) not in told


def test_all_pairs_are_corrected_together_and_read_both_ways():
    told = all_pairs((SMALL, GOOD, DEAR))
    raw = [versus(*pair).p for pair in ((SMALL, GOOD), (SMALL, DEAR), (GOOD, DEAR))]
    pairs = [told[pair].p for pair in ((SMALL, GOOD), (SMALL, DEAR), (GOOD, DEAR))]
    assert pairs == pytest.approx(holm(raw))
    there, back = told[SMALL, GOOD], told[GOOD, SMALL]
    assert (back.difference, back.low, back.high, back.p) == (-there.difference, -there.high, -there.low, there.p)


def test_without_answers_the_highest_comes_first_and_nothing_is_said_of_the_others():
    a, b = (replace(w, right=None, language="Chinese") for w in (SMALL, GOOD))
    found = choose([*WAYS, a, b], 100, "Chinese")
    assert words(found) == {"good": TIED, "small": UNTOLD}
    assert [r.verdict for r in found.ranked] == [None, None]


def test_an_unknown_language_and_no_labels_are_refused():
    with pytest.raises(PyftError, match="unknown language 'German'"):
        choose(WAYS, 100, "German")
    with pytest.raises(PyftError, match="0 labels: expected one or more"):
        choose(WAYS, 0)
