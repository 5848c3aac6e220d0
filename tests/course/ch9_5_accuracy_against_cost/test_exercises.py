"""The exercises of 9.5 are what the package computes."""

from pyft.course.ch9_5_accuracy_against_cost import shortcuts
from pyft.course.part9.front import pareto
from pyft.exercises import every

EXERCISES = every("9.5")


def test_the_front_of_the_exercise_is_the_packages():
    for cost, accuracy in EXERCISES["9.5-a"].cases:
        assert EXERCISES["9.5-a"].solution(cost, accuracy).tolist() == pareto(cost.tolist(), accuracy.tolist())


def test_the_layers_of_the_exercise_are_the_packages():
    for confidence, layers, threshold in EXERCISES["9.5-b"].cases:
        wanted = shortcuts.mean_layers(shortcuts.exits(confidence, threshold), layers)
        assert EXERCISES["9.5-b"].solution(confidence, layers, threshold) == wanted
