"""Stored runs that took known seconds, and what can be said of each beforehand: by formula, and by simpler rules."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from pyft import data, models, plots
from pyft.benchmarks.experiment import Found
from pyft.course.ch2_2_transfer_learning import experiment as transfer
from pyft.course.ch3_2_six_steps import experiment as speed
from pyft.course.ch6_2_text_classification.experiment import TOPIC_ROWS
from pyft.course.ch8_3_1_what_a_run_costs import costs
from pyft.data.splits import draw_rows
from pyft.evaluation.verdicts import Verdict, compare_runs
from pyft.evidence.records import select
from pyft.finetune.batches import encode, length_grouped_batches
from pyft.profiles import Recipe

MAX_LENGTH = Recipe(1, 1, 0.0).max_length
Batches = list[list[int]]  # the tokens of each text, batch by batch
Shapes = list[tuple[int, int]]  # of each batch: texts, and tokens of the longest


@cache
def lengths(corpus: str = transfer.CORPUS) -> list[int]:
    """Tokens of each training text."""
    return [len(ids) for ids in encode(models.tokenizer("bert"), data.load(corpus)["train"]["text"][:], MAX_LENGTH)]


def batches(n: int, recipe: Recipe, seed: int) -> Batches:
    """The batches of a run on n texts that its seed draws, as the training loop makes them."""
    of = [lengths()[i] for i in draw_rows(len(lengths()), n, seed)]
    rng = random.Random(seed)
    return [
        [of[i] for i in batch]
        for _ in range(recipe.epochs)
        for batch in length_grouped_batches(of, recipe.batch_size, rng, recipe.length_window)
    ]


def shapes(some: Batches) -> Shapes:
    """What goes through the model: each batch filled up to its longest text."""
    return [(len(batch), max(batch)) for batch in some]


# --- what is known of a run beforehand --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """A run before it begins: its batches, how many of the lowest layers are frozen, whether the last layer is fast."""

    batches: Batches
    frozen: int = 0
    fast: bool = True
    filled: bool = False  # whether every text is filled up to `MAX_LENGTH`

    def operations(self) -> int:
        """By formula."""
        through = [(B, MAX_LENGTH if self.filled else T) for B, T in shapes(self.batches)]
        return costs.of_batches(through, frozen=self.frozen, fast=self.fast)

    def rule_of_thumb(self) -> int:
        """6 N D, with all parameters and all tokens of the texts."""
        return costs.six_n_d(costs.parameters(), sum(map(sum, self.batches)))

    def texts(self) -> int:
        """Texts that are learnt from, each as often as it is seen."""
        return sum(map(len, self.batches))


FORMULA, THUMB, TEXTS = "operations by formula", "6 N D, all parameters", "seconds a text"
RULES: Mapping[str, Callable[[Known], int]] = {
    FORMULA: Known.operations,
    THUMB: Known.rule_of_thumb,
    TEXTS: Known.texts,
}


def profiled() -> Known:
    """The steps of `pyft bench finetune` whose operations and seconds were taken: all but the first and the last."""
    size = speed.SIZE
    recipe = Recipe(epochs=1, batch_size=size.batch_size, lr=size.lr)
    return Known(batches(size.batch_size * size.profiled, recipe, 0)[1:-1])


@dataclass(frozen=True)
class Kind:
    """Runs that differ in nothing but their seed: what was known of each, its seconds, and its threads."""

    name: str
    known: tuple[Known, ...]
    seconds: tuple[float, ...]
    threads: int

    def measured(self) -> float:
        """Mean seconds."""
        return float(np.mean(self.seconds))

    def predicted(self, rule: Callable[[Known], int], rate: float) -> float:
        """Mean seconds by a rule, at so many of its units a second on one thread."""
        return float(np.mean([rule(known) for known in self.known])) / (rate * self.threads)


def kinds(transferred: Found, finetuned: Found) -> list[Kind]:
    """The trainings of MiniLM on film reviews in `transfer` and `finetune`, by kind."""
    found = []
    for name in ("fine-tuned", "scratch", "top layers", "head"):
        method = transfer.METHODS[name]
        for n in method.sizes:
            runs = transfer.stored_runs(transferred, name, n)
            known = [
                Known(batches(n, transfer.recipe(name, n, r["values"][0]), r["seed"]), method.frozen or 0) for r in runs
            ]
            threads = runs[0]["provenance"]["hardware"]["threads"]
            found.append(Kind(f"{name}, {n:,} labels", tuple(known), tuple(r["seconds"] for r in runs), threads))
    races = speed.races(finetuned)
    size = races[0]["size"]
    recipe = Recipe(epochs=size["epochs"], batch_size=size["batch_size"], lr=size["lr"])
    drawn = [batches(size["texts"], recipe, r["seed"]) for r in races]
    ways: dict[str, dict[str, bool]] = {
        "ours": {},
        "Trainer, well set": {"fast": False},
        "run_glue": {"fast": False, "filled": True},
    }
    for who, how in ways.items():
        seconds = tuple(r["loops"][who]["seconds"] for r in races)
        threads = races[0]["provenance"]["hardware"]["threads"]
        found.append(Kind(f"race: {who}", tuple(Known(some, **how) for some in drawn), seconds, threads))
    return found


# --- how well each rule foretells -------------------------------------------------------------------------------------


def rates(finetuned: Found) -> dict[str, float]:
    """Of each rule, its units a second on one thread, from the profiled steps: all rules are right there."""
    (step,) = select(finetuned, part="step")
    known, threads = profiled(), step["provenance"]["hardware"]["threads"]
    return {name: rule(known) / step["seconds"] / threads for name, rule in RULES.items()}


def factors(some: Sequence[Kind], finetuned: Found) -> dict[str, list[float]]:
    """Of each rule, measured over predicted seconds, a factor a kind."""
    at = rates(finetuned)
    return {name: [k.measured() / k.predicted(rule, at[name]) for k in some] for name, rule in RULES.items()}


def off(found: Sequence[float]) -> float:
    """By what factor a rule is off, on the geometric mean, too high or too low."""
    return math.exp(float(np.mean(np.abs(np.log(found)))))


def verdicts(found: Mapping[str, Sequence[float]]) -> dict[str, Verdict]:
    """The formula against each other rule, kind by kind: how much nearer its logarithm is. Kinds stand for examples."""
    near = {name: -np.abs(np.log(some)) for name, some in found.items()}
    return {name: compare_runs(near[FORMULA], near[name]) for name in near if name != FORMULA}


def told(found: Mapping[str, Sequence[float]], some: Sequence[Kind]) -> dict[str, str]:
    """What the runs say, for the prose: `kinds`, `off`, `worst`, `lean`, `apart`, `verdict`."""
    ours, judged = found[FORMULA], verdicts(found)
    under = sum(x > 1 for x in ours)
    lean = "more" if under > len(ours) / 2 else "less"
    return {
        "kinds": str(len(ours)),
        "off": f"{off(ours):.2f}",
        "worst": f"{max(max(ours), 1 / min(ours)):.2f}",
        "lean": f"{max(under, len(ours) - under)} of {len(ours)} kinds took {lean} than predicted",
        "apart": "; ".join(f"{name} at {_furthest(factor, some)}" for name, factor in found.items()),
        "verdict": "; ".join(f"against {name!r} {v.word}" for name, v in judged.items()),
    }


def _furthest(factor: Sequence[float], some: Sequence[Kind]) -> str:
    """The kind of run at which a rule is furthest off, and by what factor."""
    i = int(np.argmax(np.abs(np.log(factor))))
    return f"'{some[i].name}', by {max(factor[i], 1 / factor[i]):.1f}"


def table(found: Mapping[str, Sequence[float]]) -> Any:
    """A row a rule: by what factor it is off, and the verdict of the formula against it."""
    judged = verdicts(found)
    rows = [
        [name, f"{off(some):.2f}", f"{max(max(some), 1 / min(some)):.2f}", judged[name].word if name in judged else ""]
        for name, some in sorted(found.items(), key=lambda kv: off(kv[1]))
    ]
    caption = "By what factor seconds were off, too high or too low. The verdict is that of the formula on each rule."
    return plots.table(rows, ["rule", "off by, mean", "off by, most", "the formula is"], caption)


def figure(some: Sequence[Kind], finetuned: Found) -> Any:
    """Measured over predicted seconds of every kind by every rule; on the line a rule is right."""
    plots.style()
    at = rates(finetuned)
    fig, axes = plt.subplots(figsize=(5.8, 4.4))
    for (name, rule), marker, colour in zip(RULES.items(), "os^", plots.PALETTE, strict=False):
        x = [k.predicted(rule, at[name]) for k in some]
        axes.plot(x, [k.measured() for k in some], marker, color=colour, label=name, markersize=6, alpha=0.8)
    ends = [k.measured() for k in some]
    line = [0.5 * min(ends), 2 * max(ends)]
    axes.plot(line, line, color="black", linewidth=0.9, zorder=0)
    axes.set(xscale="log", yscale="log", xlabel="predicted (s)", ylabel="measured (s)")
    axes.legend()
    return fig


# --- a small model on a large board -----------------------------------------------------------------------------------


def on_the_board(classified: Found, corpus: str = "text-source") -> dict[str, float]:
    """Of the runs of `topics` on a GPU: the most operations that one can have had, a second, and that over the peak.

    As if every text had `MAX_LENGTH` tokens. The seconds are those of a whole run, loading and answers included.
    """
    runs = [r for r in select(classified, task="topics", model="bert") if r["provenance"]["hardware"]["gpu"]]
    tests = len(data.load(corpus)["test"])
    learnt = costs.classifier(TOPIC_ROWS, MAX_LENGTH, fast=False).training
    answered = costs.classifier(tests, MAX_LENGTH, fast=False).forward
    most = (learnt + answered) / min(r["seconds"] for r in runs)
    return {"a second": most, "of the peak": most / costs.H100.peak}
