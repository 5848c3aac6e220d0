"""Without validation texts, parts of the training texts choose the penalty of the linear model."""

from pyft.course.ch6_2_text_classification import linear_by_folds
from pyft.course.ch6_2_text_classification.linear_by_folds import fit_linear_by_folds
from pyft.evaluation.baselines import STRENGTHS, fit_linear

ENDINGS = ["badly", "sadly", "madly", "gladly", "goodness", "kindness", "fitness", "sadness"]


def rows(texts, labels):
    return {"text": texts, "label": labels}


def test_every_strength_is_tried_on_every_part_and_the_chosen_one_learns_from_all(monkeypatch):
    train, tried = rows(ENDINGS * 3, ([0] * 4 + [1] * 4) * 3), []
    plain = linear_by_folds.linear_svm
    monkeypatch.setattr(linear_by_folds, "linear_svm", lambda C: tried.append(C) or plain(C))
    model = fit_linear_by_folds(train, folds=3)
    assert tried == [*STRENGTHS * 3, model[-1].C]
    again = fit_linear(train, train, [model[-1].C])  # learnt from all of them
    new = ["boldly", "boldness", "film"]
    assert model.predict(new).tolist() == again.predict(new).tolist()


def test_parts_reject_a_strength_that_hardly_learns():
    train = rows(["fine film"] * 18 + ["dull film"] * 3, [1] * 18 + [0] * 3)
    model = fit_linear_by_folds(train, strengths=[1e-9, 1.0])
    assert model[-1].C == 1.0 and model.predict(["dull", "fine"]).tolist() == [0, 1]
