"""The gpu profile against a hub on this machine, through the real clients: what is fetched, kept, refused and said."""

import errno
import io
import itertools
import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import datasets
import hub as local
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

from pyft import classification, data, finetune, hub, models, profiles
from pyft.errors import PyftError
from pyft.profiles import PROFILES

GPU = PROFILES["gpu"]
WORDS = ["good", "bad", "film", "a", "the"]


# --- what the real repositories hold, in small ------------------------------------------------------------------------


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
    features["ner_tags"] = List(ClassLabel(names=data._ENTITIES))
    files = {"README.md": b"# CoNLL\n"}
    for split, sentences in SENTENCES.items():
        rows = [
            {"id": str(i), "tokens": words.split(), "pos_tags": [0], "chunk_tags": [0], "ner_tags": tags}
            for i, (words, tags) in enumerate(sentences)
        ]
        files[f"data/{split}-00000-of-00001.parquet"] = parquet(features, rows)
    return files


@pytest.fixture(scope="session")
def content(tmp_path_factory):
    """The files of every repository of the gpu profile, by the name that the profile gives it."""
    folder = tmp_path_factory.mktemp
    return {
        "bert": bert(folder("bert"), lower=True),
        "bert-cased": bert(folder("cased"), lower=False),
        "roberta": roberta(folder("roberta")),
        "xlnet": xlnet(folder("xlnet")),
        "sst2": sst2(),
        "ag-news": ag_news(),
        "sms-spam": sms_spam(),
        "conll2003": conll2003(),
    }


@pytest.fixture
def there(content, monkeypatch, tmp_path):
    """A hub that holds them at the pinned commits, and clients that know of no other and have nothing cached."""
    with local.running() as served:
        for name, checkpoint in GPU.checkpoints.items():
            if checkpoint.hub_id:
                served.repository(checkpoint.hub_id).commit(content[name], checkpoint.revision)
        for name, source in GPU.data.items():
            served.repository(source.hub_id, "dataset").commit(content[name], source.revision)
        turn_to(served, monkeypatch, tmp_path)
        yield served


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


