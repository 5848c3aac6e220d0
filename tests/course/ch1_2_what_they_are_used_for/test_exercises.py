"""The exercises of section 1.2: each solution is what the package computes."""

import torch

from pyft.course.ch1_2_what_they_are_used_for import sampling, spans
from pyft.exercises import every

EXERCISES = every("1.2")


def test_there_are_two():
    assert list(EXERCISES) == ["1.2-a", "1.2-b"]


def test_the_nucleus_is_the_page_s():
    for p, mass in EXERCISES["1.2-a"].cases:
        ours = EXERCISES["1.2-a"].solution(p, mass)
        assert torch.allclose(ours, sampling.nucleus(p.log(), mass).softmax(-1), atol=1e-6)


def test_the_span_is_the_page_s():
    for seed in range(30):
        start, end = torch.randn(2, 7, generator=torch.Generator().manual_seed(seed))
        assert EXERCISES["1.2-b"].solution(start, end, 3) == spans.best_span(start, end, 3)
