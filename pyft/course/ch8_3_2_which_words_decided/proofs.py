"""What section 8.3.2 proves: scores are those of the definitions, of captum and of scikit-learn; curves, by hand."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import torch
from captum.attr import FeatureAblation, InputXGradient, IntegratedGradients, ShapleyValues
from sklearn.linear_model import Ridge
from torch import Tensor
from transformers import BertConfig, BertForSequenceClassification

from pyft.evidence.proofs import Case

X = torch.tensor([[1.0, -2.0, 0.5, 3.0]], dtype=torch.float64)  # what the words of the game below are worth
MASK = 4  # the token's number


def game(x: Tensor) -> Tensor:
    """A value with pairs and a threesome in it: (n, 4) -> (n)."""
    return x[:, 0] * x[:, 1] + torch.tanh(x[:, 2]) * x[:, 3] + x[:, 0] * x[:, 2] * x[:, 3] + x[:, 1]


def v(keep: Tensor) -> Tensor:
    """The same of words that are there; one that is not is worth nothing."""
    return game(keep * X)


def additive(keep: Tensor) -> Tensor:
    """Every word adds what it is worth, whatever else is there."""
    return 2.0 + (keep * X).sum(1)


def seeded(seed: int = 0) -> torch.Generator:
    """A generator of its own."""
    return torch.Generator().manual_seed(seed)


# --- games ------------------------------------------------------------------------------------------------------------


def one_at_a_time(m: Any) -> Iterator[Case]:
    """Occlusion is captum's ablation of one feature; in an additive game it is what each word is worth."""
    yield "captum", m.games.occlusion(v, 4), FeatureAblation(game).attribute(X, baselines=0)[0], 1e-6
    yield "additive", m.games.occlusion(additive, 4), X[0], 1e-12
    yield "one word", m.games.occlusion(lambda keep: 3.0 * keep[:, 0], 1), torch.tensor([3.0]), 1e-6


def shapley_values(m: Any) -> Iterator[Case]:
    """Exact ones are captum's, and share out all there is; drawn ones share out all too, and come near."""
    exact = m.games.shapley(v, 4)
    whole = v(torch.ones(1, 4)) - v(torch.zeros(1, 4))
    yield "captum", exact, ShapleyValues(game).attribute(X, baselines=0)[0], 1e-5
    yield "they sum to the whole", exact.sum(), whole[0], 1e-12
    yield "additive", m.games.shapley(additive, 4), X[0], 1e-12
    few = m.games.sampled_shapley(v, 4, 3, seeded())
    yield "three orders sum to the whole", few.sum(), whole[0], 1e-12
    yield "additive, one order", m.games.sampled_shapley(additive, 4, 1, seeded()), X[0], 1e-12
    yield "many orders", m.games.sampled_shapley(v, 4, 10_000, seeded()), exact, 0.15
    yield (
        "of no use to any",
        m.games.shapley(lambda keep: 5.0 * keep[:, 1].double(), 3),
        torch.tensor([0, 5.0, 0]),
        1e-12,
    )


def linear_models(m: Any) -> Iterator[Case]:
    """The fit is scikit-learn's; with the Shapley kernel it gives Shapley values; of an additive game what is worth."""
    S = m.games.coalitions(4)
    weight = torch.rand(16, generator=seeded(), dtype=torch.float64) + 0.1
    for strength in (0.5, 2.0):
        ridge = Ridge(alpha=strength).fit(S.numpy(), v(S).numpy(), sample_weight=weight.numpy())
        yield (
            f"scikit-learn, {strength:g}",
            m.games.weighted_ridge(S, v(S), weight, strength),
            torch.tensor(ridge.coef_),
            1e-8,
        )
    kernel = m.games.shapley_kernel(4)
    yield "kernel of one word", kernel[1], 3 / (4 * 1 * 3), 1e-12
    yield "kernel of two words", kernel[3], 3 / (6 * 2 * 2), 1e-12
    yield "Shapley", m.games.weighted_ridge(S, v(S), kernel, 0.0), m.games.shapley(v, 4), 1e-4
    yield "additive", m.games.lime(additive, 4, 60, seeded(), strength=0.0), X[0], 1e-5
    asked: list[Tensor] = []

    def watched(keep: Tensor) -> Tensor:
        asked.append(keep)
        return additive(keep)

    m.games.lime(watched, 4, 4000, seeded())
    left = asked[0][1:].sum(1)
    yield "the text itself comes first", asked[0][0].double(), torch.ones(4), 0.0
    yield "as often each number of words", torch.bincount(left, minlength=5).double() / 4000, [0.25] * 4 + [0], 0.03
    yield "as often each word", asked[0][1:].double().mean(0), [0.375] * 4, 0.03
    near, far = (m.games.lime(v, 4, 4000, seeded(), width=width, strength=0.0) for width in (0.05, 1e3))
    yield "far samples count less", float((near - far).abs().max() > 0.1), 1.0, 0.0
    D = 1 - (S.sum(1) / 4).sqrt()
    counts = torch.tensor([1, 1 / 4, 1 / 6, 1 / 4, 0.0])[S.sum(1)]  # how often each set is drawn, all but the whole
    drawn = m.games.weighted_ridge(S, v(S), counts * torch.exp(-(D**2) / (2 * 0.25**2)), 0.0)
    yield "many samples", m.games.lime(v, 4, 20_000, seeded(), strength=0.0), drawn, 0.2


# --- texts ------------------------------------------------------------------------------------------------------------


