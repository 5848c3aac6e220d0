"""What is said of the runs on news is what they and the tests say."""

import numpy as np
import pytest

from pyft.course.ch6_2_1_text_source import results
from pyft.course.ch6_2_1_text_source.experiment import BEGINNING, CLASSES, MODELS, RECIPES, TESTS, WHOLE, plan
from pyft.evaluation.verdicts import Verdict


@pytest.fixture
def found():
    accuracy = {WHOLE: 0.97, BEGINNING: 0.96} | dict.fromkeys(MODELS, 0.9)
    runs = [
        {"corpus": corpus, "model": name, "seed": seed, "accuracy": accuracy[name] + seed / 100, "guess": CLASSES[:9]}
        for corpus, name, seed in plan()
    ]
    return {"runs": runs}


def judged(**words):
    """Verdicts that say worse of the models named, and nothing of the others."""
    made = {}
    for key in TESTS.members:
        d = words.get(key[1], 0.0) if key[2] == WHOLE else 0.0
        made[key] = Verdict(d, d - 0.01, d + 0.01, 0.001 if d else 0.9, 0.02)
    return made


def test_a_mark_stands_where_the_test_says_so(found):
    text = results.table(found, judged(bert=-0.07, xlnet=0.03)).data
    assert text.count("91.0 (90.0 to 92.0) ▼") == len(RECIPES) == text.count("91.0 (90.0 to 92.0) ▲")
    assert text.count("91.0 (90.0 to 92.0)<") == len(RECIPES)
    assert text.count(">97.0<") == len(RECIPES) == text.count(">96.0<")


def test_what_is_told_counts_the_verdicts(found):
    told = results.told(found, judged(bert=-0.07, xlnet=0.03))
    assert "Against TF-IDF on whole stories: 2 better and 2 worse of 6 comparisons of a model" in told["models"]
    assert (
        "beginnings: no difference is shown in any of 6 comparisons of a model, whose mean is higher in none"
        in (told["models"])
    )
    assert "R8 +0.0 points, no difference shown; R52 +0.0 points, no difference shown." in told["length"]
    assert told["visible"].startswith("A test by itself would find a difference of 2.0 to 2.0 points")
    assert told["stories"] == "9 and 9"


def test_the_fixture_has_every_run(found):
    assert np.all([r["accuracy"] > 0.8 for r in found["runs"]])
