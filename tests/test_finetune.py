"""The training loop and its parts, on models of a few thousand weights."""

import io
import json
import random
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F
from tqdm import tqdm
from transformers import BertForTokenClassification, BertTokenizerFast, XLNetConfig, XLNetForSequenceClassification

from pyft import finetune
from pyft.errors import PyftError
from pyft.finetune import (
    buckets,
    check,
    collate,
    decay_groups,
    encode,
    fine_tune,
    labelled,
    pad,
    predict,
    set_seed,
    tokenize,
)
from pyft.models import digest
from pyft.objectives import IGNORED
from pyft.profiles import Recipe
from pyft.speed import Words

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

RECIPE = Recipe(epochs=6, batch_size=8, lr=5e-3, evaluations=3, max_length=16)
SHORT = Recipe(epochs=1, batch_size=4, lr=1e-3, evaluations=1, max_length=16)


def film(n):
    """Texts of several lengths whose label is the word good or bad."""
    rows = [("the " * (i % 5) + ("good" if i % 2 else "bad") + " film", i % 2) for i in range(n)]
    return Dataset.from_dict({"text": [t for t, _ in rows], "label": [y for _, y in rows]})


# --- batches ----------------------------------------------------------------------------------------------------------


def test_pad_fills_up_to_the_longest_and_masks_the_filling():
    filled, mask = pad([[2, 5, 3], [2, 3], [7]], fill=9)
    assert filled.tolist() == [[2, 5, 3], [2, 3, 9], [7, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [1, 1, 0], [1, 0, 0]]


def test_pad_masks_by_length_and_not_by_id():
    _, mask = pad([[0, 0], [0]], fill=0)
    assert mask.tolist() == [[1, 1], [1, 0]]


def test_encode_cuts_at_the_end_and_keeps_the_separator(tokenizer):
    assert encode(tokenizer, ["good bad film a the", "good"], max_length=4) == [[2, 5, 6, 3], [2, 5, 3]]


@given(st.lists(st.integers(1, 60), max_size=80), st.integers(1, 9), st.integers(0, 99), st.integers(1, 4))
def test_buckets_hold_every_index_once_in_batches_no_longer_than_asked(lengths, batch_size, seed, window):
    batches = buckets(lengths, batch_size, random.Random(seed), window)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= batch_size for batch in batches)


@pytest.mark.parametrize("n,batch_size", [(40, 8), (41, 8), (1, 8), (1000, 8)])
def test_there_are_as_many_buckets_as_the_schedule_has_steps(n, batch_size):
    assert len(buckets([5] * n, batch_size, random.Random(0))) == -(-n // batch_size)


def test_buckets_follow_from_the_seed():
    lengths = [i % 17 for i in range(100)]
    one, same, other = (buckets(lengths, 8, random.Random(seed)) for seed in (0, 0, 1))
    assert one == same
    assert one != other


def test_two_epochs_of_one_generator_have_other_buckets():
    rng = random.Random(0)
    assert buckets(list(range(100)), 8, rng) != buckets(list(range(100)), 8, rng)


def test_texts_of_a_bucket_are_of_like_length_and_short_ones_do_not_come_first():
    lengths = [int(x) for x in np.random.default_rng(0).integers(5, 100, 800)]
    batches = buckets(lengths, 16, random.Random(0))
    padded = sum(len(b) * max(lengths[i] for i in b) for b in batches)
    assert padded < 1.05 * sum(lengths)
    longest = [max(lengths[i] for i in b) for b in batches]
    assert longest != sorted(longest)


def test_words_are_told_from_their_later_pieces(tokenizer):
    rows = tokenize(tokenizer, [["good", "film", "the"], ["bad"]], max_length=4)
    assert rows[0]["input_ids"] == [2, 5, 7, 3]  # the third word was cut off
    assert [row["words"] for row in rows] == [[-1, 0, 1, -1], [-1, 0, -1]]


def test_a_word_of_several_pieces_is_labelled_at_the_first(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "##s", "a"]))
    pieces = BertTokenizerFast(vocab=str(tmp_path / "vocab.txt"))
    rows = labelled(tokenize(pieces, [["films", "a"]], 16), [[4, 2]])
    assert rows[0]["input_ids"] == [2, 5, 6, 7, 3]
    assert rows[0]["labels"] == [IGNORED, 4, IGNORED, 2, IGNORED]


