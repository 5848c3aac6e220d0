"""Tricks of fine-tuning, each against the same baseline on few labels: `pyft bench tricks`.

Every run of a seed sees the same labels and is tested on the same texts, so tricks are compared seed by seed. Where
a trick makes more texts, there are fewer epochs: all runs take as many steps, unless that is the trick.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.stats import ttest_rel
from torch import Tensor
from torch.nn import functional as F

from pyft import data, models
from pyft.errors import PyftError
from pyft.finetune import fine_tune, predict, set_seed, task_loss
from pyft.profiles import Recipe
from pyft.stats import holm, mean_interval, packed, verdict
from pyft.stored import Experiment, Run, data_digests
from pyft.transfer import freeze, from_scratch, subset

CORPUS, LABELS, SEEDS = "movie-reviews", 200, 5
BASELINE = Recipe(epochs=8, batch_size=16, lr=1e-4, evaluations=0)  # a hundred steps
WATCHED = 100  # validation texts, for a trick that looks at them
MASKED_LM = "bert-continued"  # the model that rewrites texts

# --- data augmentation ------------------------------------------------------------------------------------------------


def deleted(text: str, rng: random.Random, p: float = 0.1) -> str:
    """The text without some of its words, each dropped with probability p; at least one is left (Wei & Zou 2019)."""
    words = text.split()
    kept = [word for word in words if rng.random() >= p]
    return " ".join(kept or [rng.choice(words)])


def swapped(text: str, rng: random.Random, p: float = 0.1) -> str:
    """The text with some of its words exchanged, a pair for each tenth of them, at least one (Wei & Zou 2019)."""
    words = text.split()
    for _ in range(max(1, round(p * len(words)))):
        i, j = rng.randrange(len(words)), rng.randrange(len(words))
        words[i], words[j] = words[j], words[i]
    return " ".join(words)


def replaced(texts: Sequence[str], seed: int, p: float = 0.15) -> list[str]:
    """The texts with some tokens replaced by what a masked language model expects in their place.

    As in Kobayashi 2018 and Wu et al. 2019, without telling the model the label: the word that decides it may change.
    """
    model, tokenizer = _masked_lm()
    made = []
    torch.manual_seed(seed)
    for start in range(0, len(texts), 50):
        x = tokenizer(texts[start : start + 50], padding=True, truncation=True, max_length=128, return_tensors="pt")
        ids = x["input_ids"]  # (B, T)
        special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
        at = (torch.rand(ids.shape) < p) & ~special  # (B, T)
        with torch.no_grad():
            x["input_ids"] = ids.masked_fill(at, tokenizer.mask_token_id)
            z = model(**x).prediction_logits[at]  # (M, V)
        z[:, tokenizer.all_special_ids] = -math.inf
        ids[at] = torch.multinomial(z.softmax(-1), 1).squeeze(-1)
        made += [str(text) for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]
    return made


@cache
def _masked_lm() -> Any:
    return models.load(MASKED_LM, "pretraining")


def mix_up(alpha: float = 0.4) -> Callable[[Any, dict[str, Tensor]], Tensor]:
    """An objective: each text's pooled state mixed with that of another, and so are the losses.

    h = l h_i + (1 - l) h_j, with l from Beta(alpha, alpha) (Zhang et al. 2018; on hidden states Verma et al. 2019).
    """

    def objective(model: Any, x: dict[str, Tensor]) -> Tensor:
        y = x.pop("labels")  # (B)
        h = model.base_model(**x).pooler_output  # (B, d)
        share = torch.distributions.Beta(alpha, alpha).sample((len(y), 1)).to(h.device)  # (B, 1)
        other = torch.randperm(len(y), device=h.device)
        z = model.classifier(model.dropout(share * h + (1 - share) * h[other])).float()  # (B, K)
        losses = [F.cross_entropy(z, labels, reduction="none") for labels in (y, y[other])]  # (B)
        return (share[:, 0] * losses[0] + (1 - share[:, 0]) * losses[1]).mean()

    return objective


# --- layers -----------------------------------------------------------------------------------------------------------


def drawn_anew(model: Any, layers: int, seed: int) -> None:
    """Give the pooler and the last layers new weights, as the library initialises them (Zhang et al. 2021)."""
    body, new = model.base_model, from_scratch(model, seed).base_model
    body.pooler.load_state_dict(new.pooler.state_dict())
    L = len(body.encoder.layer)
    if not 0 <= layers <= L:
        raise PyftError(f"cannot reinitialise {layers} layers of {L}: expected a number from 0 to {L}.")
    for layer in range(L - layers, L):
        body.encoder.layer[layer].load_state_dict(new.encoder.layer[layer].state_dict())


def thawing(model: Any, stages: int = BASELINE.epochs) -> Callable[[int, int], None]:
    """Return what to call before each step: the head learns first, then one more layer at each stage, from the top.

    Howard & Ruder 2018, section 3.3, "gradual unfreezing"; the embeddings come last.
    """
    body = model.base_model
    parts = [*reversed(body.encoder.layer), body.embeddings]

    def before(t: int, total: int) -> None:
        opened = stages * t // total
        for depth, part in enumerate(parts):
            part.requires_grad_(depth < opened)

    return before


def dropout(model: Any, p: float) -> None:
    """Set the dropout of all layers."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = p


