"""The runs of small models: what is planned, learnt, answered and kept, and what the page says of them."""

import json

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from pyft.course.ch7_2_pretrained_models import experiment, results
from pyft.course.ch7_2_pretrained_models.experiment import LINEAR, MODELS, OWN, RATES, SEEDS, SHARED, TRIAL_SEED, WRITES
from pyft.errors import PyftError
from pyft.evaluation.stats import pack_bits, unpack_bits
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


@pytest.fixture
def small(monkeypatch, tokenizer):
    """A small corpus whose label one word decides, and models that learn it in seconds."""
    features = Features({"text": Value("string"), "label": ClassLabel(names=["negative", "positive"])})
    texts = ["the film is " + ("good" if i % 2 else "bad") for i in range(24)]
    rows = Dataset.from_dict({"text": texts, "label": [i % 2 for i in range(24)]}, features=features)
    splits = DatasetDict(train=rows, validation=rows.select(range(6)), test=rows.select(range(6, 18)))
    monkeypatch.setattr(experiment.data, "load", lambda name: splits)
    monkeypatch.setattr(experiment.models, "tokenizer", lambda name: tokenizer)
    monkeypatch.setattr(experiment, "WORDS", ("bad", "good"))
    for name, size in {"D": 16, "D_FF": 32, "H": 2, "L": 2}.items():
        monkeypatch.setattr(experiment, name, size)
    how = {"epochs": 40, "batch_size": 4, "evaluations": 0, "max_length": 16, "fast_path": ()}
    monkeypatch.setattr(experiment, "recipe", lambda lr: Recipe(lr=lr, **how))
    return splits


@pytest.mark.long
@pytest.mark.parametrize("name", MODELS)
def test_a_run_learns_and_keeps_what_it_answered(name, small):
    found = experiment.run(name, 0, 5e-3)
    assert json.loads(json.dumps(found)) == found
    right = unpack_bits(found["right"], 12)
    assert found["accuracy"] == pytest.approx(right.mean(), abs=1e-6) and found["accuracy"] >= 0.9
    again = experiment.run(name, 0, 5e-3)
    assert {k: v for k, v in again.items() if k != "seconds"} == {k: v for k, v in found.items() if k != "seconds"}


def test_a_trial_is_judged_by_validation_texts_alone(small, monkeypatch):
    asked = []
    monkeypatch.setattr(experiment, "fine_tune", lambda *_, **__: None)
    monkeypatch.setattr(experiment, "answers", lambda m, t, texts: asked.append(len(texts)) or torch.zeros(len(texts)))
    assert experiment.run(OWN, TRIAL_SEED, 1e-3)["right"] == ""
    assert experiment.run(OWN, 0, 1e-3)["right"] != ""
    assert asked == [6, 12]


def test_shared_layers_are_one_and_both_begin_with_the_same_first_layer(tokenizer):
    torch.manual_seed(0)
    own = experiment.encoder(tokenizer)
    torch.manual_seed(0)
    shared = experiment.encoder(tokenizer, shared=True)
    layers = shared.bert.encoder.layer
    assert len(layers) == experiment.L and all(layer is layers[0] for layer in layers)
    assert torch.equal(layers[0].output.dense.weight, own.bert.encoder.layer[0].output.dense.weight)
    one = sum(p.numel() for p in layers[0].parameters())
    count = [sum(p.numel() for p in model.parameters()) for model in (own, shared)]
    assert count[0] - count[1] == (experiment.L - 1) * one


def test_an_answer_that_is_neither_word_is_wrong(small, tokenizer):
    torch.manual_seed(0)
    model = experiment.encoder_decoder(tokenizer)
    head = torch.nn.Linear(experiment.D, len(tokenizer))  # says the same word to every text
    with torch.no_grad():
        head.weight.zero_()
        for word, wanted in (("film", -1), ("bad", 0), ("good", 1)):
            head.bias.zero_()
            head.bias[tokenizer.convert_tokens_to_ids(word)] = 1.0
            model.lm_head = head
            assert experiment.answers(model, tokenizer, ["the film", "the"]).tolist() == [wanted, wanted]


