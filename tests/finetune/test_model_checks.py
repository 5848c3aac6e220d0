"""Models of others that cannot be trained as they are: said before the first step."""

import pytest
import torch
from own_files import reviews, table
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    BertModel,
    CamembertConfig,
    GPT2Config,
    GPT2TokenizerFast,
    MPNetConfig,
    RobertaConfig,
    XLMRobertaConfig,
)
from typer.testing import CliRunner

from pyft.cli import app
from pyft.errors import PyftError
from pyft.finetune import pipeline

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")
SIZES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
SIZES |= {"vocab_size": 11, "max_position_embeddings": 16}


@pytest.fixture
def other(tmp_path, tokenizer):
    """A function: a folder with a model of this configuration and a tokenizer, here BERT's."""

    def save(config, tokens=tokenizer, dtype=torch.float32):
        folder = tmp_path / "other"
        torch.manual_seed(0)
        AutoModelForSequenceClassification.from_config(config).to(dtype).save_pretrained(folder)
        tokens.save_pretrained(folder)
        return folder

    return save


def finetune(tmp_path, model, **options):
    """The command on forty texts; an error of ours if it raised one."""
    (tmp_path / "train.csv").write_text(table(reviews()))
    options = {"task": "sequence-classification", "data": tmp_path / "train.csv", "out": tmp_path / "out"} | options
    asked = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    found = CliRunner().invoke(app, ["finetune", "--model", str(model), "--epochs", "1", *asked])
    if isinstance(found.exception, PyftError):
        raise found.exception
    assert found.exit_code == 0, found.output


def gpt2():
    vocab = {"<|endoftext|>": 0, **{letter: i for i, letter in enumerate("Ġabdefgilmot", start=1)}}
    config = GPT2Config(vocab_size=len(vocab), n_positions=130, n_embd=16, n_layer=1, n_head=2)
    return config, GPT2TokenizerFast(vocab=vocab, merges=[])


def test_a_tokenizer_without_padding_is_refused_and_what_is_advised_helps(tmp_path, other):
    config, tokens = gpt2()
    with pytest.raises(PyftError, match=r"other: its tokenizer has no padding token.* Take an encoder"):
        finetune(tmp_path, other(config, tokens))
    tokens.pad_token = tokens.eos_token
    config.pad_token_id = tokens.pad_token_id
    finetune(tmp_path, other(config, tokens))


@pytest.mark.parametrize("kind", [RobertaConfig, XLMRobertaConfig, CamembertConfig, MPNetConfig])
def test_positions_that_count_from_the_padding_on_are_not_asked_beyond_the_last(tmp_path, other, kind):
    model = other(kind(**SIZES, pad_token_id=1))
    with pytest.raises(PyftError, match=r"max_length is 15, expected .*14"):
        finetune(tmp_path, model, **{"max-length": 15})
    with pytest.raises(PyftError, match=r"max_length is 128, expected .*14"):
        finetune(tmp_path, model)
    finetune(tmp_path, model, **{"max-length": 14})


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_weights_of_half_the_precision_are_refused_and_what_is_advised_helps(tmp_path, other, dtype):
    config = BertConfig(**SIZES | {"max_position_embeddings": 128})
    model = other(config, dtype=dtype)
    with pytest.raises(PyftError, match=rf"other is kept in {str(dtype)[6:]}, .* save a copy of model\.float\(\)"):
        finetune(tmp_path, model)
    BertModel.from_pretrained(model).float().save_pretrained(model)
    finetune(tmp_path, model)


def test_what_cannot_be_read_is_left_to_the_loader(tmp_path, other, monkeypatch):
    monkeypatch.setattr(pipeline, "fine_tune", lambda *a: pytest.fail("it was trained"))
    folder = other(BertConfig(**SIZES))
    (folder / "config.json").write_text("{")
    with pytest.raises(PyftError, match="could not load"):
        finetune(tmp_path, folder)
    with pytest.raises(PyftError, match="unknown model of profile 'laptop' 'no-such'"):
        finetune(tmp_path, "no-such")


def test_a_hub_s_model_is_looked_at_before_its_weights_are_fetched(tmp_path, other, monkeypatch):
    asked, folder = [], other(*gpt2())

    def snapshot(hub_id, revision, wanted, unwanted):
        asked.append((hub_id, revision, [name for name in wanted if "safetensors" in name]))
        return folder

    monkeypatch.setattr("pyft.data.hub.snapshot", snapshot)
    with pytest.raises(PyftError, match=r"openai/gpt2@main: its tokenizer has no padding token"):
        finetune(tmp_path, "openai/gpt2@main")
    assert asked == [("openai/gpt2", "main", [])]
