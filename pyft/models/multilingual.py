"""multilingual-e5-small as a `BertModel` with its Unigram tokenizer, whole or with the words that the corpora use.

Of its 117.5 million parameters 96 are rows of the word embedding, one for each of 250,037 pieces in a hundred
languages; the other 21.5 do the work. `load` gives a model with those rows alone that texts of the book's English and
Chinese corpora use, and the rows of all single characters, so that no other text loses any. For the texts of the
corpora it is the whole model: the same pieces, the same numbers.

Wang et al. 2024, arXiv 2402.05672. E5 was trained on texts that begin with "query: " or "passage: ".
"""

import functools
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import Unigram
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel, PreTrainedModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from pyft.data import corpora, fetch, peoples_daily
from pyft.data.artefacts import ARTEFACTS
from pyft.errors import PyftError
from pyft.models import loading
from pyft.models.e5_file import E5File
from pyft.models.e5_file import read as read_e5
from pyft.paths import home

ARTEFACT = loading.MULTILINGUAL
CORPORA = ("movie-reviews", "product-reviews", "editorials", "tweets", "conll2003", "chinese-reviews")
PIECES = Path(__file__).resolve().parent.parent / "weights" / "multilingual.safetensors"  # which are kept, a bit each
# sha256 of what `write` makes of both (`digest`): it comes out the same on every machine, since nothing is rounded.
DIGEST = "3c672dcbffb83c78d6f04337fdf04ac80dece558c47a8f9e33203ae264e14ce0"

