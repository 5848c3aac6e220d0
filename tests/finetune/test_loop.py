"""The training loop, on models of a few thousand weights."""

import random
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from datasets import Dataset
from torch.nn import functional as F
from training import RECIPE, SHORT, STILL, close, film, rated, run, tagged, tagger
from transformers import BertForTokenClassification

from pyft import finetune
from pyft.errors import PyftError
from pyft.finetune import loop
from pyft.finetune.batches import collate, encode, labelled, tokenize
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.models.loading import digest
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


def test_fine_tune_learns_a_task_that_one_word_decides(tokenizer, tiny_bert):
    model = tiny_bert()
    history = fine_tune(model, tokenizer, film(40), film(10), RECIPE)
    assert history.steps == [10, 20, 30]
    assert history.validation_score[-1] == 1.0
    assert history.train_loss[-1] < 0.3 * history.train_loss[0]
    assert history.validation_loss[-1] < history.validation_loss[0]
    assert model.training


def test_fine_tune_learns_labels_of_words(tokenizer, tiny_bert):
    model = tagger(tiny_bert)
    history = fine_tune(model, tokenizer, tagged(40), tagged(9), RECIPE)
    assert history.validation_score[-1] == 1.0
    test = tagged(7)
    logits = predict(model, tokenizer, test["tokens"], 16)
    assert [z.argmax(-1).tolist() for z in logits] == test["ner_tags"]


def test_fine_tune_learns_ratings_and_scores_them_by_pearsons_r(tokenizer, tiny_bert):
    model = tiny_bert(num_labels=1, problem_type="regression")
    history = fine_tune(model, tokenizer, rated(40), rated(9), replace(RECIPE, epochs=10))
    z = predict(model, tokenizer, rated(9)["text"])
    assert z.shape == (9, 1)
    y = torch.tensor(rated(9)["label"])
    assert history.validation_loss[-1] == pytest.approx(F.mse_loss(z[:, 0], y).item(), abs=1e-5)
    assert history.validation_score[-1] == pytest.approx(np.corrcoef(z[:, 0], y)[0, 1], abs=1e-5)
    assert history.validation_score[-1] > 0.99
    assert history.losses[0] > 10 * history.losses[-1]


def trained(tiny_bert, tokenizer, seed, order=None):
    model = tiny_bert()
    set_seed(seed)
    fine_tune(model, tokenizer, film(20), film(4), SHORT, seed=seed if order is None else order)
    return digest(model)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(tokenizer, tiny_bert):
    first = trained(tiny_bert, tokenizer, seed=0)
    assert trained(tiny_bert, tokenizer, seed=0) == first
    assert trained(tiny_bert, tokenizer, seed=1) != first


def test_the_seed_of_fine_tune_decides_the_order_of_the_batches(tokenizer, tiny_bert):
    assert trained(tiny_bert, tokenizer, seed=0, order=1) != trained(tiny_bert, tokenizer, seed=0, order=0)


def test_set_seed_seeds_every_generator():
    def draw():
        set_seed(5)
        return random.random(), np.random.rand(), torch.rand(1).item()

    assert draw() == draw()
    assert torch.are_deterministic_algorithms_enabled()


def test_weights_that_need_no_gradient_stay_as_they_are(tokenizer, tiny_bert):
    model = tiny_bert()
    model.bert.requires_grad_(False)
    body, head = digest(model.bert), digest(model.classifier)
    fine_tune(model, tokenizer, film(8), film(4), SHORT)
    assert digest(model.bert) == body
    assert digest(model.classifier) != head


