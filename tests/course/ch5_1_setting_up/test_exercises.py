"""The solutions of 5.1 to 5.3 are right by the library itself, not only by our own word."""

import pytest
import torch
from transformers import BertTokenizerFast, DataCollatorWithPadding

from pyft.course.ch5_1_setting_up.exercises import padded, padding
from pyft.exercises import every

EXERCISES = every("5.1")


@pytest.mark.parametrize("case", EXERCISES["5.1-a"].cases, ids=range(len(EXERCISES["5.1-a"].cases)))
def test_padding_is_what_the_collator_adds(case, tokenizer: BertTokenizerFast):
    lengths, B, M = case
    rows = [{"input_ids": [5] * int(n)} for n in lengths]
    batches = [rows[i : i + B] for i in range(0, len(rows), B)]

    def masks(**options):
        collate = DataCollatorWithPadding(tokenizer, **options)
        return torch.cat([collate(batch)["attention_mask"].flatten() for batch in batches]).float()

    expected = 1 - masks(padding="max_length", max_length=M).mean(), 1 - masks().mean()
    assert padding(*case) == pytest.approx([x.item() for x in expected], abs=1e-6)


def test_a_batch_is_what_the_collator_makes(tokenizer: BertTokenizerFast):
    rows = [[5, 6, 7], [8], [9, 4]]
    batch = DataCollatorWithPadding(tokenizer)([{"input_ids": row} for row in rows])
    tokens, lengths = torch.tensor([i for row in rows for i in row]), torch.tensor([len(row) for row in rows])
    ids, mask = padded(tokens, lengths, tokenizer.pad_token_id)
    assert torch.equal(ids, batch["input_ids"]) and torch.equal(mask, batch["attention_mask"])
