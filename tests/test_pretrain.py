"""Continued pretraining: what is read, what is masked, what is trained, and that a run can be cut anywhere."""

import random
from dataclasses import replace

import pytest
import torch
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st

from pyft import models, pretrain, profiles
from pyft.errors import PyftError
from pyft.objectives import IGNORED
from pyft.pretrain import Align, Bert, Plan, Roberta, XLNet, batches, blocks, freeze_words, groups, pairs, train

OBJECTIVES = {"bert": Bert, "roberta": Roberta, "xlnet": XLNet}
DOCUMENTS = [[[5, 6, 7], [8, 9]], [[10, 5]], [[6], [7, 8], [9, 10, 5]], [[5, 5, 6, 6, 7]]] * 4
SMALL = Plan(Bert, tokens=300, lr=1e-3, T=16, batch_size=4)


@pytest.fixture
def laptop(tiny_minilm, monkeypatch):
    """A tiny model in place of MiniLM, and an empty folder for what is kept."""
    checkpoints = {
        name: profiles.Checkpoint(artefact="minilm", architecture=name.partition("-")[0], prepared=True)
        for name in pretrain.PLANS
    }
    monkeypatch.setitem(profiles.PROFILES, "laptop", replace(profiles.PROFILES["laptop"], checkpoints=checkpoints))
    return tiny_minilm


# --- text -------------------------------------------------------------------------------------------------------------


def corpus(train, test, ids=None):
    """A corpus of these texts, numbered as asked."""
    splits = {"train": train, "validation": ["a validation text"], "test": test}
    rows = {
        s: {"text": t, "id": (ids if s == "train" and ids else [str(i) for i in range(len(t))])}
        for s, t in splits.items()
    }
    return DatasetDict({split: Dataset.from_dict(columns) for split, columns in rows.items()})


@pytest.fixture
def corpora(monkeypatch):
    """Small corpora under the names that are read; one text stands in two."""
    news = [{"document": d, "tokens": t} for d, t in [(0, ["Peter", "runs"]), (1, ["Rome"]), (1, ["A", "secret"])]]
    conll = DatasetDict(
        {
            s: Dataset.from_list(news if s == "train" else [{"document": 9, "tokens": ["Oslo"]}])
            for s in ("train", "validation", "test")
        }
    )
    made = {
        "movie-reviews": corpus(["good film", "a  SECRET"], ["bad film"]),
        "product-reviews": corpus(["one", "two", "three"], ["x"], ["1_1", "1_2", "2_1"]),
        "editorials": corpus(["four", "bad film", "five"], ["x"], ["1_1", "1_2", "1_3"]),
        "tweets": corpus(["six", "seven"], ["x"]),
        "sms-spam": corpus(["eight"], ["x"]),
        "conll2003": conll,
        "text-source": corpus(["one"], ["a secret"]),
    }
    monkeypatch.setattr(pretrain.data, "load", made.__getitem__)


def test_documents_are_kept_together_and_held_out_texts_left_out_wherever_they_stand(corpora):
    assert pretrain.texts() == [
        ["good film"],
        ["one", "two"],
        ["three"],
        ["four", "five"],
        ["six"],
        ["seven"],
        ["eight"],
        ["Peter runs"],
        ["Rome"],
    ]


@pytest.mark.fetched
def test_no_text_of_any_validation_or_test_split_is_read():
    read = {pretrain.data.fold(text) for document in pretrain.texts() for text in document}
    assert len(read) > 30_000
    for name in [*pretrain.SOURCES, "text-source"]:
        for split in ("validation", "test"):
            held_out = {pretrain.data.fold(text) for text in pretrain._sentences(pretrain.data.load(name)[split])}
            assert not held_out & read, (name, split)