def test_the_loss_of_a_written_answer_is_that_of_its_tokens(small, tokenizer):
    torch.manual_seed(0)
    model = experiment.encoder_decoder(tokenizer).eval()
    x = {"input_ids": torch.tensor([[5, 6]]), "attention_mask": torch.ones(1, 2, dtype=torch.long)}
    y = experiment.written(tokenizer)[[1]]
    begun = torch.cat([torch.full((1, 1), tokenizer.pad_token_id), y[:, :-1]], 1)
    with torch.no_grad():
        p = model(**x, decoder_input_ids=begun).logits.log_softmax(-1)
        wanted = -p.gather(-1, y[..., None]).mean()
        found = experiment.writing(tokenizer)(model, x | {"labels": torch.tensor([1])})
    torch.testing.assert_close(found, wanted)


def runs(right):
    """Trials of every rate, of which the second wins, and the seeds' runs with these answers."""
    trials = [
        {"model": m, "seed": TRIAL_SEED, "lr": lr, "trial": True, "accuracy": float(lr == RATES[1]), "right": ""}
        for m in MODELS
        for lr in RATES
    ]
    kept = [{"model": LINEAR, "seed": 0, "lr": 0.0, "trial": False, "right": pack_bits(right[LINEAR])}]
    for name in MODELS:
        for seed, hits in enumerate(right[name]):
            about = {"accuracy": float(np.mean(hits)), "neither": 2, "layers": 800_000, "seconds": 9.0}
            kept.append({"model": name, "seed": seed, "lr": RATES[1], "trial": False, "right": pack_bits(hits)} | about)
    return trials + kept


def test_validation_texts_choose_each_model_s_rate():
    done = runs({LINEAR: [1], **{name: [[1]] * SEEDS for name in MODELS}})
    assert experiment.chosen(done) == dict.fromkeys(MODELS, RATES[1])
    assert experiment.chosen(done[: len(RATES)]) == {MODELS[0]: RATES[1]}
    assert set(experiment.plan(done)) == {(r["model"], r["seed"], r["lr"]) for r in done}
    assert experiment.plan() == [(LINEAR, 0, 0.0), *((m, TRIAL_SEED, lr) for m in MODELS for lr in RATES)]


def test_the_page_says_what_the_runs_say(monkeypatch):
    rng, n = np.random.default_rng(0), 400
    monkeypatch.setattr(results.data, "load", lambda name: {"test": range(n)})
    seven_of_ten = np.arange(n) % 10 < 7
    right = {
        LINEAR: seven_of_ten,
        OWN: np.stack([np.roll(seven_of_ten, seed) for seed in range(SEEDS)]),
        SHARED: rng.random((SEEDS, n)) < 0.3,
        WRITES: rng.random((SEEDS, n)) < 0.95,
    }
    found = {"runs": runs(right)}
    said = results.told(found)
    assert "is worse (" in said["sharing"] and "is better (" in said["writing"]
    assert f"Of its {SEEDS * n:,} answers {2 * SEEDS} were neither" in said["writing"]
    assert "no better and no worse" in said["baseline"]
    assert said["rates"] == ""  # the second of three was best
    lowest = [
        r | {"accuracy": float(r["lr"] == RATES[0])} if r["model"] == OWN and r["trial"] else r for r in found["runs"]
    ]
    lowest = [r | {"lr": RATES[0]} if r["model"] == OWN and not r["trial"] else r for r in lowest]
    assert results.told({"runs": lowest})["rates"].startswith(
        "For 1 of 3 models that is the lowest or the highest of 3"
    )
    spotless = {"runs": [r | {"neither": 0} for r in found["runs"]]}
    assert f"All of its {SEEDS * n:,} answers were one of the two words." in results.told(spotless)["writing"]
    made = results.table(found).data
    assert made.index(WRITES) < made.index(SHARED) and "0.80" in made


def test_the_stored_runs_are_all_of_the_plan(monkeypatch):
    whole = runs({LINEAR: [1], **{name: [[1]] * SEEDS for name in MODELS}})
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: {"runs": whole})
    assert results.stored()["runs"] == whole
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: {"runs": whole[:-1]})
    with pytest.raises(PyftError, match="lacks 1 of"):
        results.stored()
