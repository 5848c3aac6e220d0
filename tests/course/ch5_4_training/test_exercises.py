"""The solutions of 5.4 are right by the library itself, not only by our own word."""

import pytest
import torch
from torch.nn import functional as F
from transformers import Trainer, TrainingArguments

from pyft.course.ch5_4_training.exercises import loss_in_parts, updates
from pyft.exercises import every

EXERCISES = every("5.4")


@pytest.mark.parametrize("case", EXERCISES["5.4-a"].cases, ids=range(len(EXERCISES["5.4-a"].cases)))
def test_updates_are_those_that_trainer_makes(case, tmp_path):
    n, B, k, epochs, warmup = case
    weight = torch.nn.Parameter(torch.zeros(1))
    model = torch.nn.Module()
    model.forward = lambda x: {"loss": (weight * x).sum()}
    model.weight = weight
    args = TrainingArguments(
        str(tmp_path),
        per_device_train_batch_size=B,
        gradient_accumulation_steps=k,
        num_train_epochs=epochs,
        warmup_steps=warmup,
        learning_rate=1.0,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = Trainer(model, args, train_dataset=[{"x": torch.ones(1)}] * n)
    trainer.train()
    rates = [log["learning_rate"] for log in trainer.state.log_history if "learning_rate" in log]
    assert updates(*case) == (len(rates), pytest.approx(max(rates), abs=1e-6))


def test_the_loss_of_a_batch_is_that_of_its_parts_weighed():
    z, y = torch.randn(11, 3, generator=torch.Generator().manual_seed(0)), torch.arange(11) % 3
    parts = [(z[a:b], y[a:b]) for a, b in [(0, 4), (4, 8), (8, 11)]]
    means = torch.stack([F.cross_entropy(*part) for part in parts])
    torch.testing.assert_close(loss_in_parts(means, torch.tensor([4, 4, 3])), F.cross_entropy(z, y))
