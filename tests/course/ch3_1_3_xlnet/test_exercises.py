"""The exercises of section 3.1.3: a pair as the library's tokenizer wraps it, and what a target sees."""

import random

from pyft.exercises import every

EXERCISES = every("3.1.3")


def test_a_pair_is_padded_on_the_left_and_ends_with_the_class_token():
    ids, segments = EXERCISES["3.1.3-a"].solution([7, 8], [9], sep=3, cls=2, pad=0, T=8)
    assert ids.tolist() == [0, 0, 7, 8, 3, 9, 3, 2]
    assert segments.tolist() == [3, 3, 0, 0, 0, 1, 1, 2]


def test_a_target_sees_what_comes_before_it_in_the_order():
    T, K = 12, 3
    order = random.Random(0).sample(range(T), T)
    seen = [order.index(target) for target in order[-T // K :]]
    assert EXERCISES["3.1.3-b"].solution(T, K)[2] == sum(seen) / len(seen)
