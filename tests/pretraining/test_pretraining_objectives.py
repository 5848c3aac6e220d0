"""What is asked of each batch, and its loss."""

import pytest
import torch
from small_documents import DOCUMENTS, OBJECTIVES

from pyft import models
from pyft.maths.objectives import IGNORED
from pyft.pretraining.continued import Plan, freeze_words, train
from pyft.pretraining.objectives import Align, XLNet


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


@pytest.mark.long
def test_to_align_lowers_the_error(laptop):
    torch.manual_seed(0)
    model, tokens = models.start("xlnet")
    freeze_words(model)
    plan = Plan(Align, tokens=2000, lr=3e-3, T=16, batch_size=8, dropout=0.0)
    log = train(model, Align(DOCUMENTS, tokens, 16, 0), plan, laptop / "run")
    assert log[-1]["align"] < 0.5 * log[0]["align"]