def test_collate_pads_labels_of_words_where_it_pads_words(tokenizer):
    rows = labelled(tokenize(tokenizer, [["good", "film"], ["bad"]], 16), [[1, 0], [2]])
    right = collate(rows, tokenizer)
    assert right["labels"].tolist() == [[IGNORED, 1, 0, IGNORED], [IGNORED, 2, IGNORED, IGNORED]]
    tokenizer.padding_side = "left"
    left = collate(rows, tokenizer)
    assert left["labels"][1].tolist() == [IGNORED, IGNORED, 2, IGNORED]
    assert left["attention_mask"][1].tolist() == [0, 1, 1, 1]
    assert left["input_ids"][1].tolist() == [0, 2, 6, 3]


# --- schedule and decay -----------------------------------------------------------------------------------------------


def test_the_rate_rises_to_the_recipes_and_no_step_is_wasted(tokenizer, tiny_bert, monkeypatch):
    rates = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda self: (rates.append(self.param_groups[0]["lr"]), step(self)))
    fine_tune(tiny_bert(), tokenizer, film(40), film(10), replace(RECIPE, epochs=4, warmup=0.2))
    assert len(rates) == 20
    assert min(rates) > 0
    assert rates.index(max(rates)) == 3
    assert max(rates) == pytest.approx(RECIPE.lr)
    assert rates[4:] == sorted(rates[4:], reverse=True)


def test_every_trainable_weight_is_in_one_group_and_biases_and_gains_do_not_decay(tiny_bert):
    model = tiny_bert()
    model.bert.pooler.requires_grad_(False)
    decaying, other = decay_groups(model, weight_decay=0.01)
    assert (decaying["weight_decay"], other["weight_decay"]) == (0.01, 0.0)
    grouped = [id(p) for p in decaying["params"] + other["params"]]
    assert len(grouped) == len(set(grouped))
    names = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
    assert set(grouped) == set(names)
    assert {names[id(p)] for p in other["params"]} == {
        name for name in names.values() if name.endswith("bias") or "LayerNorm" in name
    }


# --- the loop ---------------------------------------------------------------------------------------------------------


def test_fine_tune_learns_a_task_that_one_word_decides(tokenizer, tiny_bert):
    model = tiny_bert()
    history = fine_tune(model, tokenizer, film(40), film(10), RECIPE)
    assert history.steps == [10, 20, 30]
    assert history.validation_score[-1] == 1.0
    assert history.train_loss[-1] < 0.3 * history.train_loss[0]
    assert history.validation_loss[-1] < history.validation_loss[0]
    assert model.training


def test_the_history_is_kept_with_and_without_a_bar(tokenizer, tiny_bert, monkeypatch):
    histories = []
    for disabled in (False, True):
        shown = {"disable": disabled, "file": io.StringIO()}
        monkeypatch.setattr(finetune, "tqdm", lambda shown=shown, **options: tqdm(**options | shown))
        histories.append(fine_tune(tiny_bert(), tokenizer, film(24), film(4), SHORT))
    assert histories[0] == histories[1]
    assert histories[0].steps == [6]


@pytest.mark.parametrize("evaluations,steps", [(1, [5]), (2, [2, 5]), (5, [1, 2, 3, 4, 5]), (50, [1, 2, 3, 4, 5])])
def test_the_last_step_is_always_measured(tokenizer, tiny_bert, evaluations, steps):
    recipe = Recipe(epochs=1, batch_size=2, lr=1e-3, evaluations=evaluations)
    assert fine_tune(tiny_bert(), tokenizer, film(10), film(2), recipe).steps == steps


def test_each_point_of_the_training_loss_is_the_mean_since_the_last(tokenizer, tiny_bert):
    """Measured thrice or once, the losses are the same ones: their weighted mean must be, too."""
    often, once = (
        fine_tune(tiny_bert(), tokenizer, film(24), film(2), Recipe(epochs=1, batch_size=4, lr=1e-3, evaluations=n))
        for n in (3, 1)
    )
    assert often.steps == [2, 4, 6]
    assert np.mean(often.train_loss) == pytest.approx(once.train_loss[0], abs=1e-5)


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


def test_the_rate_starts_above_zero_so_one_step_moves_the_weights(tokenizer, tiny_bert):
    model = tiny_bert()
    before = digest(model)
    fine_tune(model, tokenizer, film(4), film(2), SHORT)
    assert digest(model) != before


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