# Characters of which NFKC makes something else than the tokenizer's own table does (nmt_nfkc of SentencePiece).
DROPPED = "[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"
SPACES = "[\t\n\x0c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
TILDE, ASIDE = "\uff5e", "\ue0fe"  # "～" stays as it is: it goes through NFKC as a character of private use
SPACE = "▁"
SIZES = (  # of a configuration, what decides what is computed
    "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act", "layer_norm_eps",
    "max_position_embeddings", "type_vocab_size", "vocab_size", "pad_token_id",
)  # fmt: skip
PARTS = {  # of a layer, in the file and in a BertModel
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def load(task: str, num_labels: int = 2) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model with the pieces that are kept, for `task`, and its tokenizer; as `pyft.models.load`.

    Raises:
        PyftError: an unknown task, or a file that cannot be fetched.
    """
    return loading.load("multilingual", task, num_labels=num_labels)


def whole() -> tuple[BertModel, PreTrainedTokenizerBase]:
    """The model with all its pieces (470 MB), for evaluation, and its tokenizer."""
    return _bert(_file(), None).eval(), _tokenizer(_file(), None)


def weights_digest() -> dict[str, str]:
    """What the model begins with: sha256 of the fetched file, and of the pieces that are kept."""
    (fetched,) = ARTEFACTS[ARTEFACT].members.values()
    return {"fetched": fetched, "kept": hashlib.sha256(PIECES.read_bytes()).hexdigest()}


def _file() -> E5File:
    return read_e5(fetch.files(ARTEFACT)["e5-small-q4.bin"])


# --- the converted model, kept in the cache ---------------------------------------------------------------------------


def folder() -> Path:
    """Where the converted model lies as transformers reads it, made first if need be, and checked once a process.

    Raises:
        PyftError: what was made is not what it should be: another library rounds, or the table of pieces is damaged.
    """
    return _folder(home())


@functools.cache
def _folder(cache: Path) -> Path:
    where = cache / "converted" / f"multilingual-{DIGEST[:12]}"
    if digest(where) == DIGEST:
        return where
    where.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(where.parent / "multilingual.lock"):
        if digest(where) != DIGEST:  # again: another process may have made it while we waited
            made = where.with_name(f"{where.name}.{os.getpid()}")
            shutil.rmtree(made, ignore_errors=True)
            write(made)
            found = digest(made)
            if found != DIGEST:
                shutil.rmtree(made)
                raise PyftError(
                    f"multilingual-e5-small was converted to other weights: expected sha256 {DIGEST[:12]}…, found "
                    f"{str(found)[:12]}…. Restore what is kept: git checkout -- pyft/weights; then report it."
                )
            shutil.rmtree(where, ignore_errors=True)
            made.rename(where)
    return where


def write(where: Path) -> None:
    """Convert the file, with the pieces that are kept, into a folder of safetensors and JSON."""
    file, keep = _file(), kept()
    _bert(file, keep).save_pretrained(where)
    _tokenizer(file, keep).save_pretrained(where)


def digest(where: Path) -> str | None:
    """sha256 over the weights, the pieces and the sizes in a folder, however they are laid out; None if one is lacking.

    A library of another version may write the same numbers into other bytes.
    """
    total = hashlib.sha256()
    try:
        with safe_open(where / "model.safetensors", "numpy") as file:
            for name in sorted(file.keys()):
                total.update(name.encode())
                total.update(file.get_tensor(name).tobytes())
        config = json.loads((where / "config.json").read_text(encoding="utf8"))
        cut = json.loads((where / "tokenizer.json").read_text(encoding="utf8"))
        total.update(json.dumps([cut["model"]["vocab"], *(config[name] for name in SIZES)]).encode())
    except Exception:  # safetensors raises what is no OSError too
        return None
    return total.hexdigest()


# --- the model --------------------------------------------------------------------------------------------------------


def _bert(file: E5File, keep: Sequence[int] | None) -> BertModel:
    """The encoder in float32, with the rows `keep` of its word embedding, or with all."""
    sizes, d = file.sizes, file.sizes.hidden
    config = BertConfig(
        vocab_size=sizes.vocabulary if keep is None else len(keep),
        hidden_size=d,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.inner,
        max_position_embeddings=sizes.positions,
        type_vocab_size=sizes.segments,
        layer_norm_eps=float(f"{sizes.epsilon:.6g}"),  # kept in single precision, meant as 1e-12
        pad_token_id=file.special["pad"] if keep is None else list(keep).index(file.special["pad"]),
    )
    state = {
        "embeddings.word_embeddings.weight": file.array("emb.word", d, keep),  # (V, d)
        "embeddings.position_embeddings.weight": file.array("emb.pos", d),  # (T, d)
        "embeddings.token_type_embeddings.weight": file.array("emb.type", d),
        "embeddings.LayerNorm.weight": file.array("emb.ln.w"),
        "embeddings.LayerNorm.bias": file.array("emb.ln.b"),
    }
    for i in range(sizes.layers):
        for theirs, ours in PARTS.items():
            to, width = (
                f"encoder.layer.{i}.{ours}",
                None if theirs.endswith("ln") else sizes.inner if theirs == "fo" else d,
            )
            state[f"{to}.weight"] = file.array(f"l{i}.{theirs}.w", width)  # (out, in)
            state[f"{to}.bias"] = file.array(f"l{i}.{theirs}.b")
    with torch.random.fork_rng(devices=[]):  # the weights that are drawn here are overwritten
        model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict({name: torch.from_numpy(x) for name, x in state.items()})
    return model


def _tokenizer(file: E5File, keep: Sequence[int] | None) -> PreTrainedTokenizerBase:
    """Pieces of the greatest total log-probability, as SentencePiece finds them: <s> A </s>, <s> A </s> </s> B </s>.

    With fewer pieces a text that was cut into those that are kept is cut as before: of all ways to cut it some are
    gone, the best is not. What is unknown costs ten more than the rarest piece, which therefore is kept too.
    """
    ids = range(len(file.pieces)) if keep is None else list(keep)
    made = Tokenizer(
        Unigram([(file.pieces[i], file.scores[i]) for i in ids], unk_id=list(ids).index(file.special["unknown"]))
    )
    made.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(DROPPED), ""),
            normalizers.Replace(Regex(SPACES), " "),
            normalizers.Replace(TILDE, ASIDE),
            normalizers.NFKC(),
            normalizers.Replace(ASIDE, TILDE),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(SPACE, prepend_scheme="always")]
    )
    made.decoder = decoders.Metaspace(SPACE, prepend_scheme="always")
    begin, end = (file.pieces[file.special[name]] for name in ("begin", "end"))
    made.post_processor = TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B {end}",
        special_tokens=[(token, made.token_to_id(token)) for token in (begin, end)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token=begin,
        cls_token=begin,
        eos_token=end,
        sep_token=end,
        pad_token=file.pieces[file.special["pad"]],
        unk_token=file.pieces[file.special["unknown"]],
        mask_token=AddedToken("<mask>", lstrip=True, special=True),
        model_input_names=["input_ids", "attention_mask"],
        model_max_length=file.sizes.positions,
    )


# --- which pieces are kept --------------------------------------------------------------------------------------------


def kept() -> list[int]:
    """The numbers of the pieces that are kept, in their order."""
    return np.flatnonzero(np.unpackbits(load_file(PIECES)["kept"])).tolist()


def keep(pieces: Sequence[int]) -> None:
    """Write them into the package. `DIGEST` changes with them."""
    bits = np.zeros(max(pieces) + 1, np.uint8)
    bits[list(pieces)] = 1
    save_file({"kept": np.packbits(bits)}, PIECES)


def needed() -> list[int]:
    """What is to be kept: all pieces that the corpora are cut into, single characters, special ones."""
    file = _file()
    cut = _tokenizer(file, None).backend_tokenizer
    found = {i for i, piece in enumerate(file.pieces) if len(piece.removeprefix(SPACE)) <= 1}
    found |= {*file.special.values(), cut.token_to_id("<mask>")}
    for encoded in cut.encode_batch(list(texts())):
        found.update(encoded.ids)
    return sorted(found)


def texts() -> Iterator[str]:
    """All texts of the corpora, and of Chinese news its single characters too, as they are read to be tagged."""
    yield from ("query: ", "passage: ")
    for name in CORPORA:
        for rows in corpora.load(name).values():
            yield from rows["text"] if "text" in rows.column_names else map(" ".join, rows["tokens"])
    for rows in peoples_daily.load().values():
        for characters in rows["tokens"]:
            yield from ("".join(characters), " ".join(characters))
