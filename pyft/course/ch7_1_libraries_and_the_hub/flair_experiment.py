"""Flair beside the book's own loop, on the same sentences of CoNLL-2003: `pyft bench flair`.

Flair asks for an older Transformers than the book's lock has, so it runs in an environment of its own.
"""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from pyft import data, models, paths
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch6_3_named_entities import experiment as ner
from pyft.course.ch6_3_named_entities.experiment import pack_tags, unpack_tags
from pyft.errors import PyftError
from pyft.evaluation.ner import Tags, gold_tags, score, tag_names
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import set_seed

KINDS, SEEDS = ("Flair", "ours"), 5
MODEL, SETUP = "bert", ner.SETUPS["sentence"]
# Tags as ours has them (Flair's own are BIOES); no dropout before the head, where Flair's own is 0.5 and ours 0.1.
TAGGER = {"tag_format": "BIO", "locked_dropout": 0.0}
FLAIR = Family("libraries on entities", (("Flair", "ours"),))  # declared before any run is read

ENVIRONMENT = paths.ROOT / "_build" / "flair"
LOCK = paths.ROOT / "requirements-flair.lock"
SCRIPT = Path(__file__).with_name("flair_tagger.py")


def run(kind: str, seed: int) -> dict[str, Any]:
    """Fine-tune on one seed's sentences, with Flair or with our loop, and tag the test split."""
    splits = data.load("conll2003")
    names, true = tag_names(splits["train"]), gold_tags(splits["test"])
    if kind == "ours":
        made = ner.run(MODEL, "sentence", seed)
        both = unpack_tags(made["tags"], names, list(map(len, true)) * 2)
        found = {"tags": both[: len(true)], "seconds": made["seconds"]}  # by the greedy decoding, as Flair's
    else:
        set_seed(seed)
        model, tokenizer = models.load(MODEL, "token-classification", num_labels=len(names))
        train = splits["train"].shuffle(seed=seed).select(range(SETUP.rows or len(splits["train"])))
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            model.base_model.save_pretrained(folder / "model")
            tokenizer.save_pretrained(folder / "model")
            write_words(folder / "train.txt", train["tokens"], gold_tags(train))
            write_words(folder / "test.txt", splits["test"]["tokens"])
            found = with_flair(folder, seed)
    tags = found.pop("tags")
    return {"kind": kind, "seed": seed, "f1": round(score(true, tags).f1, 6)} | found | {"tags": pack_tags(tags, names)}


def write_words(path: Path, words: Sequence[Sequence[str]], tags: Tags | None = None) -> None:
    """Columns as CoNLL has them: a word a line, behind it its tag if there are any, and a gap after a sentence."""
    columns = [words] if tags is None else [words, tags]
    rows = ["\n".join(map(" ".join, zip(*row, strict=True))) for row in zip(*columns, strict=True)]
    path.write_text("\n\n".join(rows) + "\n", encoding="utf8")


def with_flair(folder: Path, seed: int) -> dict[str, Any]:
    """What `flair_tagger.py` finds, in Flair's environment: tags, seconds, versions.

    Raises:
        PyftError: there is no such environment, it has another Flair than the lock, or Flair stopped with an error.
    """
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    commands = f"python -m venv _build/flair\n{python} -m pip install -r requirements-flair.lock"
    if not python.is_file():
        raise PyftError(f"Flair has an environment of its own, which is missing. To make it:\n{commands}")
    recipe = SETUP.recipe
    settings: dict[str, Any] = {
        "seed": seed,
        "threads": torch.get_num_threads(),
        "epochs": recipe.epochs,
        "lr": recipe.lr,
    }
    settings |= {"batch_size": recipe.batch_size, "warmup": recipe.warmup, "tagger": TAGGER}
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf8")
    alone = {"FLAIR_CACHE_ROOT": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
    # -I: nothing of this checkout can be imported in place of what the environment has.
    command = [str(python), "-I", str(SCRIPT), str(folder)]
    done = subprocess.run(command, env=os.environ | alone, capture_output=True, text=True)
    if done.returncode:
        raise PyftError(f"Flair stopped with an error: {done.stderr.strip()[-500:]}")
    found: dict[str, Any] = json.loads((folder / "found.json").read_text(encoding="utf8"))
    if found["versions"]["flair"] != locked("flair"):
        raise PyftError(
            f"the environment has Flair {found['versions']['flair']}, expected {locked('flair')}. Remove _build/flair, "
            f"and make it anew:\n{commands}"
        )
    return found


def locked(name: str, lock: Path | None = None) -> str:
    """The version of a package in a lock, by default in Flair's. Raises `PyftError` if it is not there."""
    path = lock or LOCK
    found = re.search(rf"^{name}==([^ \n]+)", path.read_text(encoding="utf8"), re.MULTILINE)
    if not found:
        raise PyftError(f"{path.name} locks no {name}: make it anew with `make lock`.")
    return found[1]


def plan(_: Sequence[Run] = ()) -> list[tuple[str, int]]:
    """Every run, `(kind, seed)`, seed by seed: a busy machine then slows both kinds alike."""
    return [(kind, seed) for seed in range(SEEDS) for kind in KINDS]


def depends(kind: str, seed: int) -> dict[str, Any]:
    """A run is that of its setup, of its model's weights, of the corpus, and of Flair's version."""
    same = {"setup": SETUP, "weights": models.weights_digest(MODEL), "data": data_digests("conll2003")}
    return same | ({"tagger": TAGGER, "flair": locked("flair")} if kind == "Flair" else {})


EXPERIMENT = Experiment("flair", plan, run, depends, about="entities with Flair and with our loop; an hour")