def classifier() -> Any:
    """A small BERT for three classes, in double precision, its dropout on."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=20, hidden_size=24, num_attention_heads=4, intermediate_size=48, num_hidden_layers=2,
        max_position_embeddings=16, num_labels=3, initializer_range=0.2,
    )  # fmt: skip
    return BertForSequenceClassification(config).double().train()


def a_text(m: Any) -> Any:
    """Three words of one, two and one pieces between special tokens."""
    ids = torch.tensor([[2, 7, 8, 9, 10, 3]])
    x = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
    return m.words.Text(["one", "two", "three"], x, torch.tensor([-1, 0, 1, 1, 2, -1]))


def asked(model: Any, ids: list[int], label: int = 1) -> Tensor:
    """The log odds of a label for a text of these ids, without dropout."""
    model.eval()
    with torch.no_grad():
        p = model(input_ids=torch.tensor([ids])).logits.softmax(-1)[0]
    model.train()
    found: Tensor = torch.log(p[label] / (1 - p[label]))
    return found


def without_words(m: Any) -> Iterator[Case]:
    """The game of a text is what the model says of it with [MASK] in place of all pieces of a word."""
    model, text, tokenizer = classifier(), a_text(m), SimpleNamespace(mask_token_id=MASK)
    value = m.words.value(model, text, 1, m.words.masks(tokenizer))
    for keep, ids in (
        ([1, 1, 1], [2, 7, 8, 9, 10, 3]),
        ([1, 0, 1], [2, 7, MASK, MASK, 10, 3]),
        ([0, 0, 0], [2, MASK, MASK, MASK, MASK, 3]),
    ):
        yield f"words {keep}", value(torch.tensor([keep]) == 1)[0], asked(model, ids), 1e-10
    many = torch.ones(m.words.BATCH + 3, 3, dtype=torch.bool)
    yield "more than a batch", value(many), asked(model, [2, 7, 8, 9, 10, 3]).expand(len(many)), 1e-10
    yield "pieces add up", text.by_word(torch.tensor([9.0, 1, 2, 3, 4, 9])), [1.0, 5.0, 4.0], 0.0
    yield "in training again", float(model.training), 1.0, 0.0


def of_words(scores: Tensor) -> Tensor:
    """Of the tokens of `a_text`: (6) -> (3)."""
    return torch.stack([scores[1], scores[2] + scores[3], scores[4]]).detach()


def gradients(m: Any) -> Iterator[Case]:
    """Gradient times input and integrated gradients are captum's; the latter sum to the difference of both ends."""
    model, text, tokenizer = classifier(), a_text(m), SimpleNamespace(mask_token_id=MASK)
    f, e = m.words.of_vectors(model, text, 1), m.words.vectors(model, text.x["input_ids"][0])
    nothing = m.words.vectors(model, torch.tensor([2, MASK, MASK, MASK, MASK, 3]))
    ours = m.words.gradient_times_input(model, text, 1)
    integrated = m.words.integrated_gradients(model, tokenizer, text, 1, steps=400)
    model.eval()
    theirs = InputXGradient(f).attribute(e[None].clone().requires_grad_()).sum(-1)[0]
    yield "gradient times input", ours, of_words(theirs), 1e-8
    theirs = IntegratedGradients(f).attribute(e[None], nothing[None], n_steps=400, method="riemann_middle").sum(-1)[0]
    yield "integrated", integrated, of_words(theirs), 1e-4
    model.train()
    ends = asked(model, [2, 7, 8, 9, 10, 3]) - asked(model, [2, MASK, MASK, MASK, MASK, 3])
    yield "completeness", integrated.sum(), ends, 2e-3
    yield "no gradient is left", float(any(p.grad is not None for p in model.parameters())), 0.0, 0.0


# --- tests of explanations --------------------------------------------------------------------------------------------


def curves(m: Any) -> Iterator[Case]:
    """Of a game of five words, by hand: which go first, and what is left."""
    worth = torch.tensor([1.0, 4.0, -2.0, 3.0, 0.0])

    def left(keep: Tensor) -> Tensor:
        return (keep * worth).sum(1)

    best = m.faithful.deletion(left, worth)
    yield "the best words first", best, torch.tensor([6.0, 2, -1, -2, -2, 0]).sigmoid(), 1e-6
    first = m.faithful.insertion(left, worth)
    yield "and first in", first, torch.tensor([0.0, 4, 7, 8, 8, 6]).sigmoid(), 1e-6
    worst = m.faithful.deletion(left, -worth)
    yield "the worst last", float(m.faithful.area(best) < m.faithful.area(worst)), 1.0, 0.0
    yield "ends are the same", best[[0, -1]], worst[[0, -1]], 0.0
    yield "equal scores, in order", m.faithful.steps(torch.zeros(5))[2].double(), [1, 1, 0, 0, 0], 0.0
    yield "area", m.faithful.area(torch.tensor([1.0, 1, 1, 1, 1, 0])), 0.9, 1e-6
    yield "agreement", m.faithful.agreement([1, -3, 2, 0], [0.1, 0.4, 0.2, 0.0]), 1.0, 1e-12
    yield "no order, no agreement", m.faithful.agreement([1, 1, 1], [1, 2, 3]), 0.0, 0.0
    mean, low, high = m.faithful.bootstrap([[0.0, 2, 4], [2, 4, 6]])
    yield "mean", mean, 3.0, 1e-12
    yield "texts are drawn, with what all seeds say", [low, high], [1.0, 5.0], 1e-12
