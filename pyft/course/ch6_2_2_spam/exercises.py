"""The exercises of section 6.2.2: solutions by hand, and the mistakes that people make, each with its hint."""

import math

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def threshold_at(scores: Tensor, y: Tensor, limit: float) -> float:
    honest = scores[y == 0].sort(descending=True).values
    allowed = math.floor(limit * len(honest) + 1e-9)  # 0.005 * 200 is a little less than 1
    return honest[allowed].item()  # only what lies above it is flagged


def _counted_on_all(scores: Tensor, y: Tensor, limit: float) -> float:
    return scores[y == 0].sort(descending=True).values[math.floor(limit * len(scores) + 1e-9)].item()


def _share_of_all(scores: Tensor, y: Tensor, limit: float) -> float:
    return scores.sort(descending=True).values[math.floor(limit * len(scores) + 1e-9)].item()


def _one_too_high(scores: Tensor, y: Tensor, limit: float) -> float:
    honest = scores[y == 0].sort(descending=True).values
    return honest[max(math.floor(limit * len(honest) + 1e-9) - 1, 0)].item()


def _rounded(scores: Tensor, y: Tensor, limit: float) -> float:
    honest = scores[y == 0].sort(descending=True).values
    return honest[round(limit * len(honest))].item()


def _of_spam(scores: Tensor, y: Tensor, limit: float) -> float:
    spam = scores[y == 1].sort().values
    return spam[math.floor(limit * len(spam) + 1e-9)].item()


def _messages(honest: list[float], spam: list[float]) -> tuple[Tensor, Tensor]:
    scores = torch.tensor([*honest, *spam], dtype=torch.float64)
    return scores, torch.tensor([0] * len(honest) + [1] * len(spam))


_FEW = _messages([-4.0, -3.5, -3.0, -2.5, -2.0, -1.0, -0.5, 0.0, 1.5, 2.5], [0.5, 1.0, 2.0, 3.0, 4.0])
EXERCISES["6.2.2-a"] = Exercise(
    solution=threshold_at,
    cases=[(*_FEW, 0.1), (*_FEW, 0.28), (*_FEW, 0.0), (*_messages([-2.0, -1.0, 3.0, 0.5], [2.5, -0.5]), 0.25)],
    mistakes=[
        (_counted_on_all, "You count the limit on all messages. It is a share of the honest messages."),
        (_share_of_all, "You let this share of all messages be flagged. Spam may be flagged as often as it comes."),
        (
            _one_too_high,
            "One step too high: what is flagged lies above the threshold, so the first honest message "
            "that must not be flagged is the threshold itself.",
        ),
        (_rounded, "You round the number that is allowed. Rounding up breaks the limit: round down."),
        (_of_spam, "You limit the spam that is missed. The limit is on honest messages that are flagged."),
    ],
)


def precision_elsewhere(recall: float, false_alarms: float, share: float) -> float:
    caught = recall * share  # of all messages: spam, and flagged
    harmed = false_alarms * (1 - share)  # honest, and flagged
    return caught / (caught + harmed)


EXERCISES["6.2.2-b"] = Exercise(
    solution=precision_elsewhere,
    cases=[(0.9, 0.005, 0.115), (0.9, 0.005, 0.01), (0.5, 0.02, 0.5), (1.0, 0.1, 0.3)],
    mistakes=[
        (
            lambda recall, false_alarms, share: recall / (recall + false_alarms),
            "This holds where half of the messages are spam. Weigh each rate by the share of its kind.",
        ),
        (
            lambda recall, false_alarms, share: 1 - precision_elsewhere(recall, false_alarms, share),
            "This is the share of the flagged that is honest. Precision is the rest.",
        ),
        (
            lambda recall, false_alarms, share: precision_elsewhere(recall, false_alarms, 1 - share),
            "The shares are the wrong way round: recall is a rate of spam, false alarms a rate of honest messages.",
        ),
        (
            lambda recall, false_alarms, share: recall * share / (recall * share + false_alarms),
            "The false alarms are a share of the honest messages. Weigh them by one less the share of spam.",
        ),
        (
            lambda recall, false_alarms, share: recall * share + (1 - false_alarms) * (1 - share),
            "This is accuracy: it counts the honest messages that were let through, and they are most of it.",
        ),
    ],
)
