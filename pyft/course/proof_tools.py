"""What the proofs of Part 4 share: tolerances, sizes, texts, and a model whose weights are drawn."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest.mock import patch

import torch
from torch import Tensor, nn

from pyft.evidence.proofs import Case

Model = TypeVar("Model", bound=nn.Module)
FLOAT64, FLOAT32 = 1e-10, 2e-5
TYPES = [(torch.float64, FLOAT64), (torch.float32, FLOAT32)]
V, d, h, d_ff, L = 40, 24, 4, 48, 2  # the size of the encoders that are compared


def gradients(f: Any, *inputs: Tensor, **options: Any) -> list[Tensor]:
    """f's output, and the gradient of a fixed random projection of it with respect to each input."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    y = first_output(f(*leaves, **options))
    y.backward(projection(y))
    return [y, *(x.grad for x in leaves if x.grad is not None)]


def first_output(y: Any) -> Tensor:
    """The output alone, where a function returns weights with it."""
    return y[0] if isinstance(y, tuple) else y


def projection(y: Tensor) -> Tensor:
    """Random numbers of y's shape, the same for the same shape."""
    return torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(y.dtype)


def texts() -> tuple[Tensor, Tensor, Tensor]:
    """Token ids, the mask of real tokens, segments: all (3, 7)."""
    return torch.randint(2, V, (3, 7)), torch.arange(7) < torch.tensor([[7], [4], [1]]), torch.randint(0, 2, (3, 7))


def randomise(model: Model) -> Model:
    """The model with every parameter redrawn, so that biases, gains and segment embeddings matter too."""
    for name, p in model.named_parameters():
        nn.init.normal_(p, mean=float("orm.weight" in name), std=0.3)
    return model


def compare_in_training(
    ours: Any, args: tuple[Any, ...], theirs: Any, inputs: dict[str, Any], what: str, tol: float
) -> Iterator[Case]:
    """The output in training: both draw their dropout from the same random numbers, in the same order."""
    ours.train()
    theirs.train()
    torch.manual_seed(7)
    a = ours(*args)
    torch.manual_seed(7)
    yield f"{what}, output in training", a, theirs(args[0], **inputs).last_hidden_state, tol


@contextmanager
def same_masks() -> Iterator[None]:
    """Let dropout draw nothing: wherever it stands in training it drops the same entries of the last dimension.

    Two implementations then agree if their dropout stands in the same places, though they draw in another order.
    """

    def masked(self: nn.Dropout, x: Tensor) -> Tensor:
        if not (self.training and self.p):
            return x
        kept = torch.rand(x.size(-1), generator=torch.Generator().manual_seed(x.size(-1))) > 0.3
        return x * (2 * kept).to(x.dtype)  # times two is exact, also where the library computes in float32

    with patch.object(nn.Dropout, "forward", masked):
        yield


def compare_under_same_masks(
    ours: Any, args: tuple[Any, ...], theirs: Any, inputs: dict[str, Any], kept: Tensor, what: str, tol: float
) -> Iterator[Case]:
    """The output in training at the tokens that are `kept`, with dropout in the same places (`same_masks`)."""
    ours.train()
    theirs.train()
    with same_masks():
        a, b = output_stream(ours(*args)), theirs(args[0], **inputs).last_hidden_state
    yield f"{what}, output in training, the same masks", a * kept[..., None], b * kept[..., None], tol


def output_stream(y: Any) -> Tensor:
    """What an encoder is read from: XLNet's query stream where there is one, else its content stream."""
    if isinstance(y, tuple):
        return y[0] if y[1] is None else y[1]
    return y


def parameter_gradients(model: nn.Module) -> Mapping[str, Tensor]:
    """The gradient of each parameter, zeros where it has none."""
    return {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in model.named_parameters()}
