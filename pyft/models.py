"""Pretrained models by architecture and profile: `load("bert", "sequence-classification")`.

On a laptop all three architectures grow from one fetched checkpoint, MiniLM, which is a BERT. `pyft.transplant` carries
it into the other two; what `pyft pretrain` then taught each of them lies in `pyft/weights`.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers.processors import TemplateProcessing
from transformers import (
    AutoModelForPreTraining,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    BertModel,
    PreTrainedTokenizerFast,
)

from pyft import kept
from pyft.errors import PyftError, unknown
from pyft.fetch import files
from pyft.profiles import Checkpoint
from pyft.profiles import profile as profile_named
from pyft.transplant import to_roberta, to_xlnet

_TASKS: dict[str, Any] = {
    "sequence-classification": AutoModelForSequenceClassification,
    "regression": AutoModelForSequenceClassification,
    "token-classification": AutoModelForTokenClassification,
    "pretraining": AutoModelForPreTraining,
}


def load(name: str, task: str, profile: str = "laptop", num_labels: int = 2) -> tuple[Any, Any]:
    """A Hugging Face model for `task`, and its tokenizer. A new head is drawn from torch's generator: seed it before.

    `regression` is sequence classification with one output. For `pretraining` the heads are pretrained too.
    Weights are read from safetensors only.

    Raises:
        PyftError: an unknown name, or weights that can be neither found nor fetched.
    """
    checkpoints = profile_named(profile).checkpoints
    if name not in checkpoints:
        raise unknown(f"model of profile {profile!r}", name, list(checkpoints))
    if task not in _TASKS:
        raise unknown("task", task, list(_TASKS))
    options: dict[str, Any] = {} if task == "pretraining" else {"num_labels": 1 if task == "regression" else num_labels}
    if task == "regression":
        options["problem_type"] = "regression"
    checkpoint = checkpoints[name]
    try:
        with _quiet():
            if checkpoint.prepared:
                return _prepared(checkpoint.prepared, task, options)
            source, where = _source(checkpoint)
            tokens = AutoTokenizer.from_pretrained(source, **where)
            return _TASKS[task].from_pretrained(source, use_safetensors=True, **options, **where), tokens
    except OSError as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise PyftError(
            f"could not load {checkpoint.hub_id or checkpoint.artefact} (profile {profile!r}): {reason} "
            'The "laptop" profile needs no model hub: set PROFILE = "laptop".'
        ) from error


def _source(checkpoint: Checkpoint) -> tuple[str, dict[str, Any]]:
    """A folder, or a hub repository at its commit."""
    if checkpoint.artefact:
        return str(_folder(checkpoint.artefact)), {"local_files_only": True}
    return str(checkpoint.hub_id), {"revision": checkpoint.revision}


def _folder(artefact: str) -> Path:
    return files(artefact)["model.safetensors"].parent


# --- the laptop's three architectures ---------------------------------------------------------------------------------


def start(architecture: str) -> tuple[Any, Any]:
    """MiniLM carried into an architecture, with new heads for pretraining, before it is trained; and its tokenizer.

    Word embeddings are the output weights too, as in the papers. XLNet's own are normalised beforehand, and their
    products would be in the hundreds: its output weights are MiniLM's, as in the other two.
    """
    bert = minilm()
    body = {"bert": lambda: bert, "roberta": lambda: to_roberta(bert), "xlnet": lambda: to_xlnet(bert)}[architecture]()
    if architecture == "xlnet":
        body.config.tie_word_embeddings = False
    model = _TASKS["pretraining"].from_config(body.config)
    model.base_model.load_state_dict(body.state_dict(), strict=architecture == "bert")
    if architecture == "xlnet":
        model.lm_loss.weight.data.copy_(bert.embeddings.word_embeddings.weight)
    return model, tokenizer(architecture)


def _prepared(architecture: str, task: str, options: dict[str, Any]) -> tuple[Any, Any]:
    """What `pyft pretrain` has kept, on top of MiniLM."""
    with torch.random.fork_rng():  # the heads that are drawn here are overwritten
        model, tokens = start(architecture)
    model.load_state_dict(kept.load(kept_file(architecture), model.state_dict()))
    if task == "pretraining":
        return model.eval(), tokens
    config = model.config
    config.architectures = None
    for option, value in options.items():
        setattr(config, option, value)
    fresh = _TASKS[task].from_config(config)
    body = model.base_model.state_dict()
    fresh.base_model.load_state_dict({k: body[k] for k in fresh.base_model.state_dict()})
    return fresh.eval(), tokens


def kept_file(architecture: str) -> Path:
    """Where the weights of a prepared model lie."""
    return Path(__file__).resolve().parent / "weights" / f"{architecture}.safetensors"


def history(architecture: str) -> dict[str, Any]:
    """How a prepared model was made, stage by stage: plan, losses, tokens and seconds of every step."""
    found: dict[str, Any] = json.loads(kept_file(architecture).with_suffix(".json").read_text(encoding="utf8"))
    return found


def minilm() -> BertModel:
    """The fetched BERT, as it is, for evaluation."""
    return BertModel.from_pretrained(_folder("minilm"), local_files_only=True, use_safetensors=True)


def tokenizer(architecture: str) -> Any:
    """MiniLM's word pieces with the special tokens, segments and padding of an architecture.

    - BERT: [CLS] A [SEP] B [SEP], segments 0 and 1, padded on the right.
    - RoBERTa: [CLS] A [SEP] [SEP] B [SEP], no segments, padded on the right.
    - XLNet: A [SEP] B [SEP] [CLS], segments 0, 1 and 2 for [CLS], padded on the left.
    """
    bert = AutoTokenizer.from_pretrained(_folder("minilm"), local_files_only=True)
    if architecture == "bert":
        return bert
    single, pair = {
        "roberta": ("[CLS] $A [SEP]", "[CLS] $A [SEP] [SEP] $B [SEP]"),
        "xlnet": ("$A:0 [SEP]:0 [CLS]:2", "$A:0 [SEP]:0 $B:1 [SEP]:1 [CLS]:2"),
    }[architecture]
    special = [(token, bert.convert_tokens_to_ids(token)) for token in ("[CLS]", "[SEP]")]
    backend = bert.backend_tokenizer
    backend.post_processor = TemplateProcessing(single=single, pair=pair, special_tokens=special)
    names = ("cls_token", "sep_token", "pad_token", "mask_token", "unk_token")
    inputs = (
        ["input_ids", "attention_mask"]
        if architecture == "roberta"
        else ["input_ids", "token_type_ids", "attention_mask"]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        **{name: getattr(bert, name) for name in names},
        model_input_names=inputs,
        model_max_length=bert.model_max_length,
        padding_side="left" if architecture == "xlnet" else "right",
    )


# --- which weights they are -------------------------------------------------------------------------------------------


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