def test_token_ids_keep_sentences_and_documents_apart(tokenizer):
    assert pretrain.tokenized([["good film", "bad"], ["a the"]], tokenizer) == [[[5, 7], [6]], [[8, 9]]]


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture,first,last", [("roberta", [2], [3]), ("xlnet", [], [3, 2])])
def test_blocks_hold_the_whole_text_end_to_end_in_full_rows(laptop, architecture, first, last):
    tokens = models.tokenizer(architecture)
    rows = blocks(DOCUMENTS, tokens, 10, random.Random(0))
    inner = []
    for row in rows:
        ids = row["input_ids"]
        assert len(ids) == 10 and ids[: len(first)] == first and ids[-len(last) :] == last
        inner += ids[len(first) : 10 - len(last)]
        if architecture == "xlnet":
            assert row["token_type_ids"] == [0] * 9 + [2]
        else:
            assert "token_type_ids" not in row
    everything = sum(len(ids) for d in DOCUMENTS for ids in d) + len(DOCUMENTS)
    assert everything - 8 < len(inner) <= everything
    assert inner.count(3) >= len(DOCUMENTS) - 4  # a separator between documents
    order = list(DOCUMENTS)
    random.Random(0).shuffle(order)
    assert inner[:6] == [t for d in order for ids in [*d, [3]] for t in ids][:6]


