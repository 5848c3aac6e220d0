"""Hidden states of a model as features of whole texts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft.errors import unknown
from pyft.models.inference import in_batches


def features(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    pooling: str = "mean",
    max_length: int = 128,
    batch_size: int = 64,
) -> NDArray[np.float32]:
    """Hidden states of the last layer, a vector a text: the mean over real tokens, or the class token's ("cls"). (N, d)

    Without dropout and without gradients.
    """
    if pooling not in ("mean", "cls"):
        raise unknown("pooling", pooling, ["mean", "cls"])
    texts = list(texts)  # a column of a data set reads its file at every look

    def pooled(batch: list[int]) -> NDArray[np.float32]:  # (B, d)
        x = tokenizer(
            [texts[i] for i in batch], padding=True, truncation=True, max_length=max_length, return_tensors="pt"
        ).to(model.device)
        h = model.base_model(**x).last_hidden_state  # (B, T, d)
        mask = x["attention_mask"][..., None]  # (B, T, 1)
        c: Tensor = h[:, 0] if pooling == "cls" else (h * mask).sum(1) / mask.sum(1)
        return c.float().cpu().numpy()

    found = in_batches(model, pooled, [len(text) for text in texts], batch_size)
    return np.array(found, dtype=np.float32).reshape(len(texts), model.config.hidden_size)
