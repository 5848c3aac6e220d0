"""The exercises of Part 3: each solution is what a library or the package computes."""

import torch
from torch import nn

from pyft.exercises import every
from pyft.models import conversion

PART_3 = every("3.1") | every("3.1.4")

NAMES = ["3.1-a", "3.1-b", "3.1.4-a", "3.1.4-b", "3.1.4-c"]


def test_no_exercise_is_lost():
    assert list(PART_3) == NAMES


def test_the_class_token_is_where_the_tokenizer_put_it():
    mask = torch.tensor([[0, 1, 1], [1, 1, 0]])
    assert PART_3["3.1-b"].solution(mask, last=False).tolist() == [1, 0]
    assert PART_3["3.1-b"].solution(mask, last=True).tolist() == [2, 1]


def test_the_displacement_is_the_packages():
    torch.manual_seed(0)
    query, value, out = (nn.Linear(6, 6).double() for _ in range(3))

    class Layer:
        class attention:  # noqa: N801 - the library's name
            class self:  # noqa: N801
                pass

            class output:  # noqa: N801
                dense = out

    Layer.attention.self.query, Layer.attention.self.value = query, value

    class Bert:
        class encoder:  # noqa: N801
            layer = [Layer]  # noqa: RUF012

    c = PART_3["3.1.4-a"].solution(value.weight, value.bias, out.weight, out.bias).detach()
    ours = PART_3["3.1.4-b"].solution(value.weight.detach(), out.weight.detach(), c, 0.01)
    assert torch.allclose(ours, conversion.displacements(Bert, 0.01)[0], atol=1e-12)