# --- prediction -------------------------------------------------------------------------------------------------------


def test_predict_keeps_the_order_and_padding_changes_no_logit(tokenizer, tiny_bert):
    model = tiny_bert(num_labels=3, initializer_range=0.3)  # so that the logits of two texts differ
    texts = ["good " * n + "film" for n in (9, 1, 30, 4, 17, 1, 2)]
    alone = torch.cat([predict(model, tokenizer, [text]) for text in texts])
    assert alone.shape == (7, 3)
    for batch_size in (1, 3, 64):
        together = predict(model, tokenizer, texts, batch_size=batch_size)
        torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert len({tuple(row) for row in alone.round(decimals=4).tolist()}) == 6


def test_predict_has_no_dropout_and_no_gradients(tokenizer, tiny_bert):
    model = tiny_bert().train()
    one, two = (predict(model, tokenizer, ["good film", "bad film"]) for _ in range(2))
    assert torch.equal(one, two)
    assert not one.requires_grad


@pytest.mark.parametrize("training", [True, False])
def test_predict_leaves_the_mode_as_it_was(tokenizer, tiny_bert, training):
    model = tiny_bert().train(training)
    predict(model, tokenizer, ["good"])
    assert model.training is training


def test_predict_cuts_long_texts(tokenizer, tiny_bert):
    long, cut = (predict(tiny_bert(), tokenizer, ["good " * n], max_length=8) for n in (40, 6))
    assert torch.equal(long, cut)


# --- data that cannot be trained on -----------------------------------------------------------------------------------


def rows(texts, labels):
    return Dataset.from_dict({"text": texts, "label": labels})


@pytest.mark.parametrize(
    "data,said",
    [
        (None, "split 'train' is empty: expected at least one row"),
        (rows([], []), "split 'train' is empty"),
        (Dataset.from_dict({"text": ["a"]}), r"expected columns `text` and `label`, found \['text'\]"),
        (Dataset.from_dict({"sentence": ["a"], "label": [0]}), r"found \['sentence', 'label'\]"),
        (rows(["a", ""], [0, 1]), "row 1: the text is empty"),
        (rows(["a", " \n\t"], [0, 1]), "row 1: the text is empty"),
        (rows(["a", "b", None], [0, 1, 1]), "row 2: the text is empty"),
        (rows(["a", "b"], [0, 2]), "row 1: label 2, expected a whole number from 0 to 1"),
        (rows(["a", "b"], [-1, 1]), "row 0: label -1, expected"),
        (rows(["a", "b"], [0, None]), "row 1: label None, expected"),
        (rows(["a", "b"], [0.0, 1.0]), "row 0: label 0.0, expected"),
        (rows(["a", "b"], ["0", "1"]), "row 0: label '0', expected"),
        (rows(["a", "b"], [1, 1]), "split 'train' has one label only"),
    ],
)
def test_what_cannot_be_trained_on_is_named_before_the_first_step(data, said, tokenizer, tiny_bert):
    model = tiny_bert()
    before = digest(model)
    with pytest.raises(PyftError, match=said):
        fine_tune(model, tokenizer, data, film(2), SHORT)
    assert digest(model) == before


def test_validation_is_checked_before_training_too(tokenizer, tiny_bert):
    with pytest.raises(PyftError, match="split 'validation', row 0: the text is empty"):
        fine_tune(tiny_bert(), tokenizer, film(4), rows([""], [0]), SHORT)


def test_validation_may_hold_one_label_only(tokenizer, tiny_bert):
    assert fine_tune(tiny_bert(), tokenizer, film(4), rows(["good"], [1]), SHORT).steps == [1]


def test_good_data_pass():
    check(film(2), num_labels=2, split="train")


# --- labels of words --------------------------------------------------------------------------------------------------


def tagged(n):
    """Sentences in which each word has its own tag: good 1, bad 2, all others 0."""
    words = [["the"] * (i % 4) + (["good"] if i % 2 else ["bad"]) + ["film"] for i in range(n)]
    tags = [[{"good": 1, "bad": 2}.get(word, 0) for word in sentence] for sentence in words]
    return Dataset.from_dict({"tokens": words, "ner_tags": tags})


def tagger(tiny_bert, seed=0):
    torch.manual_seed(seed)
    return BertForTokenClassification(tiny_bert(num_labels=3).config)


