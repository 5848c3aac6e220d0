"""Refuse a model that cannot be trained here, before its weights are fetched: its configuration and tokenizer tell."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer

from pyft.data import hub
from pyft.errors import PyftError
from pyft.profiles import profile as profile_named
from pyft.profiles import recipe

_SMALL = ["*.json", "*.txt", "*.model"]  # files of a repository, without its weights


def check_model(name: str, profile: str, max_length: int | None = None) -> None:
    """Refuse a folder's or a hub's model that has no padding token, too few positions, or half the precision.

    What cannot be read is left to `pyft.models.load`, which says why; a profile's own models are fit.

    Raises:
        PyftError: what the model lacks, and what to do.
    """
    folder = None if name in profile_named(profile).checkpoints else _folder(name)
    if folder is None:
        return
    where: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(folder, **where)
        tokenizer = AutoTokenizer.from_pretrained(folder, **where)
        positions = _positions(config)
    except Exception:  # not of one type, see `pyft.models.load`
        return
    if tokenizer.pad_token_id is None:
        raise PyftError(
            f"{name}: its tokenizer has no padding token, which fills up the shorter texts of a batch. Take an encoder "
            "such as BERT; or save a copy with tokenizer.pad_token = tokenizer.eos_token and "
            "model.config.pad_token_id = tokenizer.pad_token_id, and name its folder."
        )
    wanted = max_length or recipe(profile, "own-data").max_length
    if positions is not None and wanted > positions:
        raise PyftError(f"max_length is {wanted}, expected at most {positions}: {name} has no more positions.")
    if config.dtype in (torch.bfloat16, torch.float16):
        raise PyftError(
            f"{name} is kept in {str(config.dtype).removeprefix('torch.')}, and would be trained in it: most steps are "
            "then smaller than its numbers can tell apart. Expected float32: save a copy of model.float(), with its "
            "tokenizer, and name its folder."
        )


def _folder(name: str) -> Path | None:
    """Where the small files of a model lie; None if the name is neither a folder's nor a repository's."""
    if Path(name).is_dir():
        return Path(name)
    hub_id, _, revision = name.partition("@")
    if hub_id.count("/") != 1 or hub_id.startswith((".", "/", "~")):
        return None
    return hub.snapshot(hub_id, revision or None, _SMALL, unwanted=["*/*"])


def _positions(config: Any) -> int | None:
    """The longest text of a model that counts positions from the padding's number on, as RoBERTa's kin do."""
    with torch.device("meta"):  # shapes alone, no weights
        parts = dict(AutoModel.from_config(config).named_modules())
    tables = [part for name, part in parts.items() if name.endswith("position_embeddings")]
    offset = [part for part in tables if getattr(part, "padding_idx", None) is not None]
    return offset[0].num_embeddings - offset[0].padding_idx - 1 if offset else None
