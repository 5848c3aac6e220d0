"""Pretrained models by architecture and profile: `load("bert", "sequence-classification")`."""

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any

import torch
import transformers
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer

from pyft.errors import PyftError, unknown
from pyft.fetch import files
from pyft.profiles import profile as profile_named

_TASKS: dict[str, Any] = {
    "sequence-classification": AutoModelForSequenceClassification,
    "token-classification": AutoModelForTokenClassification,
}


def load(name: str, task: str, profile: str = "laptop", num_labels: int = 2) -> tuple[Any, Any]:
    """A Hugging Face model with a fresh head for `task`, and its tokenizer.

    The head is drawn from torch's generator, so the seed must be set before. Weights are read from safetensors only.

    Raises:
        PyftError: an unknown name, or weights that can be neither found nor fetched.
    """
    checkpoints = profile_named(profile).checkpoints
    if name not in checkpoints:
        raise unknown(f"model of profile {profile!r}", name, list(checkpoints))
    if task not in _TASKS:
        raise unknown("task", task, list(_TASKS))
    checkpoint = checkpoints[name]
    options: dict[str, Any]
    if checkpoint.artefact:
        source, options = str(files(checkpoint.artefact)["model.safetensors"].parent), {"local_files_only": True}
    else:
        source, options = str(checkpoint.hub_id), {"revision": checkpoint.revision}
    try:
        with _quiet():
            tokenizer = AutoTokenizer.from_pretrained(source, **options)
            model = _TASKS[task].from_pretrained(source, num_labels=num_labels, use_safetensors=True, **options)
    except OSError as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise PyftError(
            f"could not load {source} (profile {profile!r}): {reason} "
            'The "laptop" profile needs no model hub: set PROFILE = "laptop".'
        ) from error
    return model, tokenizer


def digest(model: Any) -> str:
    """sha256 over a model's parameters, in hexadecimal: which weights they are, whatever file they came from."""
    total = hashlib.sha256()
    for name, parameter in sorted(model.state_dict().items()):
        total.update(name.encode())
        # as bytes, since NumPy knows no bfloat16
        total.update(parameter.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hush the report that a classification head is new (it is meant to be) and the bar over the weights."""
    level = transformers.logging.get_verbosity()
    bar = transformers.logging.is_progress_bar_enabled()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(level)
        if bar:
            transformers.logging.enable_progress_bar()
