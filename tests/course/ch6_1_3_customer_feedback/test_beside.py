"""What page 6.1.3 says of the stored comparison, on runs that are made up."""

import numpy as np
import pytest

from pyft.course.ch6_1_3_customer_feedback import beside
from pyft.course.ch6_1_3_customer_feedback import experiment as own
from pyft.evaluation.stats import pack_bits

RIGHT = {own.OURS: 0.9, own.LINEAR: 0.4}  # all other ways: 0.6


def made_up(name, way, seed):
    rng = np.random.default_rng([seed, len(name), len(way)])
    n, share = 200, RIGHT.get(way, 0.6)
    of = {"set": name, "way": way, "seed": seed, "rows": {"test": n}}
    of |= {"epochs": None if way == own.LINEAR else 6.0, "seconds": 10.0 + 10 * (way == own.AS_LONG)}
    right = rng.random(n) < share
    if own.SETS[name].task == own.TAGS:
        counts = np.stack([right, np.ones(n), np.ones(n)], axis=1).astype(int)
        return of | {"score": right.mean(), "counts": own.pack_counts(counts)}
    return of | {"score": right.mean(), "right": pack_bits(right)}


@pytest.fixture
def found():
    return {"runs": [made_up(*arguments) for arguments in own.plan()]}


def test_each_way_has_its_mean_score_and_its_epochs(found):
    rows = {row[0]: row[1:] for row in beside.scores(found)}
    assert list(rows) == list(beside.WAYS)
    one = np.mean([r["score"] for r in found["runs"] if (r["set"], r["way"]) == ("newsgroups", own.OURS)])
    assert rows[own.OURS][1] == f"{100 * one:.1f} in 6"
    assert " in " not in rows[own.LINEAR][0]


def test_the_difference_says_how_far_ours_is_above_and_the_verdict(found):
    rows = {row[0]: row[1:] for row in beside.differences(found)}
    assert all(
        cell.startswith("+") and cell.endswith(": better") for cell in rows["pyft finetune against linear model"]
    )
    last = rows["random batches against batches by length"]
    assert all(cell.endswith("no difference shown") for cell in last)
    assert len(rows) == len(beside.WAYS)


def test_time_is_compared_with_as_many_epochs(found):
    assert beside.less_time(found) == pytest.approx((50.0, 50.0))


def test_a_run_that_is_missing_is_named(found):
    found["runs"] = [r for r in found["runs"] if (r["way"], r["seed"]) != (own.OURS, 1)]
    with pytest.raises(ValueError, match="film reviews, pyft finetune: expected 3 runs, found 2"):
        beside.scores(found)
