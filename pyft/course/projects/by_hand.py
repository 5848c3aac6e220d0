"""The project of part 4: the reader's own fine-tuned BERT, computed again by a function of the reader's own.

from pyft.course.projects.by_hand import check, weights
check("my-model", texts, logits)
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from pyft import models
from pyft.course.projects import bert_by_hand
from pyft.errors import PyftError
from pyft.finetune.saved import read_card
from pyft.mutation import broken_copy

TOL = 1e-3  # of a logit, in float32 over all layers
MISTAKES = (  # what stands once in the solution, what it becomes, and the hint
    (" / Q.shape[-1] ** 0.5", "", "The scores are not divided by the root of d_k: section 4.1.1."),
    ("~mask[:, None, None, :]", "mask[:, None, None, :] & False", "Padding is not hidden: section 4.1.1, masks."),
    ("~mask[:, None, None, :]", "mask[:, None, None, :]", "The mask is the wrong way round: section 4.1.2."),
    (".softmax(-1) @ V", ".softmax(-2) @ V", "Softmax runs over the queries; it runs over the keys: section 4.1.1."),
    (
        "part.unflatten(-1, (h, -1)).transpose(1, 2)",
        "part.reshape(len(part), h, part.shape[1], -1)",
        "Cut the width into heads first, then move the heads in front of the tokens: section 4.1.2.",
    ),
    ("gelu(linear(", "torch.relu(linear(", "BERT has the GELU, not the ReLU: section 4.1.3."),
    ("square().mean(-1, keepdim=True)", "var(-1, keepdim=True)", "LayerNorm divides by d, not d - 1: section 4.1.3."),
    ("[:T] + w", "[:T] * 0 + w", "No places are added: section 4.1.4."),
    ("x + joined)", "joined)", "What came in is not added to what attention made: section 4.1.3, residuals."),
    ("x[:, 0]", "x.mean(1)", "The pooler reads the first token, [CLS], not the mean: section 3.2.3."),
    ("torch.tanh(linear(", "(linear(", "The pooler ends in a tanh: section 6.1."),
    ('"classifier", pooled)', '"classifier", pooled).softmax(-1)', "These are probabilities; logits are asked for."),
)


def weights(folder: str | Path) -> dict[str, Tensor]:
    """The saved weights of a model, by name.

    Raises:
        PyftError: the folder holds no model of `pyft finetune`, or one that is no BERT for whole texts.
    """
    card = read_card(Path(folder))
    found = load_file(Path(folder) / "model.safetensors")
    if card["task"] == "token-classification" or "bert.pooler.dense.weight" not in found:
        raise PyftError(f"{folder} is no BERT for classes or ratings of texts: train one with --model bert.")
    return found


def check(
    folder: str | Path, texts: Sequence[str], logits: Callable[[dict[str, Tensor], Tensor, Tensor, int], Tensor]
) -> None:
    """Hold `logits(weights, ids, mask, h)` against the model itself, on texts alone and in a batch; print one line.

    Raises:
        PyftError: see `weights`; or texts that are all of one length, so that no batch of them is padded.
    """
    w, card = weights(folder), read_card(Path(folder))
    model, tokenizer = models.load(str(Path(folder).absolute()), card["task"], num_labels=len(card["labels"]))
    batch = tokenizer(list(texts), padding=True, truncation=True, max_length=card["max_length"], return_tensors="pt")
    ids, mask, h = batch["input_ids"], batch["attention_mask"].bool(), model.config.num_attention_heads
    if bool(mask.all()):
        raise PyftError("all texts have as many tokens: give some of other lengths, so that a batch of them is padded.")
    with torch.no_grad():
        wanted = model.eval()(input_ids=ids, attention_mask=mask).logits  # (B, K)
        try:
            found = logits(dict(w), ids.clone(), mask.clone(), h)
        except NotImplementedError:
            print("project of part 4: not begun")
            return
        print(f"project of part 4: {_said(found, wanted, w, ids, mask, h)}")


def _said(found: Tensor, wanted: Tensor, w: dict[str, Tensor], ids: Tensor, mask: Tensor, h: int) -> str:
    if not isinstance(found, Tensor) or found.shape != wanted.shape:
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        return f"not yet. Expected logits of shape {tuple(wanted.shape)}, found {shape}."
    if _equal(found, wanted):
        off = float((found - wanted).abs().max())
        return f"done; {len(wanted)} texts in a padded batch, no logit off by more than {off:.1g}"
    for old, new, hint in MISTAKES:
        if _equal(found, broken_copy(bert_by_hand, old, new).logits(w, ids, mask, h)):
            return f"not yet. {hint}"
    unpadded = mask.all(-1)
    if _equal(found[unpadded], wanted[unpadded]):
        return "not yet. The longest text is right, and the padded ones are not: padding reaches them somewhere."
    off = float((found - wanted).abs().max())
    return f"not yet. A logit is off by {off:.3g}: compare the hidden states layer by layer."


def _equal(a: Tensor, b: Tensor) -> bool:
    return torch.allclose(a, b, rtol=0, atol=TOL, equal_nan=True)  # a mask the wrong way round divides zero by zero
