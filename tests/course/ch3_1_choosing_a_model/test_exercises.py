"""The exercises of Part 3: each solution is what a library or the package computes."""

import torch
from torch import nn
from transformers.models.roberta import modeling_roberta

from pyft.exercises import every
from pyft.models import conversion

PART_3 = every("3.1") | every("3.1.4")

NAMES = [f"{page}-{letter}" for page in ("3.1", "3.1.4") for letter in "abc"]


def test_there_are_three_exercises_a_page():
    assert list(PART_3) == NAMES


def test_positions_are_the_librarys():
    ids = torch.tensor([[5, 6, 7, 1, 1], [1, 1, 8, 9, 9]])
    theirs = modeling_roberta.RobertaEmbeddings.create_position_ids_from_input_ids(ids, 1)
    assert torch.equal(PART_3["3.1-b"].solution(ids, 1), theirs)


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