# --- the learning-rate finder -----------------------------------------------------------------------------------------


class Search(NamedTuple):
    """Rates, one a step, by a constant factor; the smoothed losses; where these fall fastest, before the lowest."""

    rates: list[float]
    losses: list[float]
    steepest: float


def find_rate(model: Any, tokenizer: Any, train: Any, seed: int = 0, highest: float = 1e-1, steps: int = 60) -> Search:
    """Raise the rate from a ten-thousandth of `highest` and watch the loss (Smith 2017, section 3.3).

    The model is trained on the way and is of no use afterwards. Stops where the loss is not finite.
    """
    size = 16
    texts = train.select([i % len(train) for i in range(size * steps)])
    recipe = Recipe(epochs=1, batch_size=size, lr=highest, evaluations=0, schedule="exponential", warmup=0.0)
    found: list[float] = []

    def watched(model: Any, x: dict[str, Tensor]) -> Tensor:
        loss = task_loss(model, x)
        found.append(loss.item())
        return loss

    try:
        fine_tune(model, tokenizer, texts, texts.select(range(1)), recipe, seed, objective=watched)
    except PyftError:
        if not found or math.isfinite(found[-1]):
            raise
        found.pop()
    rates = [highest * 10.0 ** (4 * ((t + 1) / (steps + 1) - 1)) for t in range(len(found))]
    smooth = smoothed(found)
    slopes = np.gradient(smooth, np.log(rates))[: int(np.argmin(smooth)) + 1]  # beyond the lowest loss it only recovers
    return Search(rates, smooth, rates[int(np.argmin(slopes))])


def smoothed(losses: Sequence[float], beta: float = 0.8) -> list[float]:
    """Exponential running mean with bias correction, as in Adam."""
    mean, made = 0.0, []
    for t, loss in enumerate(losses, start=1):
        mean = beta * mean + (1 - beta) * loss
        made.append(mean / (1 - beta**t))
    return made


# --- the tricks -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trick:
    """What differs from the baseline: hyperparameters, the model before it is trained, the texts, the objective."""

    recipe: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Any, int], Any] = lambda model, seed: None
    more: Callable[[Sequence[str], int], list[str]] | None = None  # a changed copy of each text, for a seed
    objective: Callable[[Any, dict[str, Tensor]], Tensor] | None = None
    before: Callable[[Any], Callable[[int, int], None]] | None = None
    labels: int = LABELS


def _each(change: Callable[[str, random.Random], str]) -> Callable[[Sequence[str], int], list[str]]:
    def more(texts: Sequence[str], seed: int) -> list[str]:
        rng = random.Random(seed)
        return [change(text, rng) for text in texts]

    return more


