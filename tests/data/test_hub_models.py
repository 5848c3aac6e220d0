"""The models of the gpu profile from a hub on this machine, and those that a reader names."""

import json

import pytest
import torch
from safetensors.torch import load as from_safetensors
from small_hub import GPU, said_by

from pyft import models
from pyft.errors import PyftError
from pyft.profiles import PROFILES

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


def test_pickled_weights_are_neither_fetched_nor_converted(there, content, monkeypatch):
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
