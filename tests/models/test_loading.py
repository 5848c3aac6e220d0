"""Loading by name: what is found, what is refused, what is said."""

import json
from dataclasses import replace

import pytest
import torch
import transformers

from pyft import finetune, models, profiles
from pyft.errors import PyftError
from pyft.models import deltas, loading


@pytest.fixture
def folder(tmp_path, tiny_bert, tokenizer):
    """A folder as `pyft fetch` leaves it: a tiny model and its tokenizer."""
    saved = tmp_path / "saved"
    tiny_bert().bert.save_pretrained(saved)
    tokenizer.save_pretrained(saved)
    return saved


@pytest.fixture
def laptop(folder, monkeypatch):
    """That folder in place of the laptop's artefact."""
    monkeypatch.setattr(loading, "files", lambda name: {path.name: path for path in folder.iterdir()})
    return folder


@pytest.mark.parametrize(
    "arguments,said",
    [
        (("bert", "sequence-classification", "laptap"), "unknown profile 'laptap'. Did you mean 'laptop'?"),
        (("brt", "sequence-classification"), "unknown model of profile 'laptop' 'brt'. Did you mean 'bert'?"),
        (("bert", "sequence-clasification"), "unknown task 'sequence-clasification'. Did you mean 'sequence-clas"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_before_anything_is_fetched(arguments, said, monkeypatch):
    monkeypatch.setattr(loading, "files", lambda name: pytest.fail("fetched"))
    with pytest.raises(PyftError) as caught:
        models.load(*arguments)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    "task,kind",
    [
        ("sequence-classification", transformers.BertForSequenceClassification),
        ("token-classification", transformers.BertForTokenClassification),
    ],
)
def test_the_laptop_loads_the_artefacts_body_under_a_fresh_head(laptop, tiny_bert, task, kind):
    model, tokenizer = models.load("minilm", task, num_labels=3)
    assert isinstance(model, kind)
    assert model.config.num_labels == 3
    saved, loaded = tiny_bert().state_dict(), model.state_dict()
    body = [name for name in loaded if name.startswith("bert.")]
    assert len(body) > 20
    assert all(torch.equal(loaded[name], saved[name]) for name in body)
    assert tokenizer("good film")["input_ids"] == [2, 5, 7, 3]


def test_the_head_follows_from_torchs_seed(laptop):
    heads = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        heads.append(models.load("minilm", "sequence-classification")[0].classifier.weight)
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_loading_says_nothing_and_leaves_the_verbosity_as_it_was(laptop, capfd, request):
    was = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_info()  # another than the one that loading sets for its own time
    request.addfinalizer(lambda: transformers.logging.set_verbosity(was))
    before = transformers.logging.get_verbosity(), transformers.logging.is_progress_bar_enabled()
    models.load("minilm", "sequence-classification")
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
    assert (transformers.logging.get_verbosity(), transformers.logging.is_progress_bar_enabled()) == before


def test_pickled_weights_are_refused(laptop, tiny_bert, monkeypatch):
    """Unpickling can run code, so a folder that holds nothing else is no model."""
    weights = laptop / "model.safetensors"
    weights.unlink()
    torch.save(tiny_bert().state_dict(), laptop / "pytorch_model.bin")
    monkeypatch.setattr(torch, "load", lambda *a, **k: pytest.fail("unpickled"))
    monkeypatch.setattr(loading, "files", lambda name: {"model.safetensors": weights})
    with pytest.raises(PyftError, match="could not load"):
        models.load("minilm", "sequence-classification")


def test_an_error_without_a_text_is_still_reported(laptop, monkeypatch):
    def fail(*_, **__):
        raise OSError

    monkeypatch.setattr(loading.AutoTokenizer, "from_pretrained", fail)
    with pytest.raises(PyftError, match=r"could not load .*: OSError"):
        models.load("bert", "sequence-classification")


# --- digest -----------------------------------------------------------------------------------------------------------


def test_a_digest_is_of_the_weights_alone(tiny_bert, folder):
    model = tiny_bert()
    again = transformers.BertModel.from_pretrained(folder)
    assert models.digest(model.bert) == models.digest(again)  # whatever file it came from
    assert models.digest(model.eval()) == models.digest(model.train())


def test_a_digest_changes_with_one_weight_and_with_a_name(tiny_bert):
    model = tiny_bert()
    before = models.digest(model)
    with torch.no_grad():
        model.classifier.bias[1] += 1e-6
    assert models.digest(model) != before
    named = [torch.nn.ModuleDict({name: torch.nn.Linear(1, 1, bias=False)}) for name in "ab"]
    for module in named:
        torch.nn.init.ones_(next(module.parameters()))
    assert models.digest(named[0]) != models.digest(named[1])


def test_a_digest_can_be_had_of_half_precision(tiny_bert):
    half = tiny_bert().to(torch.bfloat16)
    assert len(models.digest(half)) == 64
    assert models.digest(half) != models.digest(tiny_bert())


# --- the laptop's three architectures ---------------------------------------------------------------------------------

A, B = "good film", "bad"  # word pieces 5 7 and 6; [CLS] is 2, [SEP] 3, [PAD] 0
ARCHITECTURES = ("bert", "roberta", "xlnet")


@pytest.fixture
def prepared(laptop, tmp_path, monkeypatch):
    """Kept files for all three architectures, as `pyft pretrain` writes them, of weights that were moved a little."""
    for module in (models, loading):  # a folder remembers what it handed on: it first, while that is the real one
        monkeypatch.setattr(module, "delta_file", lambda name: tmp_path / "weights" / f"{name}.safetensors")
    checkpoints = {
        name: profiles.Checkpoint(artefact="minilm", architecture=name, prepared=True) for name in ARCHITECTURES
    }
    monkeypatch.setitem(profiles.PROFILES, "laptop", replace(profiles.PROFILES["laptop"], checkpoints=checkpoints))
    for name in ARCHITECTURES:
        torch.manual_seed(0)
        model, _ = models.start(name)
        base = {k: x.clone() for k, x in model.state_dict().items() if k.startswith(model.base_model_prefix)}
        with torch.no_grad():
            for parameter in model.base_model.parameters():
                parameter += 0.05 * torch.randn_like(parameter)
        deltas.save(models.delta_file(name), model.state_dict(), base, set())
    return laptop


@pytest.mark.parametrize(
    "architecture,single,pair,segments",
    [
        ("bert", [2, 5, 7, 3], [2, 5, 7, 3, 6, 3], [0, 0, 0, 0, 1, 1]),
        ("roberta", [2, 5, 7, 3], [2, 5, 7, 3, 3, 6, 3], None),
        ("xlnet", [5, 7, 3, 2], [5, 7, 3, 6, 3, 2], [0, 0, 0, 1, 1, 2]),
    ],
)
def test_each_family_has_its_own_special_tokens_and_segments(laptop, architecture, single, pair, segments):
    tokens = models.tokenizer(architecture)
    assert tokens(A)["input_ids"] == single
    encoded = tokens(A, B)
    assert encoded["input_ids"] == pair
    assert encoded.get("token_type_ids") == segments
    assert tokens.decode(single, skip_special_tokens=True) == "good film"


@pytest.mark.parametrize(
    "architecture,padded", [("bert", [2, 6, 3, 0]), ("roberta", [2, 6, 3, 0]), ("xlnet", [0, 6, 3, 2])]
)
def test_each_family_pads_on_its_side(laptop, architecture, padded):
    tokens = models.tokenizer(architecture)
    rows = finetune.tokenize(tokens, [A, B], 16)
    x = finetune.collate(rows, tokens)
    assert x["input_ids"][1].tolist() == padded
    assert x["attention_mask"][1].tolist() == [int(i != 0) for i in padded]
    theirs = tokens.pad(tokens([A, B]), return_tensors="pt")
    assert all(torch.equal(x[name], theirs[name]) for name in x)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("task", ["sequence-classification", "token-classification", "regression"])
def test_padding_changes_no_logit(prepared, architecture, task):
    torch.manual_seed(0)
    model, tokens = models.load(architecture, task, num_labels=3)
    rows = finetune.tokenize(tokens, [A, "the poison a bad film good a the film"], 16)
    alone, beside = finetune.collate(rows[:1], tokens), finetune.collate(rows, tokens)
    with torch.no_grad():
        one, two = model(**alone).logits[0], model(**beside).logits[0]
    real = beside["attention_mask"][0].bool()
    assert (one - (two if two.ndim == 1 else two[real])).abs().max() < 1e-5
    assert one.shape[-1] == (1 if task == "regression" else 3)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_place_that_is_pooled_is_the_class_tokens(prepared, architecture):
    torch.manual_seed(0)
    model, tokens = models.load(architecture, "sequence-classification")
    x = finetune.collate(finetune.tokenize(tokens, [A, "the poison a bad film"], 16), tokens)
    hidden = model.base_model(**x).last_hidden_state.detach().requires_grad_()
    head = {
        "bert": lambda h: model.classifier(model.bert.pooler(h)),
        "roberta": lambda h: model.classifier(h),
        "xlnet": lambda h: model.logits_proj(model.sequence_summary(h)),
    }[architecture]
    logits = head(hidden)
    assert torch.allclose(logits, model(**x).logits, atol=1e-6)
    logits.sum().backward()
    assert torch.equal(hidden.grad.abs().sum(-1) > 0, x["input_ids"] == tokens.cls_token_id)


def test_xlnet_remembers_nothing(prepared):
    model, tokens = models.load("xlnet", "sequence-classification")
    x = finetune.collate(finetune.tokenize(tokens, [A], 16), tokens)
    for mode in (model.eval(), model.train()):
        assert mode(**x).mems is None


def test_regression_is_one_number_and_squared_error(prepared):
    model, tokens = models.load("roberta", "regression")
    x = finetune.collate(finetune.tokenize(tokens, [A, B], 16), tokens)
    out = model(**x, labels=torch.tensor([1.0, -1.0]))
    assert out.logits.shape == (2, 1)
    expected = torch.nn.functional.mse_loss(out.logits[:, 0], torch.tensor([1.0, -1.0]))
    assert torch.allclose(out.loss, expected)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_head_for_pretraining_knows_the_words_and_loading_draws_nothing(prepared, architecture):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    model, _ = models.load(architecture, "pretraining")
    assert torch.equal(torch.get_rng_state(), before)
    assert models.digest(model) == models.digest(models.load(architecture, "pretraining")[0])
    words = model.get_output_embeddings().weight
    saved = models.minilm().embeddings.word_embeddings.weight
    assert (words - saved).abs().max() < 0.3  # the output weights are MiniLM's, moved a little where they are tied


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_saved_model_and_tokenizer_come_back_as_they_were(prepared, architecture, tmp_path):
    model, tokens = models.load(architecture, "token-classification", num_labels=4)
    model.save_pretrained(tmp_path / "mine")
    tokens.save_pretrained(tmp_path / "mine")
    again = transformers.AutoModelForTokenClassification.from_pretrained(tmp_path / "mine", use_safetensors=True)
    back = transformers.AutoTokenizer.from_pretrained(tmp_path / "mine")
    assert models.digest(again) == models.digest(model)
    assert back([A, B], [B, A], padding=True).data == tokens([A, B], [B, A], padding=True).data


PREPARED = [name for name, c in profiles.profile("laptop").checkpoints.items() if c.prepared]


@pytest.mark.fetched
@pytest.mark.parametrize("name", PREPARED)
def test_a_prepared_model_is_rebuilt_to_the_digest_on_its_card(name):
    model, _ = models.load(name, "pretraining")
    run = json.loads(models.delta_file(name).with_suffix(".json").read_text())
    assert models.digest(model) == run["digest"]
    assert run["digest"] in models.delta_file(name).with_suffix(".md").read_text()
    assert models.delta_file(name).stat().st_size <= 8_000_000


@pytest.mark.parametrize(
    "known,rows,fit",
    [
        (11, 11, True),
        (10, 11, True),
        (128_001, 128_100, True),
        (5, 11, False),
        (12, 11, False),
        (28_996, 30_522, False),
        (5, 30_522, False),
    ],
)
def test_a_tokenizer_of_another_vocabulary_is_refused(known, rows, fit):
    if fit:
        loading.refuse_other_vocabulary("m", known, rows)
        return
    with pytest.raises(PyftError, match=f"its tokenizer knows {known:,} tokens, and the model has {rows:,}"):
        loading.refuse_other_vocabulary("m", known, rows)


def test_a_folder_without_a_tokenizer_is_refused(tiny_bert, tmp_path):
    tiny_bert().save_pretrained(tmp_path / "model")
    with pytest.raises(PyftError, match=r"holds no tokenizer .* the library would make up one that knows no word"):
        loading.load(str(tmp_path / "model"), "sequence-classification")
