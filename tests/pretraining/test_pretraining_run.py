"""The run: what is trained and kept, and that it can be cut anywhere."""

from dataclasses import replace

import pytest
import torch
from small_documents import DOCUMENTS, OBJECTIVES, SMALL

from pyft import models, pretraining
from pyft.errors import PyftError
from pyft.pretraining import continued
from pyft.pretraining.continued import batches, freeze_words, groups, train
from pyft.pretraining.objectives import Align, Roberta, XLNet

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


@pytest.mark.parametrize("name", pretraining.PLANS)
def test_a_prepared_model_is_kept_and_rebuilt(laptop, name, monkeypatch, capsys):
    monkeypatch.setattr(continued.data, "load", lambda name: {"validation": {"text": ["good film", "a bad film"]}})
    monkeypatch.setattr(
        continued, "texts", lambda: [["good film", "bad film the a"], ["the poison"], ["a good a bad"]] * 8
    )
    plan = replace(SMALL, objective=pretraining.PLANS[name].objective)
    pretraining.prepare(name, plan, laptop / "work")
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
    monkeypatch.setattr(continued.data, "load", lambda name: {"validation": {"text": ["good film", "a bad film"]}})
    monkeypatch.setattr(continued, "texts", lambda: [["good film", "bad film the a"], ["the poison"]] * 8)
    starts = []

    def train_nothing(model, *_):
        starts.append(models.digest(model))
        return [{"tokens": 1, "seconds": 0.0, "loss": 1.0}]

    monkeypatch.setattr(continued, "train", train_nothing)
    for _ in range(2):
        pretraining.prepare("xlnet-continued", replace(SMALL, objective=XLNet), laptop / "work")
    pretraining.prepare("xlnet", replace(SMALL, objective=Align), laptop / "work")
    pretraining.prepare("xlnet-continued", replace(SMALL, objective=XLNet), laptop / "work")
    assert starts[0] == starts[1] != starts[3] == models.history("xlnet")["digest"]


def test_an_unknown_architecture_is_answered():
    with pytest.raises(PyftError, match=r"unknown prepared model 'xlnett'\. Did you mean 'xlnet'"):
        pretraining.prepare("xlnett")


def test_without_the_kept_file_the_error_says_how_to_get_it(laptop):
    with pytest.raises(PyftError, match=r"could not read xlnet\.safetensors"):
        models.load("xlnet", "sequence-classification")