@pytest.fixture
def impatient(monkeypatch):
    """The client tries again without waiting."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def said_by(load, *arguments):
    with pytest.raises(PyftError) as caught:
        load(*arguments)
    assert str(caught.value).endswith('set PROFILE = "laptop".')
    return str(caught.value)


# --- a repository -----------------------------------------------------------------------------------------------------

BIG = bytes(random.Random(0).randbytes(3_000_000))


@pytest.fixture
def repository(there):
    made = there.repository("some/model")
    made.commit({"config.json": b"{}", "model.safetensors": BIG, "sub/config.json": b"[]", "notes.md": b"not wanted"})
    return made


def whole(revision):
    return hub.snapshot("some/model", revision, ["*.json", "*.safetensors"], ["*/*"])


def test_what_is_wanted_is_fetched_and_nothing_else(there, repository):
    folder = whole(repository.refs["main"])
    assert folder.name == repository.refs["main"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "config.json": b"{}",
        "model.safetensors": BIG,
    }
    assert sorted(there.fetched()) == ["config.json", "model.safetensors"]


def test_a_pinned_commit_is_fetched_once_and_then_needs_no_network(there, repository):
    first = whole(repository.refs["main"])
    there.asked.clear()
    assert whole(repository.refs["main"]) == first
    assert there.asked == []
    there.stop()
    assert whole(repository.refs["main"]) == first


def test_a_pin_stays_where_it_is_when_the_branch_moves_on(repository):
    old = repository.refs["main"]
    new = repository.commit({"config.json": b"{} ", "model.safetensors": b"other"})
    assert (whole(old) / "model.safetensors").read_bytes() == BIG
    assert (whole(None) / "model.safetensors").read_bytes() == b"other"
    assert whole(None).name == new


def test_a_connection_that_is_cut_goes_on_from_the_byte_where_it_was_cut(there, repository, impatient, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 50_000)  # ten megabytes, and a file of more
    there.cut("model.safetensors", times=2)
    folder = whole(repository.refs["main"])
    assert (folder / "model.safetensors").read_bytes() == BIG
    ranges = [span for method, path, span in there.asked if method == "GET" and path.endswith("model.safetensors")]
    assert ranges == [None, "bytes=1500000-", "bytes=2250000-"]


def test_after_a_download_that_failed_only_what_lacks_is_fetched(there, repository, impatient, monkeypatch, tmp_path):
    pin = repository.refs["main"]
    there.cut("model.safetensors", then=there.stop)
    assert "no connection" in said_by(whole, pin)
    with local.running() as again:
        again.repositories = there.repositories
        turn_to(again, monkeypatch, tmp_path)
        assert (whole(pin) / "model.safetensors").read_bytes() == BIG
        assert again.fetched() == ["model.safetensors"]


def test_an_interrupted_download_is_not_taken_for_a_whole_one_when_the_network_is_gone(there, repository, impatient):
    there.cut("model.safetensors", then=there.stop)
    for _ in range(2):
        assert "no connection" in said_by(whole, repository.refs["main"])


@pytest.mark.parametrize("revision", [None, "main", "refs/pr/1"])
def test_what_is_not_pinned_says_once_which_commit_it_got(repository, capfd, revision):
    pull = repository.commit({"config.json": b"1"}, ref="refs/pr/1")
    for _ in range(2):
        folder = whole(revision)
    assert folder.name == (pull if revision == "refs/pr/1" else repository.refs["main"])
    line = f'[hub] some/model is at commit {folder.name}; to have the same again, write "some/model@{folder.name}"\n'
    assert capfd.readouterr() == ("", line)


def test_a_pinned_commit_is_fetched_without_a_word(repository, capfd):
    whole(repository.refs["main"])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "revision", "what"),
    [
        (
            "some/thing",
            None,
            "could not load some/thing: no repository {url}/some/thing, or a private one. Check its name",
        ),
        ("some/thing", "0" * 40, f"could not load some/thing@{'0' * 40}: no repository "),
        ("some/model", "0" * 40, f"could not load some/model@{'0' * 40}: the repository has no revision '{'0' * 40}'"),
        ("some/model", "dev", "the repository has no revision 'dev'. It has those of {url}/some/model/commits/main"),
        (
            "some/gated",
            None,
            "the repository is gated. Accept its terms on {url}/some/gated, then log in: hf auth login.",
        ),
        ("not/a/name", None, "could not load not/a/name: Repo id must be in the form"),
    ],
)
@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_what_cannot_be_had_is_said_with_what_to_do(there, name, revision, what, kind):
    there.repository("some/model", kind).commit({"config.json": b"{}"})
    there.repository("some/gated", kind).commit({"config.json": b"{}"})
    there.repository("some/gated", kind).gated = True
    said = said_by(hub.snapshot, name, revision, ["*.json"], (), kind)
    assert what.format(url=there.url + ("/datasets" if kind == "dataset" else "")) in said


def test_one_who_is_logged_in_but_was_not_let_in_is_told_the_same(there, monkeypatch):
    there.repository("some/gated").commit({"config.json": b"{}"})
    there.repository("some/gated").gated = True
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody")
    assert "the repository is gated" in said_by(hub.snapshot, "some/gated", None, ["*"])
    assert "no repository" in said_by(hub.snapshot, "some/thing", None, ["*"])


def test_without_network_it_is_said_at_once(there, repository, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("waited"))
    there.stop()
    for revision in (None, repository.refs["main"]):
        said = said_by(whole, revision)
        assert f"no connection to {there.url} (" in said
        assert "Connect once: what was fetched stays in " in said


def test_offline_mode_is_told_as_what_it_is(repository, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert "offline mode is enabled" in said_by(whole, repository.refs["main"])


def test_a_hub_that_is_ill_is_told_as_such(there, repository):
    there.ill = True
    assert "503 Service Unavailable" in said_by(whole, repository.refs["main"])


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), r"no space left in {cache} ("),
        (PermissionError(errno.EACCES, "Permission denied", "blob"), "Permission denied"),
        (RuntimeError(), "RuntimeError"),  # whatever a client's library raises
    ],
)
def test_a_disk_that_is_full_or_closed_is_told_as_such(repository, monkeypatch, tmp_path, error, what):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(huggingface_hub.file_download, "http_get", fail)
    assert what.format(cache=tmp_path / "hub") in said_by(whole, repository.refs["main"])


# --- models -----------------------------------------------------------------------------------------------------------

HUB_NAMES = [name for name, checkpoint in GPU.checkpoints.items() if checkpoint.hub_id]
PREFIX = {"bert": "bert.", "bert-cased": "bert.", "roberta": "roberta.", "xlnet": "transformer."}


@pytest.mark.parametrize("task", ["sequence-classification", "token-classification"])
@pytest.mark.parametrize("name", HUB_NAMES)
def test_the_gpu_profile_loads_every_model_from_its_pinned_commit(there, content, name, task, capfd):
    model, _ = models.load(name, task, "gpu", num_labels=3)
    assert model.config.num_labels == 3
    stored = from_safetensors(content[name]["model.safetensors"])
    stored = {
        k.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias"): v
        for k, v in stored.items()
    }
    body = {k: v for k, v in model.state_dict().items() if k.startswith(PREFIX[name])}
    assert len(body) > 20
    assert all(torch.equal(v, stored[k]) for k, v in body.items())
    fetched = set(there.fetched())
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= fetched
    assert not any(file.endswith((".bin", ".h5", ".ot", ".md")) for file in fetched)
    assert capfd.readouterr() == ("", "")
    there.stop()
    again, _ = models.load(name, task, "gpu", num_labels=3)
    assert models.digest(again.base_model) == models.digest(model.base_model)


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("bert", ["[CLS]", "good", "film", "[SEP]"]),
        ("bert-cased", ["[CLS]", "Good", "film", "[SEP]"]),
        ("xlnet", ["<unk>", "▁film", "<sep>", "<cls>"]),
    ],
)
def test_the_tokenizers_are_the_families_own(there, name, pieces):
    _, tokenizer = models.load(name, "sequence-classification", "gpu")
    found = tokenizer.convert_ids_to_tokens(tokenizer("Good film")["input_ids"])
    assert [piece for piece in found if piece != "▁"] == pieces
    assert tokenizer.padding_side == ("left" if name == "xlnet" else "right")


def test_robertas_tokenizer_is_bytes_and_merges(there):
    _, tokenizer = models.load("roberta", "sequence-classification", "gpu")
    assert tokenizer.convert_ids_to_tokens(tokenizer("bad a")["input_ids"]) == ["<s>", "bad", "Ġa", "</s>"]
    assert tokenizer.model_max_length == 512


def test_a_hubs_model_works_by_its_name_and_a_folder_by_its_path(there, content, tmp_path):
    theirs = there.repository("some/roberta")
    theirs.commit(content["roberta"])
    first = theirs.refs["main"]
    theirs.commit(content["bert"])
    for name, kind in [("some/roberta", "bert"), (f"some/roberta@{first}", "roberta")]:
        for profile in PROFILES:
            assert models.load(name, "token-classification", profile)[0].config.model_type == kind
    for file, there_in in content["xlnet"].items():
        if "/" not in file:
            (tmp_path / file).write_bytes(there_in)
    there.stop()
    assert models.load(str(tmp_path), "sequence-classification")[0].config.model_type == "xlnet"


def test_a_pull_request_is_a_revision_too(there, content):
    theirs = there.repository("some/xlnet")
    theirs.commit({"config.json": b"{}"})
    theirs.commit(content["xlnet"], ref="refs/pr/1")
    assert models.load("some/xlnet@refs/pr/1", "sequence-classification")[0].config.model_type == "xlnet"


def test_pickled_weights_are_neither_fetched_nor_converted_by_anybody(there, content, monkeypatch):
    monkeypatch.setattr(torch, "load", lambda *a, **k: pytest.fail("unpickled"))
    files = {name: value for name, value in content["bert"].items() if name != "model.safetensors"}
    there.repository("some/pickle").commit(files)
    with pytest.raises(
        PyftError, match=r"could not load some/pickle: .* holds no model\.safetensors.* are not read.*refs/pr/1"
    ):
        models.load("some/pickle", "sequence-classification")
    assert "pytorch_model.bin" not in there.fetched()
    assert not any("discussions" in path for _, path, _ in there.asked)


def test_code_that_comes_with_a_model_is_neither_fetched_nor_run(there, content, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda *a: pytest.fail("asked the reader"))
    config = json.loads(content["bert"]["config.json"])
    theirs = {"AutoConfig": "code.Config", "AutoModelForSequenceClassification": "code.Model"}
    config |= {"model_type": "ours", "auto_map": theirs}
    files = content["bert"] | {"config.json": json.dumps(config).encode(), "code.py": b"raise SystemExit"}
    there.repository("some/code").commit(files)
    said_by(models.load, "some/code", "sequence-classification")
    assert "code.py" not in there.fetched()


@pytest.mark.parametrize("broken", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_file_that_is_not_what_it_should_be_is_one_error(there, content, broken):
    there.repository("some/model").commit(content["bert"] | {broken: b"\x01{"})
    assert "could not load" in said_by(models.load, "some/model", "sequence-classification")


@pytest.mark.parametrize("name", ["brt", "./brt", "/no/folder", "~/folder", "a/b/c"])
def test_what_is_neither_a_name_nor_a_folder_nor_of_a_hub_is_unknown(there, name):
    with pytest.raises(PyftError, match=r"unknown model of profile 'gpu' .*A local folder and a hub's owner/name"):
        models.load(name, "sequence-classification", "gpu")
    assert there.asked == []


# --- data -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "counts"),
    [("sst2", (89, 10, 20)), ("ag-news", (144, 16, 17)), ("sms-spam", (48, 6, 6)), ("conll2003", (1, 2, 2))],
)
def test_the_gpu_profile_loads_every_corpus_under_the_laptops_columns(there, name, counts, capfd):
    capfd.readouterr()
    splits = data.load(name, "gpu")
    assert capfd.readouterr() == ("", "")
    assert tuple(splits) == ("train", "validation", "test")
    columns = ["id", "tokens", "ner_tags"] if name == "conll2003" else ["id", "text", "label"]
    assert all(rows.column_names == columns for rows in splits.values())
    assert tuple(rows.num_rows for rows in splits.values()) == counts
    before = data.fingerprint(splits)
    there.asked.clear()
    there.stop()
    assert data.fingerprint(data.load(name, "gpu")) == before
    assert there.asked == []


def test_sst2_is_tested_on_its_validation_split_and_validated_on_training_phrases(there, content):
    splits = data.load("sst2", "gpu")
    assert splits["train"].features["label"].names == ["negative", "positive"]
    assert splits["test"]["text"] == texts(20, 1000)  # stripped, in their order, all of them
    assert splits["test"]["label"] == [1, 0] * 10
    learnt = [*splits["train"]["text"], *splits["validation"]["text"]]
    assert sorted(learnt) == sorted(set(texts(100)) - {texts(2)[1]})
    assert "test-00000-of-00001.parquet" not in there.fetched()  # labels of -1


def test_the_test_split_of_ag_news_is_left_as_it_is_and_entities_are_unescaped(there):
    splits = data.load("ag-news", "gpu")
    expected = [text.replace("number", "<b>") for text in texts(16, 5000)]
    assert splits["test"]["text"] == [*expected, expected[0]]
    assert splits["validation"].features["label"].names == ["World", "Sports", "Business", "Sci/Tech"]
    for split, share in [("train", 36), ("validation", 4)]:
        assert [splits[split]["label"].count(label) for label in range(4)] == [share] * 4


def test_topics_of_news_are_learnt_in_the_gpu_profile(there, same_torch_afterwards):
    """The call of section 6.2.1, which on a laptop learns sources: all of AG News under the profile's recipe."""
    corpus, rows = GPU.topics
    assert (corpus, rows) == ("ag-news", None)
    model, tokenizer, splits, history = classification.learn("topics", "bert", 0, "gpu", rows)
    assert splits["train"].features["label"].names == ["World", "Sports", "Business", "Sci/Tech"]
    assert model.config.num_labels == 4
    recipe = GPU.recipes["topics"]
    assert len(history.losses) == recipe.epochs * -(-len(splits["train"]) // recipe.batch_size)
    assert finetune.predict(model, tokenizer, splits["test"]["text"]).shape == (17, 4)


def test_sms_spam_is_cleaned_and_split_on_the_gpu_as_on_the_laptop(there, content, monkeypatch):
    rows = [{"id": f"train/{i}", "text": f"{text}!", "label": i % 2} for i, text in enumerate(MESSAGES)]
    monkeypatch.setitem(data.CORPORA, "sms-spam", replace(data.CORPORA["sms-spam"], read=lambda: rows))
    ours, theirs = data.load("sms-spam"), data.load("sms-spam", "gpu")
    assert data.fingerprint(ours) == data.fingerprint(theirs)


def test_conll_loses_the_same_sentences_on_the_gpu_as_on_the_laptop(there, monkeypatch, tmp_path):
    names = {"train": "train", "validation": "valid", "test": "test"}
    for split, sentences in SENTENCES.items():
        lines = [
            "".join(f"{w} X X {data._ENTITIES[t]}\n" for w, t in zip(words.split(), tags, strict=True))
            for words, tags in sentences
        ]
        (tmp_path / f"{names[split]}.txt").write_text("-DOCSTART- -X- -X- O\n\n" + "\n".join(lines))
    monkeypatch.setattr(data, "files", lambda name: {path.name: path for path in tmp_path.glob("*.txt")})
    ours, theirs = data.load("conll2003"), data.load("conll2003", "gpu")
    for split in SENTENCES:
        for column in ("tokens", "ner_tags"):
            assert ours[split][column] == theirs[split][column]
    assert [len(rows) for rows in theirs.values()] == [1, 2, 2]


def test_the_clients_own_way_finds_the_same_rows(there):
    """`datasets.load_dataset` reads this hub as it reads the real one, so the hub is honest, and our reading right."""
    source = GPU.data["sst2"]
    theirs = datasets.load_dataset(source.hub_id, revision=source.revision)
    assert {split: rows.num_rows for split, rows in theirs.items()} == {"train": 103, "validation": 20, "test": 10}
    ours = data._from_hub(data.HUB_CORPORA["sst2"], source)
    for split, whose in [("train", "train"), ("test", "validation")]:
        assert [row["text"] for row in ours[split]] == [data.clean(text) for text in theirs[whose]["sentence"]]
        assert [row["label"] for row in ours[split]] == theirs[whose]["label"]


def of(source, name="sst2"):
    """A gpu profile with another data set in the place of one."""
    return {"gpu": replace(GPU, data=GPU.data | {name: source})}


def test_another_commit_is_never_taken_for_the_pinned_one(there, content, monkeypatch):
    """`datasets.load_dataset` does: without network it gives the newest that it has cached, whatever was asked for."""
    data.load("sst2", "gpu")
    other = there.repository("stanfordnlp/sst2", "dataset").commit(content["sst2"] | {"README.md": b"changed"})
    monkeypatch.setattr(profiles, "PROFILES", of(replace(GPU.data["sst2"], revision=other)))
    there.stop()
    assert "no connection" in said_by(data.load, "sst2", "gpu")


def test_missing_files_and_other_labels_are_refused(there, content, monkeypatch):
    made = there.repository("some/data", "dataset")
    rows = [{"text": text, "label": 0} for text in texts(4)]
    pin = made.commit({"data/train-00000-of-00001.parquet": parquet(classes("Sports", "World"), rows)})
    source = replace(GPU.data["ag-news"], hub_id="some/data", revision=pin)
    monkeypatch.setattr(profiles, "PROFILES", of(source, "ag-news"))
    with pytest.raises(PyftError, match=r"expected the labels .*World.*found \['Sports', 'World'\]"):
        data.load("ag-news", "gpu")
    monkeypatch.setattr(profiles, "PROFILES", of(replace(source, folder="elsewhere"), "ag-news"))
    with pytest.raises(PyftError, match=r"expected files elsewhere/train-\*\.parquet, found none"):
        data.load("ag-news", "gpu")


def test_each_profile_names_its_corpora_and_the_laptops_are_in_both():
    assert set(data.corpora("gpu")) - set(data.corpora("laptop")) == {"sst2", "ag-news"}
    with pytest.raises(PyftError, match="unknown corpus of profile 'laptop' 'sst2'"):
        data.load("sst2")
    with pytest.raises(PyftError, match="unknown profile 'tpu'"):
        data.load("sst2", "tpu")


# --- all of it, by the environment alone ------------------------------------------------------------------------------

STORY = """
import json, sys
from pyft import data, models
from pyft.errors import PyftError
for _ in sys.stdin:  # one line for each time that it is to be told
    told = [data.fingerprint(data.load("sst2", "gpu"))]
    for name in ("bert", "xlnet"):
        try:
            told.append(models.digest(models.load(name, "sequence-classification", "gpu")[0].base_model))
        except PyftError as error:
            told.append(str(error))
    print(json.dumps(told), flush=True)
"""


def test_a_reader_sets_nothing_but_where_the_hub_is(there, tmp_path):
    """Another process, as a reader has it, with HF_ENDPOINT and HF_HOME; first with the hub, then without."""
    home = {
        "HF_ENDPOINT": there.url,
        "HF_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(Path(hub.__file__).parents[1]),
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS_"))} | home
    there.repositories["model", GPU.checkpoints["xlnet"].hub_id].gated = True
    command = [sys.executable, "-c", STORY]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as reader:

        def told():
            reader.stdin.write("\n")
            reader.stdin.flush()
            return json.loads(reader.stdout.readline())

        *first, refused = told()
        assert "gated" in refused
        there.stop()
        *second, refused = told()
        assert second == first and len(first[1]) == 64
        assert f"no connection to {there.url}" in refused
        reader.stdin.close()
