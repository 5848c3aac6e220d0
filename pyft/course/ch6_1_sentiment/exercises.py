"""The exercises of section 6.1: solutions by hand, and the mistakes that people make, each with its hint."""

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def wilson_interval(correct: int, n: int, c: float = 1.959964) -> tuple[float, float]:
    p_hat = correct / n
    centre = (p_hat + c**2 / (2 * n)) / (1 + c**2 / n)
    half = c / (1 + c**2 / n) * (p_hat * (1 - p_hat) / n + c**2 / (4 * n**2)) ** 0.5
    return centre - half, centre + half


def _wald_interval(correct: int, n: int, c: float = 1.959964) -> tuple[float, float]:
    p_hat = correct / n
    half = c * (p_hat * (1 - p_hat) / n) ** 0.5
    return p_hat - half, p_hat + half


EXERCISES["6.1"] = Exercise(
    solution=wilson_interval,
    cases=[(8, 10), (10, 10), (0, 25), (917, 1056)],
    mistakes=[
        (
            _wald_interval,
            "This is the normal (Wald) interval: with every answer right it has no width at all. "
            "Solve for the rate, as Wilson did.",
        ),
        (lambda correct, n: wilson_interval(correct, n)[::-1], "The low end comes first."),
        (
            lambda correct, n: tuple(100 * end for end in wilson_interval(correct, n)),
            "These look like percentages; return shares between 0 and 1.",
        ),
    ],
    tol=1e-4,
)
