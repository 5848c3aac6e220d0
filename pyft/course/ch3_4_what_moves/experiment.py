"""The same training, computed in other ways: what moves, how far, and when. `pyft bench moves`.

Each run is a process of its own, since threads and instructions are chosen when torch is loaded.
"""

import os
import subprocess
import sys
import zlib
from base64 import b85decode, b85encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Found, Run, data_digests
from pyft.course.ch3_4_what_moves.rounding import bfloat16_products
from pyft.data.splits import subset
from pyft.evaluation.decoding import decode_greedy
from pyft.evaluation.ner import gold_tags, score, tag_names
from pyft.evidence.bands import SMALLEST
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.profiles import FAST_PATH, Recipe

RECIPE = Recipe(epochs=1, batch_size=8, lr=1e-4, evaluations=0)
ROWS, READ, SEEDS = 1200, 1000, 3  # training texts, test texts
STEPS = (1, 10, 100)  # after which logits are kept, and at the end
CORPUS = {"classification": "movie-reviews", "names": "conll2003"}
WATCHED = {"classification": 64, "names": 4}  # texts whose logits are kept


@dataclass(frozen=True)
class Way:
    """One way to compute the training."""

    settings: Mapping[str, str] = field(default_factory=dict)  # of the process's environment
    fast_path: tuple[str, ...] = FAST_PATH
    attention: str = ""  # the library's implementation; its default, if empty
    precision: str = ""  # of matrix products; float32, if empty
    order: int = 0  # which order the texts are drawn in
    seed: int = 0  # added to the run's seed


