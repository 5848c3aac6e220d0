"""How fast fine-tuning is: our loop compared with Hugging Face's `Trainer`, as it is often set and as it is well set.

All train the same model on the same texts for the same number of epochs from the same seed, and are tested on the same
texts. `pyft bench finetune` measures it; it needs a quiet machine.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import mean
from typing import Any, NamedTuple

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Found, Run, data_digests
from pyft.errors import PyftError
from pyft.evaluation.stats import pack_bits
from pyft.evidence.records import select
from pyft.finetune.batches import collate, labelled, pad, tokenize
from pyft.finetune.hf_trainer import arguments
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.profiles import Recipe

LIMITS = {"run_glue": 4.0, "Trainer, well set": 1.25}  # how many times as many texts a second ours must learn from
KINDS = {  # what a step's time goes into, by the name of the kernel
    "matrix products": ("mm", "addmm", "bmm", "baddbmm", "linear"),
    "dropout": ("bernoulli_", "native_dropout", "native_dropout_backward", "random_", "ge", "where"),
    "optimiser and clipping": ("_fused_adamw_", "linalg_vector_norm", "_foreach_norm", "_foreach_mul_"),
    "GELU": ("gelu", "gelu_backward"),
    "softmax and LayerNorm": (
        "_softmax", "_softmax_backward_data", "native_layer_norm", "native_layer_norm_backward",
    ),
    "embeddings": ("embedding_dense_backward", "index_select", "embedding"),
    "copies and fills": ("copy_", "fill_", "zero_", "cat", "clone"),
}  # fmt: skip


class Size(NamedTuple):
    """How much `pyft bench finetune` does; as it stands, about a quarter of an hour on two cores."""

    texts: int = 2000
    test: int = 1056
    epochs: int = 1
    batch_size: int = 32
    lr: float = 2e-4
    profiled: int = 10  # steps


SIZE, SEEDS = Size(), 3


def races(found: Found) -> list[Run]:
    """The kept races, by seed: `loops` holds what each of `RIVALS` did."""
    return select(found, part="race")


def ratios(races: Sequence[Run], who: str) -> list[float]:
    """Seconds of another over ours, of each race."""
    return [r["loops"][who]["seconds"] / r["loops"]["ours"]["seconds"] for r in races]


def speed_ups(races: Sequence[Run], who: str) -> tuple[float, float]:
    """The smallest and the largest of the ratios."""
    return min(ratios(races, who)), max(ratios(races, who))


def over_limit(found: Found) -> list[str]:
    """A line for each limit that the mean over seeds does not keep."""
    means = {who: mean(ratios(races(found), who)) for who in LIMITS}
    return [
        f"ours learns from {means[who]:.2f} times as many texts a second as {who}, at least {limit} asked"
        for who, limit in LIMITS.items()
        if means[who] < limit
    ]


def race(who: str, seed: int, size: Size) -> dict[str, Any]:
    """Train and test once: seconds of training alone, and which test texts were right."""
    splits = data.load("movie-reviews")
    train = splits["train"].shuffle(seed=seed).select(range(size.texts))
    test = splits["test"].select(range(min(size.test, len(splits["test"]))))
    recipe = Recipe(epochs=size.epochs, batch_size=size.batch_size, lr=size.lr, evaluations=1)
    set_seed(seed)
    model, tokenizer = models.load("bert", "sequence-classification")
    seconds = RIVALS[who](model, tokenizer, train, recipe, seed)
    right = predict(model, tokenizer, test["text"], recipe.max_length).argmax(-1) == torch.tensor(test["label"])
    return {
        "seconds": round(seconds, 2),
        "texts_a_second": round(size.texts * size.epochs / seconds, 2),
        "accuracy": round(right.float().mean().item(), 4),
        "right": pack_bits(right.int().tolist()),
    }


def ours(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, train: Any, recipe: Recipe, seed: int) -> float:
    """The loop of `pyft.finetune`. It measures on validation data at the end: two texts, which cost almost nothing."""
    start = time.perf_counter()
    fine_tune(model, tokenizer, train, train.select(range(2)), recipe, seed)
    return time.perf_counter() - start


def theirs(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, train: Any, recipe: Recipe, seed: int, well_set: bool
) -> float:
    """`Trainer`, padding to `max_length` as `run_glue.py` does; or well set: to the longest of texts of like length."""
    rows = labelled(tokenize(tokenizer, train["text"], recipe.max_length), train["label"])
    batches = (
        partial(collate, tokenizer=tokenizer)
        if well_set
        else partial(pad_to_max_length, tokenizer=tokenizer, recipe=recipe)
    )
    options = {"train_sampling_strategy": "group_by_length", "optim": "adamw_torch_fused"} if well_set else {}
    with tempfile.TemporaryDirectory() as folder:
        told = arguments(
            folder,
            recipe,
            num_train_epochs=recipe.epochs,
            learning_rate=recipe.lr,
            warmup_steps=recipe.warmup,
            weight_decay=recipe.weight_decay,
            seed=seed,
            remove_unused_columns=False,
            **options,
        )
        start = time.perf_counter()
        Trainer(model, told, train_dataset=rows, data_collator=batches).train()
        return time.perf_counter() - start


def pad_to_max_length(rows: Any, tokenizer: PreTrainedTokenizerBase, recipe: Recipe) -> dict[str, torch.Tensor]:
    """A batch whose every text is filled up to `max_length`."""
    batch = collate(rows, tokenizer)
    ids = [row["input_ids"] for row in rows]
    longest = [[tokenizer.pad_token_id] * recipe.max_length]
    batch["input_ids"], mask = (x[:-1] for x in pad([*ids, *longest], tokenizer.pad_token_id))
    return batch | {"attention_mask": mask, "token_type_ids": torch.zeros_like(mask)}


RIVALS: dict[str, Callable[..., float]] = {
    "run_glue": partial(theirs, well_set=False),
    "Trainer, well set": partial(theirs, well_set=True),
    "ours": ours,
}

# --- where the time goes ----------------------------------------------------------------------------------------------


def peak_flops(n: int = 2048, repetitions: int = 5) -> float:
    """Operations a second of this machine's matrix product, n × n: the best of several."""
    a, b = torch.randn(n, n), torch.randn(n, n)
    best = float("inf")
    for _ in range(repetitions + 1):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return float(f"{2 * n**3 / best:.4g}")


