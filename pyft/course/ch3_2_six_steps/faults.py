"""Faults that a training may have and still look like one: each must turn a page red. `pyft bench faults`.

A fault is planted in a copy of the checkout, and a page of it runs, against the committed records.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyft import paths
from pyft.benchmarks.experiment import Experiment, Run
from pyft.errors import PyftError, unknown
from pyft.evidence.bands import Band, bands


@dataclass(frozen=True)
class Fault:
    """A mistake: `old`, which stands once in the file, becomes `new`. The page is one that trains what it breaks."""

    name: str
    file: str  # in `pyft/`
    old: str
    new: str
    page: str = "3.3"

    def plant(self, package: Path) -> None:
        """Break a copy of the package. Raises `PyftError` if the fault no longer fits its source."""
        path = package / self.file
        text = path.read_text(encoding="utf8")
        if text.count(self.old) != 1:
            raise PyftError(f"pyft/{self.file} holds {self.old!r} {text.count(self.old)} times, expected once")
        path.write_text(text.replace(self.old, self.new), encoding="utf8")


_LOOP, _BATCHES, _GROUPS = "finetune/loop.py", "finetune/batches.py", "finetune/parameter_groups.py"
_SCHEDULE = "finetune/schedule.py"
_SEEDED = "torch.manual_seed((run.seed * 1_000_003 + t) * world + rank)"
FAULTS = (
    Fault("no warm-up", _SCHEDULE, "round(recipe.warmup * total)", "0"),
    Fault("three times the warm-up", _SCHEDULE, "round(recipe.warmup * total)", "round(3 * recipe.warmup * total)"),
    Fault("a rate that never falls", _SCHEDULE, "SCHEDULES[recipe.schedule](", 'SCHEDULES["constant"]('),
    Fault("half the rate", _GROUPS, '{"peak": recipe.lr} for', '{"peak": recipe.lr / 2} for'),
    Fault("twice the rate", _GROUPS, '{"peak": recipe.lr} for', '{"peak": 2 * recipe.lr} for'),
    Fault("no weight decay", _GROUPS, '"weight_decay": weight_decay}', '"weight_decay": 0.0}', "3.3.2"),
    Fault(
        "thirty times the decay",
        _GROUPS,
        '"weight_decay": weight_decay}',
        '"weight_decay": 30 * weight_decay}',
        "3.3.2",
    ),
    Fault("decay on everything", _GROUPS, "weight_decay if biases else 0.0", "weight_decay", "3.3.2"),
    Fault("no clipping", _LOOP, "run.recipe.max_norm)\n    optimizer", 'float("inf"))\n    optimizer'),
    Fault("no dropout", _LOOP, "model.to(accelerator.device).train()", "model.to(accelerator.device).eval()"),
    Fault("the same dropout in every step", _LOOP, _SEEDED, "torch.manual_seed(run.seed)"),
    Fault("gradients that pile up", _LOOP, "    optimizer.zero_grad()\n", ""),
    Fault("the seed ignored", _LOOP, "rng = random.Random(seed)", "rng = random.Random(seed + 1)"),
    Fault("one epoch less", _LOOP, "for _ in range(recipe.epochs)", "for _ in range(recipe.epochs - 1)"),
    Fault("parts not weighted", _LOOP, "mean * (run.share(part, batch) if mine else 0.0)", "mean", "6.1.3"),
    Fault("the best weights not brought back", _LOOP, "checkpoint.restore(model, best)", "pass", "3.3.2"),
    Fault(
        "the last batch dropped",
        _BATCHES,
        "range(0, len(near), batch_size)]",
        "range(0, len(near) - batch_size + 1, batch_size)]",
    ),
    Fault(
        "padding on the wrong side", _BATCHES, 'tokenizer.padding_side == "left"', 'tokenizer.padding_side != "left"'
    ),
    Fault("padding that is read", _BATCHES, "for row in ids], 0)", "for row in ids], 1)"),
    Fault(
        "two labels of a hundred flipped",
        _BATCHES,
        'if "words" in row else y',
        'if "words" in row else y if sum(row["input_ids"]) % 50 else 1 - y',
    ),
    Fault(
        "labels at the last piece of a word",
        _BATCHES,
        "or w == before else w for before, w in zip([None, *of], of",
        "or w == after else w for after, w in zip([*of[1:], None], of",
        "6.3",
    ),
    Fault("evaluation in training mode", "models/inference.py", "    model.eval()\n", "    model.train()\n"),
    Fault("the wrong token pooled", "finetune/fast_path.py", "attention.query(x[:, :1])", "attention.query(x[:, 1:2])"),
    Fault(
        "the tokenizer's case left alone",
        "models/loading.py",
        "AutoTokenizer.from_pretrained(folder, **where)",
        "AutoTokenizer.from_pretrained(folder, do_lower_case=False, **where)",
        "6.1",
    ),
    Fault(
        "test rows in training",
        "data/splits.py",
        "place[key] = tenths[number // tenth] if number",
        "place[key] = tenths[number // tenth] if number % 3 and number",
        "6.1",
    ),
    Fault("class order reversed", "data/corpora.py", "int(rating > 0)", "int(rating < 0)"),
    Fault("a wrong I- becomes O", "data/iob2.py", 'else f"B-{split_tag(tag)[1]}"', 'else "O"', "6.3"),
)


def misfits(faults: Sequence[Fault] = FAULTS) -> list[str]:
    """The faults that no longer fit the source, by name."""
    texts = {fault.file: (paths.ROOT / "pyft" / fault.file).read_text(encoding="utf8") for fault in faults}
    return [fault.name for fault in faults if texts[fault.file].count(fault.old) != 1]


def run(name: str) -> dict[str, Any]:
    """Plant a fault in a copy of the checkout; what its page says of it there, and which unit test fails first."""
    fault = _named(name)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(paths.ROOT, copy, ignore=shutil.ignore_patterns(".*", "_build", "__pycache__", "*.egg-info"))
        fault.plant(copy / "pyft")
        page = _call(copy, "-m", "pyft", "run", fault.page, "--force", "--workers", "1")
        units = ["tests/" + fault.file.split("/")[0], "-m", "not slow and not fetched"]
        tests = _call(copy, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *units)
    error = re.search(r"\(In \[\d+\]\): (\w+): (.*?)(?:\. Something moved|$)", page.stderr, re.MULTILINE)
    failed = re.search(r"^FAILED (\S+?)(?:\[| |$)", tests.stdout, re.MULTILINE)
    said = error[2] if error else page.stderr[-500:]
    return {
        "fault": name,
        "page": fault.page,
        "red": page.returncode != 0,
        "error": error[1] if error else "",
        "said": said,
        "within_seeds": within_seeds(said, bands()),
        "unit": failed[1] if failed else "",
    }


def within_seeds(said: str, bands: Mapping[str, Band]) -> bool:
    """Whether the band of seeds would pass what a page refused: a figure that lies in it, or answers to examples alone.

    `said` is what `expect` or `agree` said (`pyft.evidence.bands`).
    """
    figure = re.match(r"(\S+) = (-?[\d.]+)( %| points)?,", said)
    if figure is None:
        return "of the answers of" in said
    value = float(figure[2]) / (100 if figure[3] else 1)
    return bool(bands[figure[1]]["low"] <= value <= bands[figure[1]]["high"])


def _call(copy: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    settings = os.environ | {"PYTHONPATH": str(copy)}
    return subprocess.run([sys.executable, *command], cwd=copy, env=settings, capture_output=True, text=True)


def _named(name: str) -> Fault:
    known = {fault.name: fault for fault in FAULTS}
    if name not in known:
        raise unknown("fault", name, list(known))
    return known[name]


def plan(_: Sequence[Run] = ()) -> list[tuple[str]]:
    """Every fault, by name."""
    return [(fault.name,) for fault in FAULTS]


def depends(name: str) -> dict[str, Any]:
    """A run is that of what is broken, and of where the page is that should say so."""
    fault = _named(name)
    return {"file": fault.file, "old": fault.old, "new": fault.new, "page": fault.page}


EXPERIMENT = Experiment("faults", plan, run, depends, about="faults planted in a training; three quarters of an hour")