def test_gradients_are_clipped_to_the_recipes_norm(tokenizer, tiny_bert, monkeypatch):
    norms = []
    real = torch.optim.AdamW.step

    def step(self, *arguments, **options):
        grads = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        norms.append(torch.stack([g.norm() for g in grads]).norm().item())
        return real(self, *arguments, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    recipe = Recipe(epochs=1, batch_size=4, lr=1e-3, max_norm=0.01, evaluations=1)
    fine_tune(tiny_bert(), tokenizer, film(8), film(2), recipe)
    assert norms == pytest.approx([0.01, 0.01], rel=1e-3)


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_rows(tokenizer, tiny_bert):
    model = tiny_bert()
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight[tokenizer.convert_tokens_to_ids("poison")] = float("nan")
    rows = film(12).to_dict()
    rows["text"][7] = "poison"
    with pytest.raises(PyftError, match=r"the loss is nan at step \d+ \(epoch 0\).* lower learning rate") as caught:
        fine_tune(model, tokenizer, Dataset.from_dict(rows), film(2), SHORT)
    named = str(caught.value).split("train rows ")[1].split(", …")[0].split(", ")
    assert "7" in named
    assert len(named) == SHORT.batch_size


def test_the_epoch_that_is_named_is_that_of_the_step(tokenizer, tiny_bert):
    model = tiny_bert()

    def before(t, total):
        if t == 12:  # of five steps an epoch
            torch.nn.init.constant_(model.classifier.bias, float("nan"))

    with pytest.raises(PyftError, match=r"at step 12 \(epoch 2\)"):
        fine_tune(model, tokenizer, film(20), film(2), replace(SHORT, epochs=3), before=before)


def test_labels_are_smoothed_in_training_alone(tokenizer, tiny_bert):
    model = tiny_bert().eval()
    rows = labelled(tokenize(tokenizer, film(4)["text"], 16), film(4)["label"])
    x = collate(rows, tokenizer)
    z, y = model(**{k: v for k, v in x.items() if k != "labels"}).logits, x["labels"]
    smoothed = finetune.task_loss(model, dict(x), label_smoothing=0.2)
    assert smoothed.item() == pytest.approx(F.cross_entropy(z, y, label_smoothing=0.2).item())
    made = tiny_bert()
    history = fine_tune(made, tokenizer, film(8), film(4), replace(SHORT, label_smoothing=0.9))
    assert history.losses[0] != fine_tune(tiny_bert(), tokenizer, film(8), film(4), SHORT).losses[0]
    plain = F.cross_entropy(predict(made, tokenizer, film(4)["text"]), torch.tensor(film(4)["label"]))
    assert history.validation_loss[-1] == pytest.approx(plain.item(), abs=1e-6)


def test_the_loss_is_float32_whatever_the_logits_are():
    """Under autocast on a GPU they are bfloat16, and torch would round log-probabilities to it, two digits."""
    z = torch.tensor([[0.1, 0.3], [0.2, -0.4]])

    def model(**_):
        return SimpleNamespace(logits=z.bfloat16())

    model.config = SimpleNamespace(num_labels=2)
    loss = finetune.task_loss(model, {"labels": torch.tensor([1, 0])})
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, F.cross_entropy(z.bfloat16().float(), torch.tensor([1, 0])))


def test_an_objective_of_ones_own_is_what_is_trained(tokenizer, tiny_bert):
    def twice(model, x):
        return 2 * finetune.task_loss(model, x)

    plain = fine_tune(tiny_bert(), tokenizer, film(8), film(4), SHORT)
    own = fine_tune(tiny_bert(), tokenizer, film(8), film(4), SHORT, objective=twice)
    assert own.losses[0] == pytest.approx(2 * plain.losses[0])


def test_something_may_be_done_before_each_step(tokenizer, tiny_bert):
    seen, model = [], tiny_bert()
    fine_tune(model, tokenizer, film(20), film(4), SHORT, before=lambda t, total: seen.append((t, total)))
    assert seen == [(t, 5) for t in range(5)]


# --- a batch in parts -------------------------------------------------------------------------------------------------


