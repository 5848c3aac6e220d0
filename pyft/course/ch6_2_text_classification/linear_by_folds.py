"""The linear model of section 6.1 where no text is left over for validation: on long documents."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline

from pyft.evaluation.baselines import STRENGTHS, Rows, linear_svm, words_and_characters


def fit_linear_by_folds(train: Rows, folds: int = 3, strengths: Sequence[float] = STRENGTHS) -> Any:
    """Fit a linear classifier where no text is left over for validation; the smaller `C` on a tie.

    `train` is divided into parts with the same shares of labels, each is answered by models that learnt from the
    others, and the `C` that is most often right over all parts is that of a model of all of `train`.
    """
    texts, y = np.array(train["text"][:], dtype=object), np.array(train["label"][:])
    right = np.zeros(len(strengths))
    for learnt, held_out in StratifiedKFold(folds, shuffle=True, random_state=0).split(texts, y):
        features = words_and_characters()
        x, x_held_out = features.fit_transform(texts[learnt]), features.transform(texts[held_out])
        fitted = [linear_svm(C).fit(x, y[learnt]) for C in strengths]
        right += [(model.predict(x_held_out) == y[held_out]).sum() for model in fitted]
    return make_pipeline(words_and_characters(), linear_svm(strengths[int(np.argmax(right))])).fit(texts, y)
