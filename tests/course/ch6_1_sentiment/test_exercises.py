"""The exercises of section 6.1: each solution is what a library computes."""

import pytest
import torch

from pyft.course.exercise_tools import normal
from pyft.exercises import every


@pytest.mark.parametrize("size", [0.01, 3.0])
def test_clipping_is_torchs(size):
    g, h = size * normal(3, 2, seed=7), size * normal(5, seed=8)
    ours = every("6.1")["6.1-b"].solution(g, h, 1.0)
    parameters = [torch.nn.Parameter(torch.zeros_like(x)) for x in (g, h)]
    for p, x in zip(parameters, (g, h), strict=True):
        p.grad = x.clone()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    for found, p in zip(ours, parameters, strict=True):
        torch.testing.assert_close(found, p.grad, rtol=0, atol=1e-6)
