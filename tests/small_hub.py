"""The repositories of the gpu profile in small, and clients that are turned to a hub on this machine."""

import io
import itertools
import json
import random

import datasets
import huggingface_hub
import pytest
import torch
from datasets import ClassLabel, Dataset, Features, List, Value
from safetensors.torch import load as from_safetensors
from safetensors.torch import save as to_safetensors
from transformers import (
    BertConfig,
    BertForPreTraining,
    BertTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaTokenizerFast,
    XLNetConfig,
    XLNetLMHeadModel,
    XLNetTokenizerFast,
)

from pyft.data import corpora, hub
from pyft.errors import PyftError
from pyft.profiles import PROFILES

GPU = PROFILES["gpu"]
WORDS = ["good", "bad", "film", "a", "the"]


def saved(folder, model, tokenizer, **also):
    """A repository's files: those of a saved model and tokenizer, and what lies beside them on the hub."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    files = {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors", "tokenizer.json")}
    # Each of these would give a pickle to whoever asks for it, and none is asked for.
    others = dict.fromkeys(("pytorch_model.bin", "tf_model.h5", "rust_model.ot", "onnx/model.safetensors"), b"\x80\x04")
    return files | others | {".gitattributes": b"*.h5 filter=lfs\n", "README.md": b"# a model\n", **also}


def old_names(weights):
    """BERT's own files still call LayerNorm's parameters by the names that they had in TensorFlow."""
    renamed = from_safetensors(weights)
    for name in list(renamed):
        new = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        renamed[new] = renamed.pop(name)
    return to_safetensors(renamed, metadata={"format": "pt"})


def bert(folder, lower):
    torch.manual_seed(0)
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *([] if lower else ["Good"])]
    tokenizer = BertTokenizerFast(vocab={word: i for i, word in enumerate(vocab)}, do_lower_case=lower)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    files = saved(folder, BertForPreTraining(BertConfig(**sizes, vocab_size=len(vocab))), tokenizer)
    files["model.safetensors"] = old_names(files["model.safetensors"])
    files["vocab.txt"] = "\n".join(vocab).encode()
    return files | {"tokenizer_config.json": json.dumps({"do_lower_case": lower, "model_max_length": 512}).encode()}


def roberta(folder):
    torch.manual_seed(1)
    vocab = ["<s>", "<pad>", "</s>", "<unk>", *"Ġabdefghilmot", "Ġa", "ba", "bad", "Ġb", "<mask>"]
    merges = [("Ġ", "a"), ("b", "a"), ("ba", "d"), ("Ġ", "b")]
    ids = {token: i for i, token in enumerate(vocab)}
    tokenizer = RobertaTokenizerFast(vocab=ids, merges=merges)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    config = RobertaConfig(**sizes, vocab_size=len(vocab), max_position_embeddings=514, type_vocab_size=1)
    files = saved(folder, RobertaForMaskedLM(config), tokenizer)
    files |= {"vocab.json": json.dumps(ids).encode(), "tokenizer_config.json": b'{"model_max_length": 512}'}
    return files | {"merges.txt": "\n".join(["#version: 0.2", *map(" ".join, merges)]).encode(), "dict.txt": b""}


def xlnet(folder):
    torch.manual_seed(2)
    special = ["<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>", "<mask>", "<eod>", "<eop>"]
    pieces = [*((token, 0.0) for token in special), *((f"▁{word}", -2.0 - i) for i, word in enumerate(WORDS))]
    tokenizer = XLNetTokenizerFast(vocab=pieces, unk_id=0)
    model = XLNetLMHeadModel(XLNetConfig(d_model=16, n_layer=2, n_head=2, d_inner=32, vocab_size=len(pieces)))
    # No tokenizer_config.json there; spiece.model, which needs another library to be read, is not needed.
    return saved(folder, model, tokenizer, **{"spiece.model": b"unread", "generation_config.json": b"{}"})


def parquet(features, rows):
    buffer = io.BytesIO()
    Dataset.from_list(rows, features=Features(features)).to_parquet(buffer)
    return buffer.getvalue()


def texts(n, start=0):
    """Sentences, all different, by a generator of our own."""
    rng = random.Random(start)
    return [f"{rng.choice(WORDS)} {rng.choice(WORDS)} number {start + i}" for i in range(n)]


def classes(*names, text="text"):
    return {text: Value("string"), "label": ClassLabel(names=list(names))}


def sst2():
    features = {"idx": Value("int32")} | classes("negative", "positive", text="sentence")

    def rows(found, labels):
        return [{"idx": i, "sentence": f"{t} ", "label": y} for i, (t, y) in enumerate(zip(found, labels, strict=True))]

    held_out = texts(20, 1000)
    # Two phrases come twice, the second of them with both labels, and one is a sentence of the test split.
    phrases, labels = [*texts(100), *texts(2), held_out[0].upper()], [*[0, 1] * 50, 0, 0, 0]
    return {
        "README.md": b"---\nlicense: unknown\n---\n# SST-2\n",
        ".gitattributes": b"",
        "data/train-00000-of-00001.parquet": parquet(features, rows(phrases, labels)),
        "data/validation-00000-of-00001.parquet": parquet(features, rows(held_out, [1, 0] * 10)),
        "data/test-00000-of-00001.parquet": parquet(features, rows(texts(10, 2000), [-1] * 10)),
    }


def ag_news():
    features = classes("World", "Sports", "Business", "Sci/Tech")

    def rows(found):
        return [{"text": text.replace("number", "&lt;b&gt;"), "label": i % 4} for i, text in enumerate(found)]

    test = texts(16, 5000)
    return {
        "README.md": b"# AG News\n",
        "data/train-00000-of-00002.parquet": parquet(features, rows(texts(80))),
        "data/train-00001-of-00002.parquet": parquet(features, rows(texts(80, 80))),
        "data/test-00000-of-00001.parquet": parquet(features, rows([*test, test[0]])),  # its duplicates are left to it
    }


MESSAGES = [" ".join(words) for words in itertools.product(WORDS, repeat=3)][:60]
MESSAGES += [f"{message} {number}" for number, message in enumerate(MESSAGES[:4])]  # one template, one text


def sms_spam():
    rows = [{"sms": f"{text}!\n", "label": i % 2} for i, text in enumerate(MESSAGES)]
    features = classes("ham", "spam", text="sms")
    return {"README.md": b"# SMS\n", "plain_text/train-00000-of-00001.parquet": parquet(features, rows)}


SENTENCES = {
    "train": [("EU rejects", [3, 0]), ("Peter Blackburn", [1, 2]), ("in Japan", [0, 5])],
    "validation": [("Hong Kong", [5, 6]), ("In  JAPAN", [0, 5])],
    "test": [("German call", [7, 0]), ("eu rejects", [3, 0])],
}


def conll2003():
    tags = {name: List(Value("int64")) for name in ("pos_tags", "chunk_tags")}
    features = {"id": Value("string"), "tokens": List(Value("string")), **tags}
    features["ner_tags"] = List(ClassLabel(names=corpora.ENTITIES))
    files = {"README.md": b"# CoNLL\n"}
    for split, sentences in SENTENCES.items():
        rows = [
            {"id": str(i), "tokens": words.split(), "pos_tags": [0], "chunk_tags": [0], "ner_tags": tags}
            for i, (words, tags) in enumerate(sentences)
        ]
        files[f"data/{split}-00000-of-00001.parquet"] = parquet(features, rows)
    return files


def turn_to(served, monkeypatch, folder):
    """What HF_ENDPOINT and HF_HOME do where they are set from the beginning: see the last test."""
    constants = huggingface_hub.constants
    monkeypatch.setattr(constants, "ENDPOINT", served.url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", served.url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # as all other tests have it
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", served.url)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "datasets")
    hub._say.cache_clear()


def said_by(load, *arguments):
    with pytest.raises(PyftError) as caught:
        load(*arguments)
    assert str(caught.value).endswith('set PROFILE = "laptop".')
    return str(caught.value)