def test_fine_tune_learns_labels_of_words(tokenizer, tiny_bert):
    model = tagger(tiny_bert)
    history = fine_tune(model, tokenizer, tagged(40), tagged(9), RECIPE)
    assert history.validation_score[-1] == 1.0
    test = tagged(7)
    logits = predict(model, tokenizer, test["tokens"], 16)
    assert [z.argmax(-1).tolist() for z in logits] == test["ner_tags"]


def test_words_beyond_the_length_have_no_prediction(tokenizer, tiny_bert):
    logits = predict(tagger(tiny_bert), tokenizer, [["good", "film", "the", "a"], ["bad"]], max_length=4)
    assert [z.shape for z in logits] == [(2, 3), (1, 3)]


@pytest.mark.parametrize(
    "tokens,tags,said",
    [
        ([["a", "b"]], [[0]], "row 0: 2 words, 1 tags"),
        ([["a"], []], [[0], []], "row 1: the text is empty"),
        ([["a", " "]], [[0, 1]], "row 0: the text is empty"),
        ([["a", "b"]], [[0, 3]], "row 0: label 3, expected a whole number from 0 to 2"),
        ([["a", "b"]], [[1, 1]], "has one label only"),
    ],
)
def test_unfit_tags_are_refused_with_their_row(tokens, tags, said):
    with pytest.raises(PyftError, match=said):
        check(Dataset.from_dict({"tokens": tokens, "ner_tags": tags}), 3, "train")


# --- precision and memory ---------------------------------------------------------------------------------------------


def run(model, tokenizer):
    set_seed(0)
    history = fine_tune(model, tokenizer, film(20), film(6), SHORT)
    return model, history


def test_on_the_cpu_no_bit_differs_from_the_plain_loop(tokenizer, tiny_bert, monkeypatch):
    """Written out without precision, scaler and parts: on the CPU they must do nothing at all, dropout included."""
    monkeypatch.setattr(finetune, "lean", lambda *_: nullcontext())  # it draws fewer random numbers
    model, history = run(tiny_bert(), tokenizer)
    plain, data = tiny_bert().train(), film(20)
    set_seed(0)
    optimizer = torch.optim.AdamW(decay_groups(plain, SHORT.weight_decay), lr=SHORT.lr, fused=True)
    total, losses = 5, []
    rates = [finetune.linear(t + 1, total + 1, round(SHORT.warmup * total)) for t in range(total + 1)]
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: rates[t])
    rows = tokenize(tokenizer, data["text"], SHORT.max_length)
    batches = buckets([len(row["input_ids"]) for row in rows], SHORT.batch_size, random.Random(0))
    for t, batch in enumerate(batches):
        torch.manual_seed(t)
        y = torch.tensor([data["label"][i] for i in batch])
        loss = F.cross_entropy(plain(**collate([rows[i] for i in batch], tokenizer)).logits, y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), SHORT.max_norm)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert digest(model) == digest(plain)
    assert history.losses == losses
    assert history.train_loss == [float(np.mean(losses))]


def test_what_is_left_out_of_a_step_changes_no_weight(tokenizer, tiny_bert, monkeypatch):
    """But for dropout's draws and the decay of absent words, which the recipe has none of here."""
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    recipe, made = replace(SHORT, epochs=2, weight_decay=0.0), []
    for whole in (False, True):
        with monkeypatch.context() as patched:
            if whole:
                patched.setattr(finetune, "lean", lambda *_: nullcontext())
            model = tiny_bert(**still)
            history = fine_tune(model, tokenizer, film(20), film(6), recipe)
            made.append((model, history.losses, history.validation_loss))
    assert made[0][1] == pytest.approx(made[1][1], abs=1e-5)
    assert made[0][2] == pytest.approx(made[1][2], abs=1e-5)
    assert close(made[0][0], made[1][0], 1e-4)


def test_training_and_prediction_leave_out_what_they_can(tokenizer, tiny_bert):
    model, seen = tiny_bert(), []
    layer = model.bert.encoder.layer[-1]
    layer.output.dense.register_forward_hook(
        lambda *args: seen.append((args[2].size(1), isinstance(model.get_input_embeddings(), Words)))
    )
    fine_tune(model, tokenizer, film(8), film(4), SHORT)
    assert set(seen) == {(1, True)}
    seen.clear()
    predict(model, tokenizer, ["good film"])
    assert seen == [(1, False)]


