"""The corpora of the gpu profile from a hub on this machine: the columns and splits of the laptop."""

from dataclasses import replace

import datasets
import pytest
from small_hub import GPU, MESSAGES, SENTENCES, classes, parquet, said_by, texts

from pyft import data, finetune, profiles
from pyft.course.ch6_2_text_classification import experiment as classification
from pyft.course.ch6_2_text_classification import recipes
from pyft.data import corpora
from pyft.errors import PyftError


@pytest.mark.parametrize(
    ("name", "counts"),
    [("sst2", (89, 10, 20)), ("ag-news", (144, 16, 17)), ("sms-spam", (26, 5, 6)), ("conll2003", (1, 2, 2))],
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
    corpus, rows = recipes.topics("gpu")
    assert (corpus, rows) == ("ag-news", None)
    model, tokenizer, splits, history = classification.learn("topics", "bert", 0, "gpu", rows)
    assert splits["train"].features["label"].names == ["World", "Sports", "Business", "Sci/Tech"]
    assert model.config.num_labels == 4
    recipe = recipes.RECIPES["gpu"]["topics"]
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
            "".join(f"{w} X X {corpora.ENTITIES[t]}\n" for w, t in zip(words.split(), tags, strict=True))
            for words, tags in sentences
        ]
        (tmp_path / f"{names[split]}.txt").write_text("-DOCSTART- -X- -X- O\n\n" + "\n".join(lines))
    monkeypatch.setattr(corpora, "files", lambda name: {path.name: path for path in tmp_path.glob("*.txt")})
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
    ours = corpora._from_hub(data.HUB_CORPORA["sst2"], source)
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
    assert set(corpora.corpora("gpu")) - set(corpora.corpora("laptop")) == {"sst2", "ag-news"}
    with pytest.raises(PyftError, match="unknown corpus of profile 'laptop' 'sst2'"):
        data.load("sst2")
    with pytest.raises(PyftError, match="unknown profile 'tpu'"):
        data.load("sst2", "tpu")
