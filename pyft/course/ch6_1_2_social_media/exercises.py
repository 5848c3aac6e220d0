"""The exercises of section 6.1.2: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def one_rater(ratings: Tensor) -> float:
    R = ratings.size(1)
    others = (ratings.sum(1, keepdim=True) - ratings) / (R - 1)  # (N, R) the mean without each rater's own
    pairs = [torch.corrcoef(torch.stack([ratings[:, k], others[:, k]]))[0, 1] for k in range(R)]
    return torch.stack(pairs).mean().item()


def _raters(seed: int) -> Tensor:
    g = torch.Generator().manual_seed(seed)
    return torch.randn(20, 1, generator=g) + torch.randn(20, 4, generator=g)  # (N, R): what is shared, and noise


def _mean_r(a: Tensor, b: Tensor) -> float:
    return sum(torch.corrcoef(torch.stack([a[:, k], b[:, k]]))[0, 1].item() for k in range(a.size(1))) / a.size(1)


EXERCISES["6.1.2-a"] = Exercise(
    solution=one_rater,
    cases=[(_raters(0),), (_raters(1),)],
    mistakes=[
        (
            lambda ratings: _mean_r(ratings, ratings.mean(1, keepdim=True).expand_as(ratings)),
            "The mean holds the rater's own rating, so each rater agrees with their own rating a little. Leave it out.",
        ),
        (
            lambda ratings: (
                (torch.corrcoef(ratings.T).sum() - ratings.size(1)) / (ratings.size(1) * (ratings.size(1) - 1))
            ).item(),
            "That is the mean correlation of two raters. A mean of many is steadier than one: correlate with that.",
        ),
        (
            lambda ratings: _mean_r(ratings[:, :1], (ratings.sum(1, keepdim=True) - ratings)[:, :1]),
            "That is the first rater alone. Take the mean over all of them.",
        ),
        (
            lambda ratings: torch.corrcoef(
                torch.stack([ratings.flatten(), ((ratings.sum(1, keepdim=True) - ratings) / 3).flatten()])
            )[0, 1].item(),
            "You put all raters into one long list. Correlate each rater alone, then take the mean.",
        ),
        (
            lambda ratings: one_rater(ratings) ** 2,
            "That is the share of the variance, r squared. Return r.",
        ),
        (
            lambda ratings: one_rater(ratings.T),
            "You went through the columns as if they were texts. A row is a text, a column a rater.",
        ),
    ],
    tol=1e-5,
)


def lost_abroad(accuracy: Tensor) -> float:
    home = accuracy.diag()  # (K) the model that was trained on what it is tested on
    lost = home[None, :] - accuracy  # (K, K), 0 on the diagonal
    K = accuracy.size(0)
    return (lost.sum() / (K * (K - 1))).item()


def _accuracies(seed: int) -> Tensor:
    noise = torch.rand(4, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return 0.5 + 0.25 * noise + torch.diag(torch.tensor([0.20, 0.15, 0.10, 0.24], dtype=torch.float64))


EXERCISES["6.1.2-b"] = Exercise(
    solution=lost_abroad,
    cases=[(_accuracies(0),), (_accuracies(1)[:3, :3],)],
    mistakes=[
        (
            lambda accuracy: (accuracy.diag()[None, :] - accuracy).mean().item(),
            "You also count the models at home, which lose nothing. Divide by the number of pairs of two kinds.",
        ),
        (
            lambda accuracy: -lost_abroad(accuracy),
            "The sign is turned: a loss is home less abroad.",
        ),
        (
            lambda accuracy: (
                ((accuracy.diag()[None, :] - accuracy) / accuracy.diag()[None, :]).sum().item()
                / (len(accuracy) * (len(accuracy) - 1))
            ),
            "That is a share of the accuracy at home. Return the difference, as a share of all texts.",
        ),
        (
            lambda accuracy: lost_abroad(accuracy) + (accuracy.diag().max() - accuracy.diag()).mean().item(),
            "You compare with the best model of all. Compare with the one that is at home on the same texts.",
        ),
        (
            lambda accuracy: (
                (
                    (accuracy.diag()[None, :] - accuracy)
                    .masked_fill(torch.eye(len(accuracy), dtype=torch.bool), 9)
                    .amin(0)
                )
                .mean()
                .item()
            ),
            "You take the best of the others in each column. Take the mean over all of them.",
        ),
    ],
)
