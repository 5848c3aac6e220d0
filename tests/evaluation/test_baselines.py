"""The baselines do what their names say."""

import numpy as np
import pytest

from pyft.evaluation import baselines
from pyft.evaluation.baselines import majority, tfidf_logistic, vader


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
