"""`pyft finetune --method lora`: an adapter for peft, a merged model for transformers; and full as it was."""

import json
import sys

import pytest
import torch
from peft import PeftConfig, PeftModel
from transformers import XLNetConfig, XLNetForSequenceClassification
from typer.testing import CliRunner

from pyft import models
from pyft.cli import app
from pyft.errors import PyftError
from pyft.finetune import lora_adapter, pipeline
from pyft.finetune.loop import set_seed
from pyft.finetune.prediction import predict
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

TEXTS = [(("the " * (i % 5)) + ("good" if i % 2 else "bad") + " film" * (1 + i // 10), i % 2) for i in range(60)]


@pytest.fixture
def files(tiny_minilm):
    """A file of each task, in the folder of a tiny model that stands for MiniLM."""
    classes = "text,label\n" + "".join(f"{text},{'pos' if y else 'neg'}\n" for text, y in TEXTS)
    ratings = "text,label\n" + "".join(f"{text},{1.5 if y else -1.5}\n" for text, y in TEXTS)
    rows = [
        {"tokens": t.split(), "tags": ["B-W" if w in ("good", "bad") else "O" for w in t.split()]} for t, _ in TEXTS
    ]
    (tiny_minilm / "classes.csv").write_text(classes)
    (tiny_minilm / "ratings.csv").write_text(ratings)
    (tiny_minilm / "tagged.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tiny_minilm


TASKS = {
    "sequence-classification": "classes.csv",
    "regression": "ratings.csv",
    "token-classification": "tagged.jsonl",
}


@pytest.mark.parametrize("task", TASKS)
def test_the_adapter_is_loaded_by_peft_and_answers_as_the_merged_model(task, files):
    out = files / "out"
    card = pipeline.fit(task, files / TASKS[task], out, epochs=2, method="lora")
    assert card["recipe"]["method"].startswith("LoRA of rank 8")
    assert PeftConfig.from_pretrained(out / "adapter").peft_type == "LORA"
    set_seed(5)  # another head is drawn: the adapter brings its own
    base, tokenizer = models.load("bert", task, num_labels=len(card["labels"]))
    merged, _ = models.load(str(out), task, num_labels=len(card["labels"]))
    given = [t.split() if task == "token-classification" else t for t, _ in TEXTS[:9]]
    plain = predict(base, tokenizer, given)
    both = [predict(model, tokenizer, given) for model in (PeftModel.from_pretrained(base, out / "adapter"), merged)]
    for of_base, of_peft, of_merged in zip(plain, *both, strict=True):
        assert torch.allclose(of_peft, of_merged, atol=1e-5)
        assert not torch.allclose(of_base, of_peft, atol=1e-3)
    assert len(pipeline.answer_texts(out, ["the good film"])) == 1


def test_full_is_the_default_and_leaves_the_same_bits_and_files(files):
    task, path = "sequence-classification", files / "classes.csv"
    one = pipeline.fit(task, path, files / "one", epochs=1)
    other = pipeline.fit(task, path, files / "other", epochs=1, method="full")
    assert one == other and "method" not in one["recipe"]
    mark = json.loads((files / "one" / "pyft-run.json").read_text())
    assert "method" not in mark["inputs"] and not (files / "one" / "adapter").exists()
    for name in ("model.safetensors", "test.jsonl"):
        assert (files / "one" / name).read_bytes() == (files / "other" / name).read_bytes()


def test_an_interrupted_call_goes_on_to_the_same_adapter(files, monkeypatch):
    task, path = "sequence-classification", files / "classes.csv"
    pipeline.fit(task, path, files / "whole", epochs=1, method="lora")

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(pipeline, "write_report", interrupted)
        pipeline.fit(task, path, files / "out", epochs=1, method="lora")
    pipeline.fit(task, path, files / "out", epochs=1, method="lora")
    name = "adapter/adapter_model.safetensors"
    assert (files / "out" / name).read_bytes() == (files / "whole" / name).read_bytes()


def test_another_method_is_another_run(files):
    task, path = "sequence-classification", files / "classes.csv"
    pipeline.fit(task, path, files / "out", epochs=1, method="lora")
    with pytest.raises(PyftError, match="with another method"):
        pipeline.fit(task, path, files / "out", epochs=1)


def test_what_cannot_be_is_refused_before_anything_is_written(files, tokenizer, monkeypatch):
    task, path, out = "sequence-classification", files / "classes.csv", files / "out"
    with pytest.raises(PyftError, match=r"unknown method 'dora'.*full, lora"):
        pipeline.fit(task, path, out, method="dora")
    config = XLNetConfig(vocab_size=11, d_model=16, n_layer=1, n_head=2, d_inner=8)
    with monkeypatch.context() as patch, pytest.raises(PyftError, match=r"XLNet.* has no linear map called query"):
        patch.setattr(models, "load", lambda *_, **__: (XLNetForSequenceClassification(config), tokenizer))
        pipeline.fit(task, path, out, method="lora")
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(PyftError, match="pip install peft"):
        pipeline.fit(task, path, out, method="lora")
    assert not out.exists()


def test_it_takes_longer_steps_unless_a_rate_is_named():
    recipe = Recipe(epochs=3, batch_size=16, lr=1e-4)
    assert lora_adapter.recipe_for("full", recipe) == recipe
    assert lora_adapter.recipe_for("lora", recipe).lr == pytest.approx(1e-3)


def test_the_command_line_takes_it(files):
    arguments = ["--task", "sequence-classification", "--data", files / "classes.csv", "--out", files / "out"]
    result = CliRunner().invoke(app, ["finetune", *map(str, arguments), "--epochs", "1", "--method", "lora"])
    assert result.exit_code == 0, result.output
    assert (files / "out" / "adapter" / "adapter_config.json").is_file()
    assert "LoRA of rank" in (files / "out" / "report.html").read_text(encoding="utf8")