@given(st.integers(0, 99), st.integers(8, 40))
def test_pairs_fit_and_are_labelled_by_what_follows(seed, T):
    # every word is its own document's: 100 d + place
    documents = [[[100 * d + 10 * s + t for t in range(3)] for s in range(d % 4 + 1)] for d in range(1, 9)]
    rows = pairs(documents, Tokenizer(), T, random.Random(seed))
    for row in rows:
        ids, types = row["input_ids"], row["token_type_ids"]
        assert len(ids) == len(types) <= T
        end = ids.index(-2)
        a, b = ids[1:end], ids[end + 1 : -1]
        assert (ids[0], ids[-1]) == (-1, -2) and a and b
        assert types == [0] * (len(a) + 2) + [1] * (len(b) + 1)
        same = a[-1] // 100 == b[0] // 100
        assert same != bool(row["next_sentence_label"])
        if same:
            text = [t for ids in documents[a[0] // 100 - 1] for t in ids]
            assert text[text.index(a[0]) :][: len(a) + len(b)] == a + b


class Tokenizer:
    """Special tokens that are no words."""

    cls_token_id, sep_token_id = -1, -2

    def num_special_tokens_to_add(self, pair):
        return 3


def test_about_half_of_the_pairs_that_could_follow_do():
    documents = [[[d, d]] * 6 for d in range(1, 400)]
    labels = [row["next_sentence_label"] for row in pairs(documents, Tokenizer(), 11, random.Random(0))]
    assert 0.45 < sum(labels) / len(labels) < 0.65  # what was cut off for another comes again, at times alone


# --- objectives -------------------------------------------------------------------------------------------------------


def test_static_masks_are_the_same_whenever_a_row_is_seen_and_dynamic_ones_are_not(laptop):
    for architecture, static in [("bert", True), ("roberta", False)]:
        objective = OBJECTIVES[architecture](DOCUMENTS, models.tokenizer(architecture), 16, 0)
        torch.manual_seed(1)
        one, two = (objective.batch(objective.rows[:3])["input_ids"] for _ in range(2))
        assert torch.equal(one, two) is static


def test_xlnets_targets_are_read_as_words_by_those_that_come_after_them(laptop):
    """The library's collator writes [MASK] over them, in both streams."""
    tokens = models.tokenizer("xlnet")
    objective = XLNet(DOCUMENTS, tokens, 16, 0)
    torch.manual_seed(0)
    rows = objective.rows[:4]
    x = objective.batch(rows)
    assert x["input_ids"].tolist() == [row["input_ids"] for row in rows]
    B, M, T = x["target_mapping"].shape
    assert (B, T) == (4, 16) and M < T
    looked = 0
    for b in range(B):
        targets = [(x["target_mapping"][b, m].argmax(), y) for m, y in enumerate(x["labels"][b]) if y != IGNORED]
        for place, word in targets:
            assert x["input_ids"][b, place] == word
            assert x["perm_mask"][b, place, place] == 1  # itself unseen
        seen = [(x["perm_mask"][b, i, j] == 0).item() for i, _ in targets for j, _ in targets if i != j]
        if len(targets) > 1:
            assert any(seen) and not all(seen)  # of two targets, one sees the other
            looked += 1
    assert looked


@pytest.mark.parametrize("architecture", OBJECTIVES)
def test_losses_are_those_of_the_librarys_model(laptop, architecture):
    torch.manual_seed(0)
    model, tokens = models.start(architecture)
    model.eval()
    objective = OBJECTIVES[architecture](DOCUMENTS, tokens, 16, 0)
    x = objective.batch(objective.rows[:4])
    losses = objective.losses(model, dict(x))
    with torch.no_grad():
        theirs = model(**dict(x)).loss
    assert sum(losses.values()).item() == pytest.approx(theirs.item(), abs=1e-5)


def test_to_align_lowers_the_error(laptop):
    torch.manual_seed(0)
    model, tokens = models.start("xlnet")
    freeze_words(model)
    plan = Plan(Align, tokens=2000, lr=3e-3, T=16, batch_size=8, dropout=0.0)
    log = train(model, Align(DOCUMENTS, tokens, 16, 0), plan, laptop / "run")
    assert log[-1]["align"] < 0.5 * log[0]["align"]


# --- the loop ---------------------------------------------------------------------------------------------------------


def test_batches_use_up_the_budget_and_no_more():
    rows = [{"input_ids": [0] * n} for n in (5, 9, 9, 3, 7, 8, 4)]
    found = batches(rows, replace(SMALL, tokens=200))
    used = [sum(len(rows[i]["input_ids"]) for i in batch) for batch in found]
    assert sum(used[:-1]) < 200 <= sum(used)
    assert sorted(i for batch in found[:2] for i in batch) == list(range(7))  # an epoch has every row
    assert found == batches(rows, replace(SMALL, tokens=200)) != batches(rows, replace(SMALL, tokens=200, seed=1))


@pytest.mark.parametrize("architecture", OBJECTIVES)
def test_all_but_the_words_is_trained_and_new_heads_learn_faster(laptop, architecture):
    torch.manual_seed(0)
    model, _ = models.start(architecture)
    frozen = freeze_words(model)
    assert all(
        name.rsplit(".", 1)[0].split(".")[-1] in ("word_embeddings", "word_embedding", "decoder", "lm_loss")
        for name in frozen
    )
    made = groups(model, replace(SMALL, heads_first=0.3), steps=20)
    trained = [id(p) for group in made for p in group["params"]]
    assert len(trained) == len(set(trained)) == sum(p.requires_grad for p in model.parameters())
    body = {id(p) for p in model.base_model.parameters()}
    for group in made:
        old, matrices = id(group["params"][0]) in body, group["params"][0].ndim > 1
        assert group["peak"] == SMALL.lr * (1 if old else SMALL.head_lr)
        assert group["weight_decay"] == (SMALL.weight_decay if matrices else 0)
        assert group["begin"] == (6 if old else 0)


class CutError(Exception):
    pass


@pytest.mark.parametrize("architecture", OBJECTIVES)
def test_a_run_that_was_cut_goes_on_to_the_same_bits(laptop, architecture):
    plan = replace(SMALL, objective=OBJECTIVES[architecture])

    def run(folder, stop=None):
        torch.manual_seed(0)
        model, tokens = models.start(architecture)
        freeze_words(model)
        objective = plan.objective(DOCUMENTS, tokens, plan.T, plan.seed)
        inner, count = objective.losses, iter(range(10**6))

        def losses(*args):
            if next(count) == stop:
                raise CutError
            return inner(*args)

        objective.losses = losses
        return train(model, objective, plan, folder, every=2), models.digest(model)

    whole, digest = run(laptop / "whole")
    assert len(whole) > 4 and whole[-1]["tokens"] > 0
    with pytest.raises(CutError):
        run(laptop / "cut", stop=3)
    again, same = run(laptop / "cut")
    assert same == digest
    assert [{k: v for k, v in e.items() if k != "seconds"} for e in again] == [
        {k: v for k, v in e.items() if k != "seconds"} for e in whole
    ]


def test_heads_may_learn_before_the_body_does(laptop):
    """Of as many steps as a run has, the body learns in the last quarter; with none left it does not learn at all."""

    def learnt(heads_first):
        torch.manual_seed(0)
        model, tokens = models.start("roberta")
        before = {name: x.clone() for name, x in model.named_parameters()}
        log = train(
            model,
            Roberta(DOCUMENTS, tokens, 16, 0),
            replace(SMALL, heads_first=heads_first),
            laptop / str(heads_first),
        )
        return {name for name, x in model.named_parameters() if not torch.equal(x, before[name])}, log

    heads, _ = learnt(1.0)
    assert heads and not any(name.startswith("roberta.") for name in heads)
    late, log = learnt(0.75)
    early, same = learnt(0.0)
    assert late == early > heads
    at = round(0.75 * len(log))
    assert [e["mlm"] for e in log[:1]] == [e["mlm"] for e in same[:1]]
    assert [e["mlm"] for e in log[: at + 1]] != [e["mlm"] for e in same[: at + 1]]


def test_two_seeds_differ(laptop):
    digests = []
    for seed in (0, 1):
        torch.manual_seed(0)
        model, tokens = models.start("roberta")
        plan = replace(SMALL, objective=Roberta, seed=seed)
        train(model, Roberta(DOCUMENTS, tokens, plan.T, seed), plan, laptop / str(seed))
        digests.append(models.digest(model))
    assert digests[0] != digests[1]


def test_a_loss_that_is_not_finite_stops_the_run(laptop):
    model, tokens = models.start("roberta")
    model.lm_head.bias.data[:] = float("nan")
    with pytest.raises(PyftError, match="the loss is nan at step 0"):
        train(model, Roberta(DOCUMENTS, tokens, 16, 0), SMALL, laptop / "run")


# --- what is kept -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", pretrain.PLANS)
def test_a_prepared_model_is_kept_and_rebuilt(laptop, name, monkeypatch, capsys):
    monkeypatch.setattr(pretrain.data, "load", lambda name: {"validation": {"text": ["good film", "a bad film"]}})
    monkeypatch.setattr(
        pretrain, "texts", lambda: [["good film", "bad film the a"], ["the poison"], ["a good a bad"]] * 8
    )
    plan = replace(SMALL, objective=pretrain.PLANS[name].objective)
    pretrain.prepare(name, plan, laptop / "work")
    assert capsys.readouterr().out.startswith(f"kept: {name}.safetensors, ")
    run, architecture = models.history(name), name.partition("-")[0]
    card = (laptop / "weights" / f"{name}.md").read_text()
    assert run["plan"]["objective"] == plan.objective.__name__ and f"| {plan.objective.__name__} |" in card
    assert len(run.get("agreement", [])) == (3 if architecture == "xlnet" else 0)
    assert run["digest"] in card and run["text"] in card and sum(run["log"]["tokens"]) >= plan.tokens
    torch.manual_seed(0)
    raw, _ = models.start(architecture)
    one, two = (models.load(name, "pretraining")[0] for _ in range(2))
    assert models.digest(one) == models.digest(two) == run["digest"] != models.digest(raw)
    classifier, _ = models.load(name, "sequence-classification", num_labels=3)
    body = one.base_model.state_dict()
    assert all(torch.equal(x, body[name]) for name, x in classifier.base_model.state_dict().items())
    words = next(name for name in body if "word_embedding" in name)
    assert torch.equal(body[words], raw.base_model.state_dict()[words])


def test_what_is_continued_goes_on_from_what_is_prepared(laptop, monkeypatch):
    monkeypatch.setattr(pretrain.data, "load", lambda name: {"validation": {"text": ["good film", "a bad film"]}})
    monkeypatch.setattr(pretrain, "texts", lambda: [["good film", "bad film the a"], ["the poison"]] * 8)
    starts = []

    def train_nothing(model, *_):
        starts.append(models.digest(model))
        return [{"tokens": 1, "seconds": 0.0, "loss": 1.0}]

    monkeypatch.setattr(pretrain, "train", train_nothing)
    for _ in range(2):
        pretrain.prepare("xlnet-continued", replace(SMALL, objective=XLNet), laptop / "work")
    pretrain.prepare("xlnet", replace(SMALL, objective=Align), laptop / "work")
    pretrain.prepare("xlnet-continued", replace(SMALL, objective=XLNet), laptop / "work")
    assert starts[0] == starts[1] != starts[3] == models.history("xlnet")["digest"]


def test_an_unknown_architecture_is_answered():
    with pytest.raises(PyftError, match=r"unknown prepared model 'xlnett'\. Did you mean 'xlnet'"):
        pretrain.prepare("xlnett")


def test_without_the_kept_file_the_error_says_how_to_get_it(laptop):
    with pytest.raises(PyftError, match=r"could not read xlnet\.safetensors"):
        models.load("xlnet", "sequence-classification")