def close(model, other, tol):
    return all(torch.allclose(p, q, atol=tol) for p, q in zip(model.parameters(), other.parameters(), strict=True))


def test_a_batch_in_parts_takes_the_steps_of_the_whole_batch(tokenizer, tiny_bert, monkeypatch):
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    whole, history = run(tiny_bert(**still), tokenizer)
    cut = []

    def uneven(batch, *_):
        cut.append(len(batch))
        return [batch[:1], batch[1:]]

    monkeypatch.setattr(finetune, "parts", uneven)
    model, again = run(tiny_bert(**still), tokenizer)
    assert cut == [4] * 5
    assert again.steps == history.steps
    assert again.train_loss == pytest.approx(history.train_loss, abs=1e-6)
    assert close(model, whole, 1e-4)  # AdamW divides by the gradient's own size: rounding shows


def test_parts_of_words_weigh_what_they_hold(tokenizer, tiny_bert, monkeypatch):
    """A batch's loss is the mean over its words: a part of few words has a small share in it."""
    tokens = [["good"], ["bad", "film", "a", "the", "film"], ["a", "good", "film"], ["the", "bad"]]
    tags = [[word in ("good", "bad") for word in words] for words in tokens]
    rows = Dataset.from_dict({"tokens": tokens, "ner_tags": [[int(tag) for tag in row] for row in tags]})
    made = []
    for cut in (lambda batch, *_: [batch], lambda batch, *_: [[i] for i in batch]):
        torch.manual_seed(0)
        config = tiny_bert(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0).config
        made.append(BertForTokenClassification(config))
        monkeypatch.setattr(finetune, "parts", cut)
        set_seed(0)
        history = fine_tune(made[-1], tokenizer, rows, rows, replace(SHORT, epochs=3))
        made[-1].loss = history.train_loss
    assert made[0].loss == pytest.approx(made[1].loss, abs=1e-6)
    assert close(*made, 1e-4)


def test_parts_are_cut_by_the_room_and_by_the_longest_text_of_each_batch(tokenizer, tiny_bert, monkeypatch):
    asked = []
    monkeypatch.setattr(finetune, "room", lambda model, where: 123.0)
    monkeypatch.setattr(finetune, "parts", lambda batch, T, config, space, least: asked.append((T, space)) or [batch])
    run(tiny_bert(), tokenizer)
    assert {space for _, space in asked} == {123.0}
    longest = max(len(row) for row in encode(tokenizer, film(20)["text"], SHORT.max_length))
    assert max(T for T, _ in asked) == longest > min(T for T, _ in asked)


def test_training_and_prediction_run_under_the_precision_of_the_hardware(tokenizer, tiny_bert, monkeypatch):
    exact = run(tiny_bert(), tokenizer)[0]
    monkeypatch.setattr(finetune, "autocast", lambda where: torch.autocast(where.type, dtype=torch.bfloat16))
    seen = []
    model = tiny_bert()
    model.classifier.register_forward_hook(lambda *args: seen.append((model.training, args[2].dtype)))
    run(model, tokenizer)
    assert set(seen) == {(True, torch.bfloat16), (False, torch.bfloat16)}
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert not close(model, exact, 1e-6) and close(model, exact, 2e-2)
    assert predict(model, tokenizer, film(3)["text"]).dtype is torch.float32


def test_a_scaled_loss_takes_the_same_steps_and_one_that_overflows_takes_none(tokenizer, tiny_bert, monkeypatch):
    plain = run(tiny_bert(), tokenizer)[0]
    monkeypatch.setattr(finetune, "scaler", lambda where: torch.amp.GradScaler("cpu", init_scale=2.0**10))
    scaled = run(tiny_bert(), tokenizer)[0]
    assert close(scaled, plain, 1e-5)  # unscaled before it is clipped: else the steps would be others
    monkeypatch.setattr(finetune, "scaler", lambda where: torch.amp.GradScaler("cpu", init_scale=float("inf")))
    overflown = run(tiny_bert(), tokenizer)[0]
    assert digest(overflown) == digest(tiny_bert())


# --- ratings ----------------------------------------------------------------------------------------------------------


def rated(n):
    texts = film(n)["text"][:]
    return Dataset.from_dict({"text": texts, "label": [1.5 if "good" in text else -1.5 for text in texts]})


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