AS_IT_IS = "as it is"
WAYS = {
    AS_IT_IS: Way(),
    "once more": Way(),
    "two threads": Way({"OMP_NUM_THREADS": "2"}),
    "no vector instructions": Way({"ATEN_CPU_CAPABILITY": "default"}),
    "an older processor": Way(
        {"ATEN_CPU_CAPABILITY": "default", "DNNL_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "COMPATIBLE"}
    ),
    "eager attention": Way(attention="eager"),
    "fast path without its dropout": Way(fast_path=FAST_PATH[:2]),
    "no fast path": Way(fast_path=()),
    "bfloat16": Way(precision="bfloat16"),
    "another order": Way(order=1),
    "another seed": Way(seed=100),
}
PRODUCTS: dict[str, Callable[[], AbstractContextManager[None]]] = {"": nullcontext, "bfloat16": bfloat16_products}
MACHINES = ("two threads", "no vector instructions", "an older processor")  # ways of another machine


def run(task: str, way: str, seed: int) -> dict[str, Any]:
    """Train in one way, in a process of its own: logits after some steps, all answers, and their score."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "answers.npz"
        settings = {**os.environ, "OMP_NUM_THREADS": "1", **WAYS[way].settings}
        subprocess.run([sys.executable, "-m", __spec__.name, task, way, str(seed), out], env=settings, check=True)
        with np.load(out) as found:
            logits = {step: packed(found[f"step {step}"]) for step in (*STEPS, "end")}
            answers, reached = packed_answers(found["answers"]), float(found["score"])
    return {"task": task, "way": way, "seed": seed, "score": round(reached, 6), "logits": logits, "answers": answers}


def train(task: str, way: Way, seed: int) -> dict[str, NDArray[Any]]:
    """What `run` keeps, computed in this process: logits by step, (texts or words, K), answers (N) and their score."""
    names, splits = task == "names", data.load(CORPUS[task])
    rows = subset(splits["train"], ROWS, seed).shuffle(seed=way.order)
    test = splits["test"].select(range(READ))
    read = test["tokens" if names else "text"][:]
    K = len(tag_names(rows)) if names else 2
    set_seed(seed + way.seed)
    model, tokenizer = models.load("bert", f"{'token' if names else 'sequence'}-classification", num_labels=K)
    if way.attention:
        model.set_attn_implementation(way.attention)
    recipe, found = replace(RECIPE, fast_path=way.fast_path), {}

    def logits(texts: Sequence[Any]) -> Any:
        return predict(model, tokenizer, texts, recipe.max_length, fast=recipe.fast_path)

    def before(t: int, _: int) -> None:
        if t in STEPS:
            found[f"step {t}"] = flat(logits(read[: WATCHED[task]]), K)
            model.train()

    with PRODUCTS[way.precision]():
        fine_tune(model, tokenizer, rows, splits["validation"], recipe, seed + way.seed, before=before)
        z = logits(read)
    found["step end"] = flat(z[: WATCHED[task]], K)
    found["answers"] = flat(z, K).argmax(-1)
    if names:
        true = gold_tags(test)
        reached = score(true, decode_greedy(z, tag_names(rows), list(map(len, true)))).f1
    else:
        reached = float(np.mean(found["answers"] == np.array(test["label"])))
    return found | {"score": np.array(reached)}


def flat(logits: Sequence[Any], K: int) -> NDArray[np.float32]:
    """The logits of some texts, or of all their words, as one array (N, K)."""
    return np.concatenate([np.asarray(z, dtype=np.float32).reshape(-1, K) for z in logits])


def packed(logits: NDArray[np.float32]) -> str:
    """Logits as text, to the last bit."""
    return b85encode(logits.astype("<f4").tobytes()).decode()


def unpacked(text: str) -> NDArray[np.float32]:
    """The numbers that were `packed`, in one row."""
    return np.frombuffer(b85decode(text), "<f4")


def packed_answers(answers: NDArray[np.int64]) -> str:
    """Classes, fewer than 256, as text; most words are no name, so they take little room."""
    return b85encode(zlib.compress(answers.astype("u1").tobytes(), 9)).decode()


def unpacked_answers(text: str) -> NDArray[np.uint8]:
    """The classes that were packed."""
    return np.frombuffer(zlib.decompress(b85decode(text)), "u1")


def moved(run: Run, reference: Run) -> dict[str, float]:
    """How far a run is from another: `step 1` to `step end`, largest difference of a logit; `answers`, share that flip.

    `score` is the difference of accuracy or F1.
    """
    far = {
        f"step {step}": float(np.abs(unpacked(z) - unpacked(reference["logits"][step])).max())
        for step, z in run["logits"].items()
    }
    flips = np.mean(unpacked_answers(run["answers"]) != unpacked_answers(reference["answers"]))
    return far | {"answers": float(flips), "score": run["score"] - reference["score"]}


def compared(found: Found, task: str) -> dict[str, list[dict[str, float]]]:
    """How far each way but the first is from the first, with the same seed: way to one entry a seed."""
    runs = {(r["way"], r["seed"]): r for r in found["runs"] if r["task"] == task}
    seeds = sorted({seed for _, seed in runs})
    return {way: [moved(runs[way, s], runs[AS_IT_IS, s]) for s in seeds] for way in WAYS if way != AS_IT_IS}


def limits(found: Found, task: str) -> tuple[float, float]:
    """What another machine may move: how far the score may be off, and which share of the answers must agree.

    Each is twice the most that was seen, as for the bands of a page.
    """
    ways = compared(found, task)
    seen = [m for way in MACHINES for m in ways[way]]
    off, flips = (max(abs(m[name]) for m in seen) for name in ("score", "answers"))
    return max(2 * off, SMALLEST), 1 - max(2 * flips, SMALLEST)


def plan(_: Sequence[Run] = ()) -> list[tuple[str, str, int]]:
    """Every run, `(task, way, seed)`, seed by seed."""
    return [(task, way, seed) for seed in range(SEEDS) for task in CORPUS for way in WAYS]


def depends(task: str, way: str, seed: int) -> dict[str, Any]:
    """A run is that of its way, the recipe, BERT's weights and its corpus."""
    weights, read = models.weights_digest("bert"), data_digests(CORPUS[task])
    return {"way": WAYS[way], "recipe": RECIPE, "rows": [ROWS, READ], "weights": weights, "data": read}


EXPERIMENT = Experiment("moves", plan, run, depends, about="one training, computed in other ways; half an hour")

if __name__ == "__main__":
    task, way, seed, out = sys.argv[1:]
    np.savez(out, allow_pickle=False, **train(task, WAYS[way], int(seed)))
