"""The state of a training run in one file of safetensors: what it takes to go on to the same bits."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from pyft.errors import PyftError

NAME = "state.safetensors"


def weights(model: torch.nn.Module) -> dict[str, Tensor]:
    """A copy of a model's parameters, by name."""
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def restore(model: torch.nn.Module, found: Mapping[str, Tensor]) -> None:
    """Bring the parameters back to those of `weights`, in place."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(found[name])


def save(
    folder: Path,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    notes: Mapping[str, Any],
    best: Mapping[str, Tensor] | None = None,
) -> None:
    """Weights, moments, the best weights so far and some notes (as JSON), renamed into place when all is written.

    Raises:
        PyftError: the file could not be written; the one before is still there.
    """
    tensors: dict[str, Tensor] = {f"model/{name}": p for name, p in model.named_parameters()}
    tensors |= {f"best/{name}": p for name, p in (best or {}).items()}
    for i, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{i}/{name}": x for name, x in state.items()}
    beside = folder / f".{NAME}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file({k: x.detach().contiguous() for k, x in tensors.items()}, beside, {"notes": json.dumps(notes)})
        beside.replace(folder / NAME)
    except (OSError, SafetensorError) as error:
        beside.unlink(missing_ok=True)
        size = sum(x.numel() * x.element_size() for x in tensors.values()) / 1e6
        raise PyftError(
            f"could not save the run in {folder}: {error}. It needs {size:.0f} MB, and as much again while it is "
            "written. What was saved before is kept: make room and run the same again."
        ) from error


def resume(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, **expected: Any
) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
    """Bring model and optimiser to where `save` left them; its notes and best weights, None if nothing was saved.

    Raises:
        PyftError: what lies there cannot be read, or is of another run: a note is not as `expected`.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            notes: dict[str, Any] = dict(json.loads(file.metadata()["notes"]))
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise PyftError(f"{path} cannot be read: {error}. Delete it, and the run starts anew.") from error
    if any(notes.get(name) != value for name, value in expected.items()):
        raise PyftError(f"{path} is of another run: other weights, data, recipe or seed. Delete it, or name a folder.")
    restore(model, {name.removeprefix("model/"): x for name, x in found.items()})
    state: dict[int, dict[str, Tensor]] = {}
    for key, x in found.items():
        if key.startswith("optimizer/"):
            _, i, name = key.split("/")
            state.setdefault(int(i), {})[name] = x
    optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
    best = {name.removeprefix("best/"): x for name, x in found.items() if name.startswith("best/")}
    return notes, best
