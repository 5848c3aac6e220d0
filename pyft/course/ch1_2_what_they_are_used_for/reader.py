"""A network that points at an answer: the encoder of any task, and two numbers for each token, begin and end."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pyft.course.ch1_2_what_they_are_used_for import spans
from pyft.finetune.parameter_groups import decay_groups
from pyft.maths.schedules import linear
from pyft.profiles import Recipe

Row = Mapping[str, Any]


class Reader(nn.Module):
    """Devlin et al. 2019, section 4.2: a start vector and an end vector, each multiplied with every token's state."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self.body, self.points = body, nn.Linear(body.config.hidden_size, 2)

    def forward(self, **inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Ids and masks (B, T) -> logits of where the answer begins and ends, each (B, T)."""
        start, end = self.points(self.body(**inputs).last_hidden_state).unbind(-1)
        return start, end


def encode(rows: Sequence[Row], tokenizer: Any, max_length: int) -> Any:
    """Question and passage of each row as one input (B, T), with the places of its tokens in the passage."""
    questions, passages = [row["question"] for row in rows], [row["passage"] for row in rows]
    options = {"truncation": "only_second", "max_length": max_length, "padding": True}
    return tokenizer(questions, passages, return_offsets_mapping=True, return_tensors="pt", **options)


def places(made: Any, rows: Sequence[Row]) -> Tensor:
    """The first and the last token of each row's first answer, (B, 2); zeros, the class token, if it was cut off."""
    found = torch.zeros(len(rows), 2, dtype=torch.long)
    for i, row in enumerate(rows):
        begin = row["answers"]["answer_start"][0]
        stop = begin + len(row["answers"]["text"][0])
        offsets = zip(made["offset_mapping"][i].tolist(), made.sequence_ids(i), strict=True)
        tokens = [t for t, ((a, b), side) in enumerate(offsets) if side == 1 and a < stop and b > begin]
        if tokens and made["offset_mapping"][i, tokens[-1], 1] >= stop:
            found[i] = torch.tensor([tokens[0], tokens[-1]])
    return found


def fit(reader: Reader, tokenizer: Any, rows: Sequence[Row], recipe: Recipe, seed: int) -> None:
    """Fine-tune on questions whose passage answers them, a cross-entropy for each end of the answer."""
    optimizer = torch.optim.AdamW(decay_groups(reader, recipe.weight_decay), lr=recipe.lr)
    shuffled = random.Random(seed)
    batches = [
        order[at : at + recipe.batch_size]
        for order in (shuffled.sample(range(len(rows)), len(rows)) for _ in range(recipe.epochs))
        for at in range(0, len(rows), recipe.batch_size)
    ]
    reader.train()
    for step, batch in enumerate(batches, start=1):
        for group in optimizer.param_groups:
            group["lr"] = recipe.lr * linear(step, len(batches) + 1, int(recipe.warmup * len(batches)))
        picked = [rows[i] for i in batch]
        made = encode(picked, tokenizer, recipe.max_length)
        first, last = places(made, picked).T  # (B)
        start, end = reader(**_inputs(made))  # (B, T)
        (F.cross_entropy(start, first) + F.cross_entropy(end, last)).backward()
        nn.utils.clip_grad_norm_(reader.parameters(), recipe.max_norm)
        optimizer.step()
        optimizer.zero_grad()
    reader.eval()


def answers(reader: Reader, tokenizer: Any, rows: Sequence[Row], recipe: Recipe, longest: int) -> list[str]:
    """The best stretch of each row's passage."""
    found = []
    for at in range(0, len(rows), 32):
        picked = rows[at : at + 32]
        made = encode(picked, tokenizer, recipe.max_length)
        with torch.inference_mode():
            start, end = reader(**_inputs(made))  # (B, T)
        for i, row in enumerate(picked):
            outside = torch.tensor([side != 1 for side in made.sequence_ids(i)])
            s, e = (x[i].masked_fill(outside, -torch.inf) for x in (start, end))
            first, last = spans.best_span(s, e, longest)
            found.append(row["passage"][made["offset_mapping"][i, first, 0] : made["offset_mapping"][i, last, 1]])
    return found


def _inputs(made: Any) -> dict[str, Tensor]:
    return {name: made[name] for name in ("input_ids", "token_type_ids", "attention_mask")}
