"""The baselines do what their names say."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from pyft.evaluation import baselines
from pyft.evaluation.baselines import STRENGTHS, fit_linear, fit_ridge, majority, tfidf_logistic, vader


@pytest.mark.parametrize(
    "train,label",
    [([0, 1, 1], 1), ([1, 0, 0], 0), ([1, 0], 0), ([2, 2, 1, 1], 1), ([5], 5), (np.array([1, 1, 0]), 1)],
)
def test_majority_is_the_commonest_label_and_the_smaller_on_a_tie(train, label):
    assert majority(train, 3).tolist() == [label] * 3


def test_majority_of_no_examples_is_empty():
    assert majority([0, 1], 0).shape == (0,)


@pytest.mark.parametrize(
    "text,sign",
    [
        ("A wonderful, moving film.", 1),
        ("A terrible, boring film.", -1),
        ("This film is not good.", -1),
        ("The film lasts an hour.", 0),
        ("", 0),
    ],
)
def test_vader_has_the_sign_of_an_obvious_sentence(text, sign):
    (score,) = vader([text])
    assert np.sign(score) == sign
    assert -1 <= score <= 1


def test_vader_keeps_the_order():
    assert vader(["bad", "good"]).tolist() == [*vader(["bad"]), *vader(["good"])]


def test_tfidf_learns_a_word_that_decides():
    texts = ["a fine film", "a dull film", "fine acting", "dull acting", "so fine", "so dull"]
    model = tfidf_logistic().fit(texts, [1, 0, 1, 0, 1, 0])
    assert model.predict(["a fine evening", "a dull evening"]).tolist() == [1, 0]


def test_tfidf_sees_pairs_of_words():
    # single words cannot tell these apart: the same words occur in both classes
    texts = ["not bad but good", "not good but bad"] * 4
    model = tfidf_logistic(C=100).fit(texts, [1, 0] * 4)
    assert model.predict(texts[:2]).tolist() == [1, 0]


CHINESE = ["房间很干净，服务也好", "酒店太吵，早餐一般", "房间很小，服务也差"]


@pytest.mark.parametrize(
    "texts,apart",
    [
        (["a good film", "der gute Film", "хороший фильм", "좋은 영화 입니다"], True),
        (CHINESE, False),
        (["映画がとても良かった", "ภาพยนตร์ดีมาก"], False),
        (["iPhone 手机很好用，屏幕也清晰", "物流太慢了，客服也不理人 ok"], False),
        (["😀😀", "💔"], False),
        (["a b", "c"], False),
    ],
)
def test_characters_are_counted_where_words_are_not_set_apart(texts, apart):
    assert baselines.sets_words_apart(texts) is apart
    features = baselines.tfidf_features(texts)
    assert features.analyzer == ("word" if apart else "char")
    assert features.fit(texts).vocabulary_


def rows(texts, labels):
    return {"text": texts, "label": labels}


def shouts(n, seed):
    """Texts whose class shows in a sign, in an ending or in a pair of words; the rest is noise."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(n):
        label = int(rng.integers(3))
        words = rng.choice(["film", "actor", "scene", "plot", "ending", "music"], size=4).tolist()
        words[int(rng.integers(4))] += ["ly", "ness", "ful"][label] if rng.random() < 0.7 else ""
        texts.append(" ".join(words) + [" !", " ?", "."][label if rng.random() < 0.5 else 2])
        labels.append(label)
    return rows(texts, labels)


@pytest.mark.parametrize(
    "texts",
    [
        ["so! it ends", "so? it ends"],  # a sign
        ["not bad but good", "not good but bad"],  # a pair
        ["unwatchable stuff", "unreadable stuff"],  # pieces of words, which a new word shares
        ["很好 酒店", "不好 酒店"],  # a character
    ],
)
def test_the_linear_model_sees_what_counts_of_words_miss(texts):
    train = rows(texts * 4, [1, 0] * 4)
    assert fit_linear(train, train).predict(texts).tolist() == [1, 0]


def test_a_new_word_of_a_known_ending_is_known():
    train = rows(["badly", "sadly", "madly", "goodness", "kindness", "fitness"] * 2, [0, 0, 0, 1, 1, 1] * 2)
    assert fit_linear(train, train).predict(["boldly", "boldness"]).tolist() == [0, 1]


def test_case_does_not_count():
    model = fit_linear(rows(["fine film", "dull film"] * 3, [1, 0] * 3), rows(["fine", "dull"], [1, 0]))
    assert model.predict(["FINE FILM", "Dull Film"]).tolist() == [1, 0]


def test_its_strength_is_the_best_on_validation_texts():
    train, validation = shouts(150, 0), shouts(80, 1)
    model = fit_linear(train, validation)
    scores = {C: fit_linear(train, validation, [C]).score(validation["text"], validation["label"]) for C in STRENGTHS}
    assert max(scores, key=scores.get) == model[-1].C  # the first, so the smallest, of equal ones
    assert len(set(scores.values())) > 1


def test_it_goes_to_the_minimum_and_gives_the_same_answers_again():
    train, validation = shouts(300, 0), shouts(80, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        one, two = fit_linear(train, validation, [10.0]), fit_linear(train, validation, [10.0])
    assert (one[-1].coef_ == two[-1].coef_).all()
    x, w, y = one[0].transform(train["text"]), one[-1], np.array(train["label"])
    sign = np.where(y[:, None] == w.classes_, 1, -1)  # (N, K)
    margin = np.maximum(0, 1 - sign * w.decision_function(x))
    slope = w.coef_ - 2 * 10 * ((sign * margin).T @ x)  # (K, V), of |w|^2 / 2 + C sum(margin^2)
    assert np.abs(slope).max() < 1e-2 * np.abs(2 * 10 * (sign.T @ x)).max()


def test_ridge_learns_ratings_and_chooses_its_penalty():
    train, validation = shouts(300, 0), shouts(80, 1)
    model = fit_ridge(train, validation)
    errors = {a: fit_ridge(train, validation, [a]).score(validation["text"], validation["label"]) for a in (0.3, 10.0)}
    assert model.score(validation["text"], validation["label"]) >= max(errors.values()) > 0.3
    assert model[-1].alpha in (0.3, 1.0, 3.0, 10.0)
