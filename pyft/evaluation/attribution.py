"""Which words a decision depends on: integrated gradients, and for comparison the attention of the class token."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft.errors import PyftError
from pyft.models.inference import evaluation_mode


class Attribution(NamedTuple):
    """The words of a text, with a score each; scores of special tokens are left out."""

    words: list[str]
    scores: list[float]

    def top(self) -> int:
        """The word with the highest score."""
        return max(range(len(self.words)), key=lambda i: self.scores[i])


def path_gradients(f: Callable[[Tensor], Tensor], x: Tensor, baseline: Tensor, steps: int = 32) -> Tensor:
    """Integrated gradients of f at x, from a baseline, both (T, d): what each entry contributes to f(x) - f(baseline).

        (x - x') ⊙ ∫ ∇f(x' + α (x - x')) dα     by the midpoint rule; f maps (n, T, d) to (n)

    Sundararajan et al. 2017, equation 1. The entries add up to f(x) - f(x') but for the error of the rule.
    """
    alpha = (torch.arange(steps, device=x.device) + 0.5) / steps  # (n)
    path = (baseline + alpha[:, None, None] * (x - baseline)).detach().requires_grad_()  # (n, T, d)
    (g,) = torch.autograd.grad(f(path).sum(), path)  # (n, T, d)
    return (x - baseline) * g.mean(0)


def integrated_gradients(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, text: str, label: int, steps: int = 32
) -> Attribution:
    """How much each word raises the logit of `label` over that of the text with padding in place of all its words.

    `text` is one string; the path runs over word embeddings, and special tokens stay as they are.
    """
    x, ids, special = _read(model, tokenizer, text)
    table = model.get_input_embeddings().weight
    baseline = torch.where(special, ids, tokenizer.pad_token_id)  # (T)

    def f(embedded: Tensor) -> Tensor:  # (n, T, d) -> (n)
        rest = {name: v.expand(len(embedded), -1) for name, v in x.items() if name != "input_ids"}
        z: Tensor = model(inputs_embeds=embedded, **rest).logits[:, label]
        return z

    with evaluation_mode(model):
        scores = path_gradients(f, table[ids].detach(), table[baseline].detach(), steps).sum(-1)  # (T)
    return sum_over_pieces(tokenizer, text, scores.tolist())


def attention(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, text: str) -> Attribution:
    """How much the class token attends to each word in the last layer, the mean over heads."""
    x, _, _ = _read(model, tokenizer, text)
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")  # the fused kernel keeps no weights
    try:
        with evaluation_mode(model), torch.no_grad():
            A = model(**x, output_attentions=True).attentions[-1][0].mean(0)  # (T, T)
    finally:
        model.set_attn_implementation(before)
    row = A[-1] if tokenizer.padding_side == "left" else A[0]  # XLNet's class token stands last
    return sum_over_pieces(tokenizer, text, row.tolist())


def sum_over_pieces(tokenizer: PreTrainedTokenizerBase, text: str, scores: Sequence[float]) -> Attribution:
    """Scores of tokens, added up over the pieces of each word."""
    words = text.split()
    if not words:
        raise PyftError("the text is empty: there is no word to give a score.")
    total = [0.0] * len(words)
    for i, score in zip(tokenizer(words, is_split_into_words=True).word_ids(), scores, strict=True):
        if i is not None:
            total[i] += score
    return Attribution(words, total)


def remove_word(text: str, word: int) -> str:
    """The text without one of its words."""
    words = text.split()
    return " ".join(words[:word] + words[word + 1 :])


def _read(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, text: str
) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """What the model reads, on its device, the ids (T), and which of them are special (T)."""
    x = tokenizer(text.split(), is_split_into_words=True, return_tensors="pt").to(model.device)
    ids = x["input_ids"][0]
    return dict(x), ids, torch.isin(ids, torch.tensor(tokenizer.all_special_ids, device=ids.device))