def test_accumulation_takes_the_steps_of_the_whole_batch_in_parts(tokenizer, tiny_bert):
    sizes, made = [], []
    for accumulate in (1, 2):
        model = tiny_bert(**STILL)
        model.classifier.register_forward_pre_hook(
            lambda m, args, n=accumulate: sizes.append((n, len(args[0]), m.training)),
        )
        history = fine_tune(model, tokenizer, film(20), film(4), replace(SHORT, accumulate=accumulate))
        made.append((model, history.losses))
    assert [size for n, size, training in sizes if training and n == 1] == [4] * 5
    assert [size for n, size, training in sizes if training and n == 2] == [2] * 10
    assert made[0][1] == pytest.approx(made[1][1], abs=1e-6)
    assert close(made[0][0], made[1][0], 1e-4)


def test_a_batch_in_parts_takes_the_steps_of_the_whole_batch(tokenizer, tiny_bert, monkeypatch):
    whole, history = run(tiny_bert(**STILL), tokenizer)
    cut = []

    def uneven(batch, *_):
        cut.append(len(batch))
        return [batch[:1], batch[1:]]

    monkeypatch.setattr(loop, "parts", uneven)
    model, again = run(tiny_bert(**STILL), tokenizer)
    assert cut == [4] * 5
    assert again.steps == history.steps
    assert again.train_loss == pytest.approx(history.train_loss, abs=1e-6)
    assert close(model, whole, 1e-4)  # AdamW divides by the gradient's own size: rounding shows


def test_random_batches_go_through_in_parts_of_like_length_to_the_same_steps(tokenizer, tiny_bert, monkeypatch):
    """With `length_window=1`; however dear a part is, what is learnt is the same."""
    made, sizes = [], []
    for part_cost in (1e9, 0):
        monkeypatch.setattr(loop, "PART_COST", part_cost)
        model = tiny_bert(**STILL)
        model.classifier.register_forward_pre_hook(
            lambda m, args, c=part_cost: sizes.append((c, len(args[0]), m.training)),
        )
        set_seed(0)
        history = fine_tune(model, tokenizer, film(20), film(4), replace(SHORT, length_window=1))
        made.append((model, history.losses))
    whole, cut = ([n for c, n, training in sizes if training and c == cost] for cost in (1e9, 0))
    assert whole == [4] * 5
    assert sum(cut) == sum(whole) and len(cut) > len(whole)
    assert made[0][1] == pytest.approx(made[1][1], abs=1e-6)
    assert close(made[0][0], made[1][0], 1e-4)


def test_parts_of_words_weigh_what_they_hold(tokenizer, tiny_bert, monkeypatch):
    """A batch's loss is the mean over its words: a part of few words has a small share in it."""
    tokens = [["good"], ["bad", "film", "a", "the", "film"], ["a", "good", "film"], ["the", "bad"]]
    tags = [[word in ("good", "bad") for word in words] for words in tokens]
    rows = Dataset.from_dict({"tokens": tokens, "ner_tags": [[int(tag) for tag in row] for row in tags]})
    made = []
    for cut in (lambda batch, *_: [batch], lambda batch, *_: [[i] for i in batch]):
        torch.manual_seed(0)
        config = tiny_bert(**STILL).config
        made.append(BertForTokenClassification(config))
        monkeypatch.setattr(loop, "parts", cut)
        set_seed(0)
        history = fine_tune(made[-1], tokenizer, rows, rows, replace(SHORT, epochs=3))
        made[-1].loss = history.train_loss
    assert made[0].loss == pytest.approx(made[1].loss, abs=1e-6)
    assert close(*made, 1e-4)


def test_parts_are_cut_by_the_budget_and_by_the_longest_text_of_each_batch(tokenizer, tiny_bert, monkeypatch):
    asked = []
    monkeypatch.setattr(loop, "activation_budget", lambda model, where: 123.0)
    monkeypatch.setattr(loop, "parts", lambda batch, T, config, budget, least: asked.append((T, budget)) or [batch])
    run(tiny_bert(), tokenizer)
    assert {budget for _, budget in asked} == {123.0}
    longest = max(len(row) for row in encode(tokenizer, film(20)["text"], SHORT.max_length))
    assert max(T for T, _ in asked) == longest > min(T for T, _ in asked)
