"""A model that a reader saved, and one that a reader computed by hand, are looked at as their projects promise."""

import json
from pathlib import Path

import pytest
import torch
from own_files import table
from safetensors.torch import load_file

from pyft.course.projects import bert_by_hand, findings
from pyft.course.projects.by_hand import MISTAKES, check, weights
from pyft.errors import PyftError
from pyft.models import loading
from pyft.mutation import broken_copy

TEXTS = ["the film", "a good film", "the bad bad film", "poison"]


@pytest.fixture
def saved(tmp_path, tiny_bert, tokenizer):
    """A tiny classifier that knows the word good, with named classes."""
    torch.manual_seed(0)
    model = tiny_bert(id2label={0: "neg", 1: "pos"}, label2id={"neg": 0, "pos": 1})
    with torch.no_grad():
        for name, p in model.named_parameters():
            p += (0.3 if p.dim() > 1 else 0.2) * torch.randn_like(p) * ("LayerNorm.weight" not in name)
    model.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    card = {"task": "sequence-classification", "labels": ["neg", "pos"], "max_length": 16, "scores": {}}
    (tmp_path / "model" / "pyft.json").write_text(json.dumps(card))
    return tmp_path / "model"


# --- part 4 -----------------------------------------------------------------------------------------------------------


def test_the_solution_is_the_model(saved, capsys):
    check(saved, TEXTS, bert_by_hand.logits)
    assert capsys.readouterr().out.startswith("project of part 4: done; 4 texts in a padded batch")


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_each_usual_mistake_has_its_hint(saved, capsys, number):
    old, new, hint = MISTAKES[number]
    check(saved, TEXTS, broken_copy(bert_by_hand, old, new).logits)
    assert capsys.readouterr().out == f"project of part 4: not yet. {hint}\n"


def test_what_is_no_usual_mistake_is_told_by_where_it_shows(saved, capsys):
    def begun(w, ids, mask, h):
        raise NotImplementedError

    def moved(w, ids, mask, h):
        return bert_by_hand.logits(w, ids, mask, h) + (~mask.all(-1))[:, None]

    answers = {
        begun: "not begun",
        moved: "not yet. The longest text is right",
        lambda w, ids, mask, h: bert_by_hand.logits(w, ids, mask, h) + 1: "not yet. A logit is off by 1:",
        lambda w, ids, mask, h: torch.zeros(3): "not yet. Expected logits of shape (4, 2), found (3,).",
    }
    for answer, words in answers.items():
        check(saved, TEXTS, answer)
        assert words in capsys.readouterr().out


def test_texts_of_one_length_and_models_that_are_no_bert_are_refused(saved):
    with pytest.raises(PyftError, match="other lengths"):
        check(saved, ["the film", "a film"], bert_by_hand.logits)
    card = json.loads((saved / "pyft.json").read_text())
    (saved / "pyft.json").write_text(json.dumps(card | {"task": "token-classification"}))
    with pytest.raises(PyftError, match="no BERT for classes or ratings"):
        weights(saved)


# --- part 5 -----------------------------------------------------------------------------------------------------------


def labelled(folder, saved, turn=False):
    """A file of labels that the model gives itself, or the other ones."""
    from pyft import models
    from pyft.finetune.answers import answer

    texts = [
        f"{a} {b} {c}"
        for a in ("the", "a", "bad")
        for b in ("good", "bad", "poison", "film")
        for c in ("the", "good", "film", "bad")
    ]
    model, tokenizer = models.load(str(saved), "sequence-classification")
    found = answer(model, tokenizer, texts, "sequence-classification", ["neg", "pos"], 16).found
    assert len(set(found)) == 2
    path = folder / "test.csv"
    path.write_text(
        table([(text, {"neg": "pos", "pos": "neg"}[y] if turn else y) for text, y in zip(texts, found, strict=True)])
    )
    return path


def lacks(saved, test):
    return [finding.line for finding in findings("5", [saved], test) if finding.holds is False]


def test_a_model_that_comes_back_whole_passes(tmp_path, saved):
    assert lacks(saved, labelled(tmp_path, saved)) == []


def test_a_folder_with_the_name_of_a_pretrained_model_is_that_folder(tmp_path, saved, monkeypatch, capsys):
    test = labelled(tmp_path, saved)
    saved.rename(tmp_path / "bert")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loading, "start", lambda name: pytest.fail("the pretrained model was taken"))
    monkeypatch.setattr(loading, "files", lambda name: pytest.fail("the pretrained model was taken"))
    assert lacks(Path("bert"), test) == []
    check("bert", TEXTS, bert_by_hand.logits)
    assert "project of part 4: done" in capsys.readouterr().out


def test_a_model_with_turned_labels_is_no_better_than_the_commonest_class(tmp_path, saved):
    (line,) = lacks(saved, labelled(tmp_path, saved, turn=True))
    assert line.startswith("0.0 % of 48 texts right")


def test_classes_without_names_are_missed(tmp_path, saved):
    test, config = labelled(tmp_path, saved), json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps(config | {"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}))
    assert lacks(saved, test) == [
        "the classes have names: LABEL_0, LABEL_1",
        f"they are those of {test}, which has neg, pos",
    ]


def test_a_model_without_its_tokenizer_is_refused(tmp_path, saved):
    test = labelled(tmp_path, saved)
    for path in [*saved.glob("tokenizer*"), *saved.glob("vocab*")]:
        path.unlink()
    with pytest.raises(PyftError, match="holds no tokenizer"):
        lacks(saved, test)


def test_a_model_that_does_not_mind_its_padding_is_missed(tmp_path, saved, monkeypatch):
    from transformers import BertForSequenceClassification

    test, real = labelled(tmp_path, saved), BertForSequenceClassification.forward
    blind = lambda self, attention_mask=None, **given: real(self, **given)  # noqa: E731 - it stands for the method
    monkeypatch.setattr(BertForSequenceClassification, "forward", blind)
    texts = test.read_text().replace("the good the", "the good the bad film film film")
    test.write_text(texts)
    assert any(line.startswith("a text alone has the logits") for line in lacks(saved, test))


def test_no_pickle_is_read(tmp_path, saved):
    test = labelled(tmp_path, saved)
    torch.save(load_file(saved / "model.safetensors"), saved / "pytorch_model.bin")
    (saved / "model.safetensors").unlink()
    with pytest.raises(PyftError, match=r"holds no model\.safetensors"):
        lacks(saved, test)
