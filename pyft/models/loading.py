"""Pretrained models by architecture and profile: `load("bert", "sequence-classification")`.

On a laptop all three architectures grow from one fetched checkpoint, MiniLM, which is a BERT.
`pyft.models.conversion` carries it into the other two; what `pyft pretrain` then taught each lies in `pyft/weights`.
"""

import contextlib
import copy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers.processors import TemplateProcessing
from torch import nn
from transformers import (
    AutoModelForPreTraining,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    BertModel,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from pyft.data import hub
from pyft.data.artefacts import ARTEFACTS
from pyft.data.fetch import files
from pyft.errors import PyftError, unknown
from pyft.models import deltas
from pyft.models.conversion import to_roberta, to_xlnet
from pyft.profiles import Checkpoint
from pyft.profiles import profile as profile_named

_TASKS: dict[str, Any] = {
    "sequence-classification": AutoModelForSequenceClassification,
    "regression": AutoModelForSequenceClassification,
    "token-classification": AutoModelForTokenClassification,
    "pretraining": AutoModelForPreTraining,
}

_VOCABULARY = ("tokenizer.json", "vocab.*", "*.model")  # of which a tokenizer needs one
SPARE_ROWS = 1024  # of embeddings, that no token has
MULTILINGUAL = "multilingual-e5"  # the artefact that is converted first

# What a model is loaded from: no code, no pickles, and the weights in one format only.
_WANTED = ["*.json", "model.safetensors", "model-*.safetensors", "*.txt", "*.model", "*.jinja"]


def load(
    name: str, task: str, profile: str = "laptop", num_labels: int = 2
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A Hugging Face model for `task`, and its tokenizer. A new head is drawn from torch's generator: seed it before.

    `name` is one of the profile's, or a local folder, or a hub's `owner/name` or `owner/name@revision`.
    `regression` is sequence classification with one output. For `pretraining` the heads are pretrained too.
    Weights are read from safetensors only, and code that comes with a model is never run.

    Raises:
        PyftError: an unknown name, or weights that can be neither found nor fetched.
    """
    if task not in _TASKS:
        raise unknown("task", task, list(_TASKS))
    options: dict[str, Any] = {} if task == "pretraining" else {"num_labels": 1 if task == "regression" else num_labels}
    if task == "regression":
        options["problem_type"] = "regression"
    checkpoint = profile_named(profile).checkpoints.get(name)
    if checkpoint and checkpoint.artefact == MULTILINGUAL and task == "pretraining":
        raise PyftError(f"{name} came without a head for pretraining: expected a task to fine-tune for.")
    folder = _source(name, profile)
    try:
        with _quiet():
            if checkpoint and checkpoint.architecture:
                return _carried(name, checkpoint, task, options)
            return _pretrained(name, folder, task, options)
    except PyftError:
        raise
    except Exception as error:  # what a file that is cut short or of an unknown kind raises is not one type of error
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise PyftError(f"could not load {name} from {folder}: {reason} {hub.LAPTOP}") from error


def _source(name: str, profile: str) -> Path:
    """The folder where the files of a model lie, fetched first if need be."""
    checkpoints = profile_named(profile).checkpoints
    if name in checkpoints:
        checkpoint = checkpoints[name]
        if checkpoint.artefact == MULTILINGUAL:
            return _multilingual().folder()
        if checkpoint.artefact:
            return _folder(checkpoint.artefact)
        return hub.snapshot(str(checkpoint.hub_id), checkpoint.revision, _WANTED, unwanted=["*/*"])
    if Path(name).is_dir():
        return Path(name)
    hub_id, _, revision = name.partition("@")
    if hub_id.count("/") != 1 or hub_id.startswith((".", "/", "~")):
        known = unknown(f"model of profile {profile!r}", name, list(checkpoints))
        raise PyftError(f"{known} A local folder and a hub's owner/name or owner/name@revision will do too.")
    return hub.snapshot(hub_id, revision or None, _WANTED, unwanted=["*/*"])


def _pretrained(
    name: str, folder: Path, task: str, options: dict[str, Any]
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Weights as they lie in a folder."""
    if not any((folder / f"model.safetensors{index}").is_file() for index in ("", ".index.json")):
        raise PyftError(
            f"could not load {name}: {folder} holds no model.safetensors. "
            "Pickled weights (pytorch_model.bin) are not read: unpickling can run code. "
            'Many repositories have the conversion as a pull request: look there, and write "owner/name@refs/pr/1".'
        )
    if not any(path for pattern in _VOCABULARY for path in folder.glob(pattern)):
        raise PyftError(
            f"could not load {name}: {folder} holds no tokenizer (tokenizer.json, or a vocabulary), and the library "
            "would make up one that knows no word. Save it there too: tokenizer.save_pretrained(folder)."
        )
    where: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    tokens = AutoTokenizer.from_pretrained(folder, **where)
    model = _TASKS[task].from_pretrained(folder, use_safetensors=True, **options, **where)
    refuse_other_vocabulary(name, len(tokens), model.get_input_embeddings().num_embeddings)
    return model, tokens


def refuse_other_vocabulary(name: str, known: int, rows: int) -> None:
    """Refuse a tokenizer that knows another number of tokens than the model has `rows` of embeddings.

    Some rows may be spare: libraries fill their number up to a multiple of 64 or so.

    Raises:
        PyftError: more tokens than rows, or many fewer.
    """
    if not rows - min(SPARE_ROWS, rows // 10) <= known <= rows:
        raise PyftError(
            f"could not load {name}: its tokenizer knows {known:,} tokens, and the model has {rows:,}: they do not "
            "belong together. Put the tokenizer beside the weights that the model was trained with."
        )


def _multilingual() -> Any:
    """The module that converts it, which imports this one."""
    from pyft.models import multilingual

    return multilingual


def _folder(artefact: str) -> Path:
    return files(artefact)["model.safetensors"].parent


# --- the laptop's three architectures ---------------------------------------------------------------------------------


def start(architecture: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
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


def _carried(
    name: str, checkpoint: Checkpoint, task: str, options: dict[str, Any]
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """MiniLM in another architecture; on top of it what `pyft pretrain` has kept, if it is prepared."""
    with torch.random.fork_rng(enabled=checkpoint.prepared):  # the heads that are drawn here are overwritten then
        model, tokens = start(checkpoint.architecture or name)
    if checkpoint.prepared:
        model.load_state_dict(deltas.load(delta_file(name), model.state_dict()))
    if task == "pretraining":
        return model.eval(), tokens
    return with_head(model.base_model, task, **options), tokens


def with_head(body: Any, task: str, **options: Any) -> Any:
    """A model for `task` on a copy of `body`; `options` go into its configuration. The head is drawn, see `load`."""
    config = copy.deepcopy(body.config)
    config.architectures = None
    for option, value in options.items():
        setattr(config, option, value)
    model = _TASKS[task].from_config(config)
    state = body.state_dict()
    model.base_model.load_state_dict({k: state[k] for k in model.base_model.state_dict()})
    return model.eval()


def delta_file(name: str) -> Path:
    """Where the weights of a prepared model lie."""
    return Path(__file__).resolve().parent.parent / "weights" / f"{name}.safetensors"


def weights_digest(name: str) -> dict[str, str]:
    """What a laptop model begins with: sha256 of the fetched checkpoint, and of what is kept on top of it, if any."""
    artefact = ARTEFACTS[str(profile_named("laptop").checkpoints[name].artefact)]
    if artefact.name == MULTILINGUAL:
        return _multilingual().weights_digest()
    fetched = next(sha256 for path, sha256 in artefact.members.items() if path.endswith("model.safetensors"))
    own = delta_file(name)
    return {"fetched": fetched} | ({"kept": hashlib.sha256(own.read_bytes()).hexdigest()} if own.is_file() else {})


def history(name: str) -> dict[str, Any]:
    """How a prepared model was made, stage by stage: plan, losses, tokens and seconds of every step."""
    found: dict[str, Any] = json.loads(delta_file(name).with_suffix(".json").read_text(encoding="utf8"))
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


def digest(model: nn.Module) -> str:
    """sha256 over a model's parameters, in hexadecimal: which weights they are, no matter which file they came from."""
    total = hashlib.sha256()
    for name, parameter in sorted(model.state_dict().items()):
        total.update(name.encode())
        # as bytes, since NumPy knows no bfloat16
        total.update(parameter.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the report that a classification head is new (it is meant to be) and the bar over the weights."""
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
