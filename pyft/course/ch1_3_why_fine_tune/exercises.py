"""The exercises of section 1.3: solutions, and the usual mistakes, each with its hint."""

import math

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def break_even(pretraining: float, scratch: float, fine_tuning: float) -> float:
    saved = scratch - fine_tuning  # by each task
    return pretraining / saved if saved > 0 else math.inf


EXERCISES["1.3-a"] = Exercise(
    solution=break_even,
    cases=[(1000.0, 21.0, 1.0), (300.0, 8.0, 2.0), (50.0, 3.0, 5.0), (10.0, 4.0, 4.0)],
    mistakes=[
        (
            lambda pretraining, scratch, fine_tuning: pretraining / scratch,
            "Each task still costs its fine-tuning. What is saved a task is the difference.",
        ),
        (
            lambda pretraining, scratch, fine_tuning: (
                (pretraining + fine_tuning) / scratch if scratch > fine_tuning else math.inf
            ),
            "Fine-tuning is paid for every task, pretraining once.",
        ),
        (
            lambda pretraining, scratch, fine_tuning: (
                pretraining / (scratch - fine_tuning) if scratch != fine_tuning else math.inf
            ),
            "Where fine-tuning costs more than training from scratch, pretraining never pays: return infinity.",
        ),
    ],
)


def training_mib(weights: int, trained: int) -> float:
    numbers = weights + 3 * trained  # of what is trained also the gradient and two moments
    return 4 * numbers / 2**20


EXERCISES["1.3-b"] = Exercise(
    solution=training_mib,
    cases=[(22_713_986, 22_713_986), (22_713_986, 148_610), (1_048_576, 524_288)],
    mistakes=[
        (
            lambda weights, trained: 16 * weights / 2**20,
            "Only weights that are trained have a gradient and two moments.",
        ),
        (
            lambda weights, trained: 16 * trained / 2**20,
            "Frozen weights are held as well: the body still has to be run.",
        ),
        (
            lambda weights, trained: 4 * (weights + 2 * trained) / 2**20,
            "AdamW keeps two moments of each weight, besides its gradient: three numbers more.",
        ),
        (
            lambda weights, trained: 4 * (weights + 3 * trained) / 1e6,
            "Those are megabytes: a MiB has two to the twentieth bytes.",
        ),
    ],
)