@pytest.mark.parametrize(
    "labels,said",
    [
        ([0.5, 1], "row 1: label 1, expected a finite number with a decimal point"),
        ([float("nan"), 0.5], "row 0: label nan, expected a finite"),
        ([0.5, None], "row 1: label None, expected a finite"),
        ([0.5, 0.5], "has one label only"),
    ],
)
def test_unfit_ratings_are_refused_with_their_row(labels, said):
    class Rows(dict):
        column_names = ("text", "label")

        def __len__(self):
            return len(labels)

    with pytest.raises(PyftError, match=said):
        check(Rows(text=["a", "b"], label=labels), 1, "train")


# --- what a recipe may ask for ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind,longest", [("bert", 128), ("roberta", 125)])
def test_a_length_that_the_model_has_no_positions_for_is_refused(kind, longest, tokenizer, tiny_bert):
    model = tiny_bert()
    if kind == "roberta":
        model.config.model_type, model.config.pad_token_id = "roberta", 2
    finetune.check_length(model, replace(SHORT, max_length=longest))
    for length in (2, longest + 1):
        with pytest.raises(PyftError, match=f"max_length is {length}, expected 3 to {longest}: "):
            fine_tune(model, tokenizer, film(8), film(4), replace(SHORT, max_length=length))


def test_a_model_of_relative_positions_takes_any_length():
    model = XLNetForSequenceClassification(XLNetConfig(vocab_size=11, d_model=32, n_layer=1, n_head=2, d_inner=64))
    finetune.check_length(model, replace(SHORT, max_length=5000))


def test_a_schedule_that_there_is_not_is_named(tokenizer, tiny_bert):
    with pytest.raises(PyftError, match="unknown schedule 'lineal'"):
        fine_tune(tiny_bert(), tokenizer, film(8), film(4), replace(SHORT, schedule="lineal"))


@pytest.mark.parametrize("schedule", finetune.SCHEDULES)
def test_rates_follow_the_schedule(schedule, tokenizer, tiny_bert, monkeypatch):
    rates = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda self: (rates.append(self.param_groups[0]["lr"]), step(self)))
    recipe = replace(SHORT, schedule=schedule, warmup=0.4)
    fine_tune(tiny_bert(), tokenizer, film(20), film(4), recipe)
    assert rates == [SHORT.lr * finetune.SCHEDULES[schedule](t + 1, 6, 2) for t in range(5)]


def test_accumulation_takes_the_steps_of_the_whole_batch_in_parts(tokenizer, tiny_bert):
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    sizes, made = [], []
    for accumulate in (1, 2):
        model = tiny_bert(**still)
        model.classifier.register_forward_pre_hook(
            lambda m, args, n=accumulate: sizes.append((n, len(args[0]), m.training)),
        )
        history = fine_tune(model, tokenizer, film(20), film(4), replace(SHORT, accumulate=accumulate))
        made.append((model, history.losses))
    assert [size for n, size, training in sizes if training and n == 1] == [4] * 5
    assert [size for n, size, training in sizes if training and n == 2] == [2] * 10
    assert made[0][1] == pytest.approx(made[1][1], abs=1e-6)
    assert close(made[0][0], made[1][0], 1e-4)


def test_rates_fall_from_layer_to_layer(tiny_bert):
    model = tiny_bert()
    rates = {}
    for group in finetune.groups(model, replace(SHORT, layer_decay=0.5)):
        rates |= {id(p): group["peak"] for p in group["params"]}
        assert group["weight_decay"] == (0.01 if group["params"][0].ndim > 1 else 0.0)
    named = {name: rates[id(p)] / SHORT.lr for name, p in model.named_parameters()}
    assert named["classifier.weight"] == named["bert.pooler.dense.bias"] == 1
    assert named["bert.encoder.layer.1.output.dense.weight"] == 0.5
    assert named["bert.encoder.layer.0.attention.self.query.bias"] == 0.25
    assert named["bert.embeddings.word_embeddings.weight"] == named["bert.embeddings.LayerNorm.bias"] == 0.125
    assert {group["peak"] for group in finetune.groups(model, SHORT)} == {SHORT.lr}


