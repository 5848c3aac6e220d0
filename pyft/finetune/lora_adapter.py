"""LoRA for a reader's own model: put in before training, and saved afterwards as `peft` saves it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from pyft.errors import PyftError, unknown
from pyft.models import efficient
from pyft.models.surgery import num_trainable
from pyft.profiles import Recipe

METHODS = ("full", "lora")
RANK, ALPHA = 8, 16
FASTER = 10.0  # the rate of LoRA over that of full fine-tuning, unless the reader names one
FOLDER = "adapter"
TASK_TYPES = {"token-classification": "TOKEN_CLS"}  # as peft calls them; of all others "SEQ_CLS"


def check_method(method: str) -> None:
    """Refuse a method that there is not, or `peft` missing where it is needed. Raises `PyftError`."""
    if method not in METHODS:
        raise unknown("method", method, METHODS)
    if method == "lora":
        _peft()


def recipe_for(method: str, recipe: Recipe) -> Recipe:
    """The usual recipe of a method: LoRA learns few numbers, from zero, and takes longer steps."""
    return replace(recipe, lr=FASTER * recipe.lr) if method == "lora" else recipe


def prepare(method: str, model: Any) -> dict[str, Any]:
    """Put LoRA beside queries and values, in place; what the report says of it, nothing of full fine-tuning.

    Raises:
        PyftError: the model has no such maps.
    """
    if method == "full":
        return {}
    efficient.lora(model, RANK, ALPHA)
    return {"method": f"LoRA of rank {RANK} beside queries and values", "parameters learnt": num_trainable(model)}


def take_out(model: Any, task: str, folder: Path) -> None:
    """Save LoRA and head into the folder `adapter` within, and merge them into the model; nothing where there is none.

    `PeftModel.from_pretrained(base, folder / "adapter")` puts them on the model that the training began with.
    """
    parts = efficient.loras(model)
    if not parts:
        return
    head = efficient.head_modules(model)
    tensors = {f"{name}.lora_{x}.weight": getattr(part, x) for name, part in parts.items() for x in "AB"}
    tensors |= {f"{name}.{key}": x for name, part in head.items() for key, x in part.state_dict().items()}
    first = next(iter(parts.values()))
    config = _peft().LoraConfig(
        r=len(first.A),
        lora_alpha=first.s * len(first.A),
        target_modules=sorted({name.rpartition(".")[2] for name in parts}),
        modules_to_save=sorted(name.rpartition(".")[2] for name in head),
        task_type=TASK_TYPES.get(task, "SEQ_CLS"),
        base_model_name_or_path=model.name_or_path or None,
        inference_mode=True,
    )
    place = folder / FOLDER
    config.save_pretrained(str(place))
    saved = {f"base_model.model.{name}": x.detach().cpu().contiguous() for name, x in tensors.items()}
    save_file(saved, place / "adapter_model.safetensors", {"format": "pt"})
    efficient.merge(model)


def _peft() -> Any:
    try:
        import peft
    except ImportError as error:
        raise PyftError("--method lora saves its adapter with peft, which is missing: pip install peft.") from error
    return peft
