"""Eight bits: no error above half a step, and a product near the true one; the nearest mean is the nearest."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from pyft.course.ch9_4_deployment import int8
from pyft.course.ch9_4_deployment.nearest_mean import class_means


@given(st.integers(0, 1000))
def test_no_error_above_half_a_step(seed):
    x = torch.randn(50, generator=torch.Generator().manual_seed(seed))
    step = int8.step_of(x)
    q = int8.to_int8(x, step)
    assert q.dtype == torch.int8 and int(q.abs().max()) == 127
    assert float((q * step - x).abs().max()) <= float(step) / 2 * 1.0001


def test_a_product_of_integers_is_near():
    generator = torch.Generator().manual_seed(0)
    A, B = torch.randn(4, 64, generator=generator), torch.randn(64, 3, generator=generator)
    assert float((int8.product(A, B) - A @ B).abs().max()) < 0.05 * float((A @ B).abs().max())


def test_class_means():
    c, y = torch.tensor([[0.0], [2.0], [5.0]]), torch.tensor([0, 0, 1])
    assert class_means(c, y).tolist() == [[1.0], [5.0]]