def test_depth_is_read_from_every_architecture(tiny_bert):
    model = XLNetForSequenceClassification(XLNetConfig(vocab_size=11, d_model=32, n_layer=3, n_head=2, d_inner=64))
    depth = finetune.depths(model)
    found = {name: depth[p] for name, p in model.named_parameters()}
    assert found["transformer.word_embedding.weight"] == 4
    assert found["transformer.layer.0.rel_attn.q"] == 3
    assert found["transformer.layer.2.ff.layer_1.weight"] == 1
    assert found["sequence_summary.summary.weight"] == found["logits_proj.bias"] == 0


def test_biases_decay_if_asked_to(tiny_bert):
    decays = {group["weight_decay"] for group in finetune.groups(tiny_bert(), replace(SHORT, decay_biases=True))}
    assert decays == {SHORT.weight_decay}


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


measured = finetune.measure

# --- early stopping ---------------------------------------------------------------------------------------------------


def scripted(monkeypatch, found):
    """Let the validation losses be these."""
    losses = iter(found)

    def measure(history, *arguments):
        measured(history, *arguments)
        history.validation_loss[-1] = next(losses)

    monkeypatch.setattr(finetune, "measure", measure)


def test_training_stops_when_patience_is_over_and_the_best_weights_come_back(tokenizer, tiny_bert, monkeypatch):
    recipe = replace(SHORT, epochs=2, evaluations=10, patience=2)
    scripted(monkeypatch, [0.9, 0.5, 0.7, 0.6, 0.1])
    model, after_two = tiny_bert(), tiny_bert()
    history = fine_tune(model, tokenizer, film(20), film(4), recipe)
    assert history.steps == [1, 2, 3, 4]
    assert history.best == 2
    scripted(monkeypatch, [0.9, 0.5])
    with pytest.raises(Killed):
        fine_tune(after_two, tokenizer, film(20), film(4), recipe, before=killed_at(2))
    assert digest(model) == digest(after_two)


def test_without_patience_training_goes_on_and_the_last_weights_stay(tokenizer, tiny_bert, monkeypatch):
    scripted(monkeypatch, [0.1, 0.5, 0.7, 0.6, 0.9])
    history = fine_tune(tiny_bert(), tokenizer, film(20), film(4), replace(SHORT, evaluations=5))
    assert history.steps == [1, 2, 3, 4, 5]
    assert history.best is None


# --- a run that is interrupted ----------------------------------------------------------------------------------------

LONG = Recipe(epochs=3, batch_size=4, lr=1e-2, evaluations=3, max_length=16, patience=3)  # 15 steps


class Killed(BaseException):
    pass


def killed_at(step):
    def before(t, total):
        if t == step:
            raise Killed

    return before


@pytest.mark.parametrize("step", [0, 3, 4, 7, 10, 14])
def test_killed_at_any_step_the_run_goes_on_to_the_same_bits(step, tokenizer, tiny_bert, tmp_path, monkeypatch):
    monkeypatch.setattr(finetune, "SAVE_EVERY", 4)
    whole = tiny_bert()
    history = fine_tune(whole, tokenizer, film(20), film(4), LONG, seed=1)
    with pytest.raises(Killed):
        fine_tune(tiny_bert(), tokenizer, film(20), film(4), LONG, 1, tmp_path, before=killed_at(step))
    torch.manual_seed(99)  # another process has other random numbers
    model, steps = tiny_bert(), []
    again = fine_tune(model, tokenizer, film(20), film(4), LONG, 1, tmp_path, before=lambda t, total: steps.append(t))
    assert digest(model) == digest(whole)
    assert again == history
    saved = [0, *(s for s in (4, 5, 8, 10, 12, 15) if s <= step)]
    assert steps == list(range(saved[-1], 15))


def test_the_scale_of_the_loss_goes_on_too(tokenizer, tiny_bert, tmp_path, monkeypatch):
    made = []

    def scaler(where):
        made.append(torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=3))
        return made[-1]

    monkeypatch.setattr(finetune, "scaler", scaler)
    with pytest.raises(Killed):
        fine_tune(tiny_bert(), tokenizer, film(20), film(4), LONG, 1, tmp_path, before=killed_at(11))
    fine_tune(tiny_bert(), tokenizer, film(20), film(4), LONG, 1, tmp_path)
    assert made[-1].get_scale() == 2.0**15  # doubled every third of fifteen steps


def test_a_run_that_is_over_is_not_run_again(tokenizer, tiny_bert, tmp_path):
    first, second = tiny_bert(), tiny_bert()
    history = fine_tune(first, tokenizer, film(20), film(4), LONG, 1, tmp_path)
    assert fine_tune(second, tokenizer, film(20), film(4), LONG, 1, tmp_path, before=killed_at(0)) == history
    assert digest(second) == digest(first)


