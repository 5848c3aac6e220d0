"""The exercises of section 8.1.1: solutions, and the usual mistakes, each with its hint."""

import math

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def exponent(N_1: float, L_1: float, N_2: float, L_2: float, E: float) -> float:
    return math.log((L_1 - E) / (L_2 - E)) / math.log(N_2 / N_1)


EXERCISES["8.1.1-a"] = Exercise(
    solution=exponent,
    cases=[(16, 3.0, 64, 2.0, 1.0), (1000, 2.4, 8000, 1.9, 1.5), (50, 4.0, 5000, 3.0, 0.0)],
    mistakes=[
        (
            lambda N_1, L_1, N_2, L_2, E: math.log(L_1 / L_2) / math.log(N_2 / N_1),
            "You left out the floor. The power law is that of the loss above E: subtract E from both losses.",
        ),
        (
            lambda N_1, L_1, N_2, L_2, E: math.log((L_2 - E) / (L_1 - E)) / math.log(N_2 / N_1),
            "The sign is the other way round: alpha is positive where a larger model has a smaller loss.",
        ),
        (
            lambda N_1, L_1, N_2, L_2, E: (L_1 - L_2) / math.log(N_2 / N_1),
            "That is nats for each factor of e in size. A power law is straight where both axes are logarithms.",
        ),
        (
            lambda N_1, L_1, N_2, L_2, E: math.log((L_1 - E) / (L_2 - E)) / (N_2 - N_1),
            "You divide by the difference of the sizes. Divide by the logarithm of their ratio.",
        ),
    ],
)


def times_larger(alpha: float, factor: float) -> float:
    return factor ** (1 / alpha)


EXERCISES["8.1.1-b"] = Exercise(
    solution=times_larger,
    cases=[(0.5, 2.0), (0.25, 2.0), (0.4, 1.5)],
    mistakes=[
        (lambda alpha, factor: factor**alpha, "You raise to alpha. Solve factor = size^alpha for the size."),
        (
            lambda alpha, factor: factor / alpha,
            "That would be a proportion. In a power law the size is raised to alpha.",
        ),
        (
            lambda alpha, factor: math.exp(factor / alpha),
            "You need the logarithm of the factor in the exponent, or the factor as the base.",
        ),
        (
            lambda alpha, factor: factor ** (-1 / alpha),
            "That is a smaller model. To have less loss above the floor, the model has to be larger.",
        ),
    ],
)


def best_size(C: float, A: float, alpha: float, B: float, beta: float) -> float:
    ratio = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    return ratio * (C / 6) ** (beta / (alpha + beta))


EXERCISES["8.1.1-c"] = Exercise(
    solution=best_size,
    cases=[(6e4, 3.0, 0.5, 5.0, 0.5), (6e6, 4.0, 0.4, 9.0, 0.6), (6e5, 8.0, 0.7, 2.0, 0.3)],
    tol=1e-4,
    mistakes=[
        (
            lambda C, A, alpha, B, beta: (
                (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * C ** (beta / (alpha + beta))
            ),
            "Parameters times signs is C / 6: each parameter costs six operations a sign.",
        ),
        (
            lambda C, A, alpha, B, beta: (
                (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (C / 6) ** (alpha / (alpha + beta))
            ),
            "That exponent is the share of the data. If the loss falls slowly with data, more goes to data.",
        ),
        (
            lambda C, A, alpha, B, beta: (A / B) ** (1 / (alpha + beta)) * (C / 6) ** (beta / (alpha + beta)),
            "You set both terms equal. At the best size their derivatives are equal, which brings in alpha and beta.",
        ),
        (
            lambda C, A, alpha, B, beta: (C / 6) ** 0.5,
            "You split the budget evenly. That is right only if both terms are alike.",
        ),
    ],
)