def anatomy(size: Size) -> dict[str, Any]:
    """Of some steps of our loop: operations of matrix products, seconds, and the share of the time in each kind.

    The first step and the last do not count, since what comes before and after a training would count with them.
    """
    train = data.load("movie-reviews")["train"].shuffle(seed=0).select(range(size.batch_size * size.profiled))
    recipe = Recipe(epochs=1, batch_size=size.batch_size, lr=size.lr, evaluations=1)

    def steps(clock: Callable[[], float]) -> float:
        set_seed(0)
        model, tokenizer = models.load("bert", "sequence-classification")
        at: list[float] = []
        fine_tune(model, tokenizer, train, train.select(range(2)), recipe, 0, before=lambda *_: at.append(clock()))
        return at[-1] - at[1]

    steps(time.perf_counter)  # warm
    seconds = min(steps(time.perf_counter) for _ in range(3))  # the best of some, as `peak` is
    with FlopCounterMode(display=False) as counter:
        flops = steps(counter.get_total_flops)
    with profile(activities=[ProfilerActivity.CPU]) as found:
        steps(time.perf_counter)
    kinds = dict.fromkeys([*KINDS, "everything else"], 0.0)
    for event in found.key_averages():
        name = event.key.removeprefix("aten::")
        kind = next((kind for kind, kernels in KINDS.items() if name in kernels), "everything else")
        kinds[kind] += event.self_cpu_time_total
    total = sum(kinds.values())
    if not total:
        raise PyftError("the profiler saw nothing: this PyTorch was built without it.")
    return {
        "steps": size.profiled - 2,
        "flops": flops,
        "seconds": round(seconds, 3),
        "shares": {kind: round(t / total, 4) for kind, t in kinds.items()},
    }


# --- the experiment ---------------------------------------------------------------------------------------------------


def run(part: str, seed: int) -> Run:
    """A race of one seed, all by turns; or where the time of a `step` goes, beside the peak of the machine."""
    if part == "step":
        found = {"peak": peak_flops()} | anatomy(SIZE)
    else:
        found = {"loops": {who: race(who, seed, SIZE) for who in RIVALS}}
        for who, limit in LIMITS.items():
            (times,) = ratios([found], who)
            print(f"ours learns from {times:.2f} times as many texts a second as {who}; at least {limit}")
    return {"part": part, "seed": seed, "size": SIZE._asdict()} | found


def plan(_: Sequence[Run] = ()) -> list[tuple[str, int]]:
    """Every run, `(part, seed)`."""
    return [*(("race", seed) for seed in range(SEEDS)), ("step", 0)]


def depends(part: str, seed: int) -> dict[str, Any]:
    """A run is that of its size, of the weights and of the corpus."""
    return {"size": SIZE._asdict(), "weights": models.weights_digest("bert"), "data": data_digests("movie-reviews")}


EXPERIMENT = Experiment(
    "finetune",
    plan,
    run,
    depends,
    about="our training loop beside Trainer, as often set and as well set; a quarter of an hour",
    timed=True,
    over_limit=over_limit,
)
