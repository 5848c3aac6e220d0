"""Loading by name: what is found, what is refused, what is said."""

import pytest
import torch
import transformers

from pyft import models
from pyft.errors import PyftError
from pyft.profiles import profile


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
    monkeypatch.setattr(models, "files", lambda name: {path.name: path for path in folder.iterdir()})
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
    monkeypatch.setattr(models, "files", lambda name: pytest.fail("fetched"))
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
    monkeypatch.setattr(models, "files", lambda name: {"model.safetensors": weights})
    with pytest.raises(PyftError, match="could not load"):
        models.load("minilm", "sequence-classification")


class Recorder:
    """In place of an Auto class: keeps what it was asked for."""

    def __init__(self, error=None):
        self.asked, self.error = [], error

    def from_pretrained(self, source, **options):
        self.asked.append((source, options))
        if self.error:
            raise self.error
        return self


def test_the_gpu_profile_asks_the_hub_for_the_pinned_commit_and_for_safetensors(monkeypatch):
    tokenizer, model = Recorder(), Recorder()
    monkeypatch.setattr(models, "AutoTokenizer", tokenizer)
    monkeypatch.setitem(models._TASKS, "sequence-classification", model)
    models.load("bert", "sequence-classification", profile="gpu")
    checkpoint = profile("gpu").checkpoints["bert"]
    assert tokenizer.asked == [(checkpoint.hub_id, {"revision": checkpoint.revision})]
    assert model.asked == [
        (checkpoint.hub_id, {"revision": checkpoint.revision, "num_labels": 2, "use_safetensors": True})
    ]


def test_without_network_the_gpu_profile_names_the_laptop(monkeypatch):
    error = OSError("We couldn't connect to the hub\nand more advice")
    monkeypatch.setattr(models, "AutoTokenizer", Recorder(error))
    with pytest.raises(PyftError) as caught:
        models.load("bert", "sequence-classification", profile="gpu")
    said = str(caught.value)
    assert 'set PROFILE = "laptop"' in said
    assert "We couldn't connect to the hub" in said
    assert "and more advice" not in said


def test_an_error_without_a_text_is_still_told(monkeypatch):
    monkeypatch.setattr(models, "AutoTokenizer", Recorder(OSError()))
    with pytest.raises(PyftError, match="could not load"):
        models.load("bert", "sequence-classification", profile="gpu")


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
