"""Small files for trained weights: what a model has learnt on top of weights that the reader fetches anyway.

A matrix is kept as its difference from the fetched one, four bits a number, a scale for each 64 of them (absmax, as in
Dettmers et al. 2023, section 2, but on even steps). All else is kept in half precision. Rebuilding copies, multiplies
and adds, element by element: the same bits on every machine.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from pyft.errors import PyftError

GROUP = 64  # numbers with one scale
LEVELS = 7  # steps on either side of zero
State = dict[str, Tensor]


def quantise(x: Tensor) -> tuple[Tensor, Tensor]:
    """Four bits a number, two to a byte, and their scales: (…) -> (n / 2) of uint8, (n / GROUP) of float16.

    Raises:
        PyftError: a number of elements that GROUP does not divide.
    """
    if x.numel() % GROUP:
        raise PyftError(f"{x.numel()} numbers cannot be kept in groups of {GROUP}: expected a multiple of it")
    groups = x.detach().float().reshape(-1, GROUP)  # (n / GROUP, GROUP)
    scale = (groups.abs().amax(1) / LEVELS).half()
    steps = scale.float()[:, None].clamp(min=torch.finfo(torch.half).tiny)
    q = ((groups / steps).round() + 8).to(torch.uint8).flatten()  # 1 to 15, as no number is above its group's largest
    return q[::2] | q[1::2] << 4, scale


def dequantise(packed: Tensor, scale: Tensor, shape: torch.Size) -> Tensor:
    """What `quantise` kept, as float32."""
    q = torch.stack([packed & 15, packed >> 4], dim=1).reshape(-1, GROUP).float() - 8  # (n / GROUP, GROUP)
    return (q * scale.float()[:, None]).reshape(shape)


def save(path: Path, state: Mapping[str, Tensor], base: Mapping[str, Tensor], frozen: set[str]) -> None:
    """Keep `state` in a file: matrices that `base` has too by their difference, others whole; `frozen` not at all."""
    kept: State = {}
    for name, x in state.items():
        if name in frozen:
            continue
        if name in base and x.ndim > 1 and x.numel() % GROUP == 0:
            kept[f"{name}:q"], kept[f"{name}:scale"] = quantise(x - base[name])
        else:
            kept[name] = x.detach().half().contiguous()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}")
    save_file(kept, beside)
    beside.replace(path)


def load(path: Path, base: Mapping[str, Tensor]) -> State:
    """The state that was kept, rebuilt on `base`; what is frozen is that of `base`.

    Raises:
        PyftError: a file that is absent or is none of ours.
    """
    try:
        with safe_open(path, "pt") as file:
            kept = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except Exception as error:  # safetensors raises what is no OSError too
        raise PyftError(f"could not read {path.name}: {error}. Restore it: git checkout -- pyft/weights") from error
    state = dict(base)
    for name, x in kept.items():
        if name.endswith(":q"):
            name = name.removesuffix(":q")
            if name not in base:
                raise PyftError(f"{path.name} holds {name}, which the model that it is applied to has not")
            state[name] = base[name] + dequantise(x, kept[f"{name}:scale"], base[name].shape)
        elif not name.endswith(":scale"):
            state[name] = x.float()
    return state