GROUPS: dict[str, dict[str, Trick]] = {
    "": {"baseline": Trick()},
    "learning rate": {
        "no warm-up": Trick({"warmup": 0.0}),
        "constant after the warm-up": Trick({"schedule": "constant"}),
        "cosine": Trick({"schedule": "cosine"}),
        "half the rate": Trick({"lr": BASELINE.lr / 2}),
        "twice the rate": Trick({"lr": BASELINE.lr * 2}),
        "three times as long": Trick({"epochs": 3 * BASELINE.epochs}),
    },
    "layers": {
        "rates falling by layer, × 0.8": Trick({"layer_decay": 0.8}),
        "lower half frozen": Trick(prepare=lambda model, seed: freeze(model, 3)),
        "gradual unfreezing": Trick(before=thawing),
        "last layer drawn anew": Trick(prepare=lambda model, seed: drawn_anew(model, 1, seed)),
    },
    "regularisation": {
        "no weight decay": Trick({"weight_decay": 0.0}),
        "weight decay × 10": Trick({"weight_decay": 10 * BASELINE.weight_decay}),
        "decay on biases and norms too": Trick({"weight_decay": 10 * BASELINE.weight_decay, "decay_biases": True}),
        "no dropout": Trick(prepare=lambda model, seed: dropout(model, 0.0)),
        "dropout × 2": Trick(prepare=lambda model, seed: dropout(model, 0.2)),
        "label smoothing, 0.1": Trick({"label_smoothing": 0.1}),
        "early stopping": Trick({"evaluations": BASELINE.epochs, "patience": 2}),
    },
    "data augmentation": {
        "words deleted": Trick(more=_each(deleted)),
        "words swapped": Trick(more=_each(swapped)),
        "words from a masked LM": Trick(more=replaced),
        "mix-up": Trick(objective=mix_up()),
    },
    "for comparison": {"twice as many labels": Trick({"epochs": BASELINE.epochs // 2}, labels=2 * LABELS)},
}
TRICKS = {name: trick for group in GROUPS.values() for name, trick in group.items()}


def run(name: str, seed: int) -> dict[str, Any]:
    """Fine-tune BERT with one trick and test it."""
    trick, splits = TRICKS[name], data.load(CORPUS)
    recipe = replace(BASELINE, **trick.recipe)
    train = subset(splits["train"], trick.labels, seed).select_columns(["text", "label"])
    if trick.more:
        texts, labels = train["text"][:], train["label"][:]
        made = trick.more(texts, seed)
        train = type(train).from_dict({"text": texts + made, "label": labels * 2}, features=train.features)
        recipe = replace(recipe, epochs=recipe.epochs // 2)
    set_seed(seed)
    model, tokenizer = models.load("bert", "sequence-classification")
    trick.prepare(model, seed)
    before = trick.before(model) if trick.before else None
    watched = splits["validation"].shuffle(seed=seed).select(range(WATCHED))  # they are ordered by label
    history = fine_tune(model, tokenizer, train, watched, recipe, seed, objective=trick.objective, before=before)
    test = splits["test"]
    right = predict(model, tokenizer, test["text"], recipe.max_length).argmax(-1) == torch.tensor(test["label"])
    return {
        "trick": name,
        "seed": seed,
        "accuracy": round(right.float().mean().item(), 6),
        "steps": len(history.losses),
        "right": packed(right.int().tolist()),
    }


def plan(_: Sequence[Run] = ()) -> list[tuple[str, int]]:
    """Every run, `(trick, seed)`, seed by seed."""
    return [(name, seed) for seed in range(SEEDS) for name in TRICKS]


def depends(name: str, seed: int) -> dict[str, Any]:
    """A run is that of the baseline's recipe and of what the trick changes in it, of its weights and of the corpus."""
    trick = TRICKS[name]
    found = {"recipe": replace(BASELINE, **trick.recipe), "labels": trick.labels, "data": data_digests(CORPUS)}
    if trick.more is replaced:
        found["masked LM"] = models.weights_digest(MASKED_LM)
    return found | {"weights": models.weights_digest("bert")}


EXPERIMENT = Experiment(
    "tricks", plan, run, depends, about="tricks of fine-tuning on few labels, over seeds; two hours"
)


# --- the results --------------------------------------------------------------------------------------------------


class Verdict(NamedTuple):
    """A trick's accuracy less the baseline's, over seeds, in points: the mean, a 95 % interval, and two p-values.

    `p` is that of the paired t-test, `p_holm` is corrected for the number of tricks (Holm 1979). What is there for
    comparison is not a trick, and is tested on its own.
    """

    trick: str
    accuracy: float
    difference: float
    low: float
    high: float
    p: float
    p_holm: float

    @property
    def word(self) -> str:
        """Say whether the trick is better or worse than the baseline, or that no difference is shown at 5 %."""
        return verdict(self.difference, self.p_holm < 0.05)


def verdicts(found: Mapping[str, Any]) -> list[Verdict]:
    """Each trick against the baseline on the seeds that both have. Raises `PyftError` if there are fewer than two."""
    accuracy: dict[str, dict[int, float]] = {}
    for r in found["runs"]:
        accuracy.setdefault(r["trick"], {})[r["seed"]] = 100 * r["accuracy"]
    baseline, made = accuracy.get("baseline", {}), []
    for name in TRICKS:
        if name == "baseline" or name not in accuracy:
            continue
        seeds = sorted(accuracy[name].keys() & baseline.keys())
        if len(seeds) < 2:
            raise PyftError(
                f"{name}: {len(seeds)} seeds in common with the baseline, expected two or more: pyft bench tricks"
            )
        a, b = (np.array([scores[seed] for seed in seeds]) for scores in (accuracy[name], baseline))
        mean, low, high = mean_interval((a - b).tolist())
        p = float(ttest_rel(a, b).pvalue) if np.ptp(a - b) else float(not (a - b).any())
        made.append(Verdict(name, float(a.mean()), mean, low, high, p, p))
    alone = GROUPS["for comparison"]
    corrected = iter(holm([v.p for v in made if v.trick not in alone]))
    return [v if v.trick in alone else v._replace(p_holm=next(corrected)) for v in made]
