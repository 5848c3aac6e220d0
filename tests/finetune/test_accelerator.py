"""Precision, the scale of the loss and several processes, as accelerate's `Accelerator` has them."""

import json
import random
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
from torch.nn import functional as F
from training import SHORT, close, film, run, scaling

from pyft.finetune import hardware, loop
from pyft.finetune.batches import collate, length_grouped_batches, tokenize
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.parameter_groups import decay_groups
from pyft.finetune.prediction import predict
from pyft.maths import schedules
from pyft.models.loading import digest

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


def test_on_the_cpu_no_bit_differs_from_the_plain_loop(tokenizer, tiny_bert, monkeypatch):
    """Written out without accelerate, parts and fast path: on the CPU they must do nothing at all, dropout included."""
    recipe = replace(SHORT, fast_path=())
    model = tiny_bert()
    set_seed(0)
    history = fine_tune(model, tokenizer, film(20), film(6), recipe)
    plain, data = tiny_bert().train(), film(20)
    set_seed(0)
    optimizer = torch.optim.AdamW(decay_groups(plain, recipe.weight_decay), lr=recipe.lr, fused=True)
    total, losses = 5, []
    rates = [schedules.linear(t + 1, total + 1, round(recipe.warmup * total)) for t in range(total + 1)]
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: rates[t])
    rows = tokenize(tokenizer, data["text"], recipe.max_length)
    batches = length_grouped_batches([len(row["input_ids"]) for row in rows], recipe.batch_size, random.Random(0))
    for t, batch in enumerate(batches):
        torch.manual_seed(t)
        y = torch.tensor([data["label"][i] for i in batch])
        loss = F.cross_entropy(plain(**collate([rows[i] for i in batch], tokenizer)).logits, y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), recipe.max_norm)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert digest(model) == digest(plain)
    assert history.losses == losses
    assert history.train_loss == [float(np.mean(losses))]


def test_training_and_prediction_run_under_the_precision_of_the_hardware(tokenizer, tiny_bert, monkeypatch):
    exact = run(tiny_bert(), tokenizer)[0]
    monkeypatch.setattr(hardware, "precision", lambda where: torch.bfloat16)
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
    monkeypatch.setattr(loop, "make_accelerator", lambda: scaling(2.0**10))
    scaled = run(tiny_bert(), tokenizer)[0]
    assert close(scaled, plain, 1e-5)  # unscaled before it is clipped: else the steps would be others
    monkeypatch.setattr(loop, "make_accelerator", lambda: scaling(float("inf")))
    overflown = run(tiny_bert(), tokenizer)[0]
    assert digest(overflown) == digest(tiny_bert())


# --- the state that accelerate keeps for the whole process ------------------------------------------------------------


def test_what_another_training_left_in_the_process_changes_no_bit(tokenizer, tiny_bert):
    """Another precision, and gradients that were to be added up when it was cut off: then a step would do nothing."""
    alone = run(tiny_bert(), tokenizer)
    AcceleratorState._reset_state(reset_partial_state=True)
    Accelerator(mixed_precision="bf16", gradient_accumulation_steps=4)
    GradientState()._set_sync_gradients(False)
    after = run(tiny_bert(), tokenizer)
    assert (digest(after[0]), after[1]) == (digest(alone[0]), alone[1])


def test_what_accelerate_launch_was_told_of_precision_and_parts_changes_no_bit(tokenizer, tiny_bert, monkeypatch):
    alone = run(tiny_bert(), tokenizer)
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    monkeypatch.setenv("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "4")
    told = run(tiny_bert(), tokenizer)
    assert (digest(told[0]), told[1]) == (digest(alone[0]), alone[1])


def test_many_trainings_in_a_process_warn_of_nothing(tokenizer, tiny_bert):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            run(tiny_bert(), tokenizer)


# --- several processes ------------------------------------------------------------------------------------------------


SHARED = """
import json, sys
import torch
from datasets import Dataset
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast
from pyft.finetune import fine_tune, task_loss
from pyft.finetune.hardware import processes
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