def test_a_run_that_lost_patience_stays_stopped(tokenizer, tiny_bert, tmp_path, monkeypatch):
    scripted(monkeypatch, [0.5, 0.6])
    recipe = replace(LONG, patience=1)
    history = fine_tune(tiny_bert(), tokenizer, film(20), film(4), recipe, 1, tmp_path)
    assert len(history.losses) == 10
    assert fine_tune(tiny_bert(), tokenizer, film(20), film(4), recipe, 1, tmp_path, before=killed_at(10)) == history


@pytest.mark.parametrize("change", ["weights", "data", "validation", "recipe", "seed"])
def test_what_is_saved_of_another_run_is_refused(change, tokenizer, tiny_bert, tmp_path):
    fine_tune(tiny_bert(), tokenizer, film(8), film(4), SHORT, 1, tmp_path)
    options = {"weights": 0, "data": 8, "validation": 4, "recipe": SHORT, "seed": 1}
    options |= {"weights": 5} if change == "weights" else {}
    options |= {"data": 12} if change == "data" else {}
    options |= {"validation": 6} if change == "validation" else {}
    options |= {"recipe": replace(SHORT, lr=1e-2)} if change == "recipe" else {}
    options |= {"seed": 2} if change == "seed" else {}
    with pytest.raises(PyftError, match=r"state\.safetensors is of another run"):
        fine_tune(
            tiny_bert(options["weights"]), tokenizer, film(options["data"]), film(options["validation"]),
            options["recipe"], options["seed"], tmp_path,
        )  # fmt: skip


# --- several processes ------------------------------------------------------------------------------------------------

SHARED = """
import json, sys
import torch
from datasets import Dataset
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast
from pyft.finetune import fine_tune, task_loss
from pyft.hardware import processes
from pyft.models import digest
from pyft.profiles import Recipe

torch.manual_seed(0)
torch.set_num_threads(1)
still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
model = BertForSequenceClassification(BertConfig(
    hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, vocab_size=11, **still))
texts = ["the " * (i % 5) + ("good" if i % 2 else "bad") + " film" for i in range(21)]
data = Dataset.from_dict({"text": texts, "label": [i % 2 for i in range(21)]})
recipe = Recipe(epochs=2, batch_size=4, lr=1e-3, evaluations=2, max_length=16)
seeds = []
def watched(model, x):
    seeds.append(torch.initial_seed())
    return task_loss(model, x)
history = fine_tune(model, BertTokenizerFast(vocab=sys.argv[1]), data, data, recipe, objective=watched)
rank, world = processes()
with open(f"{sys.argv[2]}/{world}-{rank}.json", "w") as file:
    found = {"losses": history.losses, "validation": history.validation_loss, "digest": digest(model)}
    json.dump(found | {"seeds": seeds}, file)
"""


@pytest.mark.slow
def test_two_processes_learn_as_one_does(tmp_path, tokenizer):
    """The last batch of an epoch has one text, so one of the processes has none.

    With `--cpu` accelerate starts one process, whatever number it is given; with `--multi_gpu` it starts as many as it
    is told, and ours take the CPU where there is no GPU.
    """
    script = tmp_path / "shared.py"
    script.write_text(SHARED)
    found = {}
    for n in (1, 2):
        kind = [] if n == 1 else ["--multi_gpu"]
        launch = [*kind, "--num_machines=1", "--mixed_precision=no", "--dynamo_backend=no", f"--num_processes={n}"]
        command = [sys.executable, "-m", "accelerate.commands.launch", *launch, str(script)]
        done = subprocess.run(
            [*command, str(tmp_path / "vocab.txt"), str(tmp_path)], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        found |= {(n, rank): json.loads((tmp_path / f"{n}-{rank}.json").read_text()) for rank in range(n)}
    one, first, second = found[1, 0], found[2, 0], found[2, 1]
    assert not set(first.pop("seeds")) & set(second.pop("seeds"))  # dropout is drawn by each on its own
    assert first == second
    assert len(one["losses"]) == 12
    assert first["losses"] == pytest.approx(one["losses"], abs=1e-5)
    assert first["validation"] == pytest.approx(one["validation"], abs=1e-5)
