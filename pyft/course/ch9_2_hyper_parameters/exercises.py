"""The exercises of section 9.2: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def share(y: Tensor) -> float:
    of_rows = y.mean(1)  # a mean for each value of the hyper-parameter
    return float(of_rows.var(correction=0) / y.var(correction=0))


_TABLES = [torch.tensor([[0.6, 0.8], [0.7, 0.7]]).double(), torch.tensor([[0.5, 0.6, 0.7], [0.8, 0.8, 0.9]]).double()]
EXERCISES["9.2-a"] = Exercise(
    solution=share,
    cases=[(table,) for table in _TABLES],
    mistakes=[
        (
            lambda y: float(y.mean(0).var(correction=0) / y.var(correction=0)),
            "You averaged over the rows. Average each row instead.",
        ),
        (
            lambda y: float(y.var(1, correction=0).mean() / y.var(correction=0)),
            "That is what is left within a row: the share of the others.",
        ),
        (
            lambda y: float(y.mean(1).var(correction=0)),
            "This is a variance. Divide by that of all scores to have a share.",
        ),
        (
            lambda y: float(y.mean(1).std(correction=0) / y.std(correction=0)),
            "Deviations do not add up to a whole, variances do. Leave out the root.",
        ),
    ],
)


def best(validation: list[float], test: list[float], tried: list[int]) -> float:
    return test[max(tried, key=lambda i: validation[i])]


_VALIDATION, _TEST = [0.7, 0.9, 0.8, 0.6], [0.75, 0.7, 0.8, 0.9]
EXERCISES["9.2-b"] = Exercise(
    solution=best,
    cases=[(_VALIDATION, _TEST, [0, 1]), (_VALIDATION, _TEST, [0, 2, 3]), (_VALIDATION, _TEST, [0, 3])],
    mistakes=[
        (
            lambda validation, test, tried: max(test[i] for i in tried),
            "You chose on the test texts. Then the test score is no longer that of texts which nobody looked at.",
        ),
        (
            lambda validation, test, tried: max(validation[i] for i in tried),
            "That is the validation score of the chosen setting. It was chosen because it is high, and flatters.",
        ),
        (
            lambda validation, test, tried: test[max(range(len(test)), key=lambda i: validation[i])],
            "You chose among all settings. Only those that were tried have a score.",
        ),
        (
            lambda validation, test, tried: sum(test[i] for i in tried) / len(tried),
            "That is the mean of what was tried: what to expect without choosing.",
        ),
    ],
)
