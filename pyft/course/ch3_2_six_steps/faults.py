"""Faults that a training may have and still look like one: each must turn a page red. `pyft bench faults`.

A fault is planted in a copy of the package, and a page runs with that copy, against the committed records.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyft import paths
from pyft.errors import PyftError


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
    Fault("no weight decay", _GROUPS, '"weight_decay": weight_decay}', '"weight_decay": 0.0}'),
    Fault("thirty times the decay", _GROUPS, '"weight_decay": weight_decay}', '"weight_decay": 30 * weight_decay}'),
    Fault("decay on everything", _GROUPS, "weight_decay if biases else 0.0", "weight_decay"),
    Fault("no clipping", _LOOP, "run.recipe.max_norm)\n    optimizer", 'float("inf"))\n    optimizer'),
    Fault("no dropout", _LOOP, "model.to(accelerator.device).train()", "model.to(accelerator.device).eval()"),
    Fault("the same dropout in every step", _LOOP, _SEEDED, "torch.manual_seed(run.seed)"),
    Fault("gradients that pile up", _LOOP, "    optimizer.zero_grad()\n", ""),
    Fault("the seed ignored", _LOOP, "rng = random.Random(seed)", "rng = random.Random(seed + 1)"),
    Fault("one epoch less", _LOOP, "for _ in range(recipe.epochs)", "for _ in range(recipe.epochs - 1)"),
    Fault("parts not weighted", _LOOP, "mean * (run.share(part, batch) if mine else 0.0)", "mean", "6.3"),
    Fault("the best weights not brought back", _LOOP, "checkpoint.restore(model, best)", "pass", "6.1"),
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
    Fault("a wrong I- becomes O", "data/iob2.py", 'else f"B-{split_tag(tag)[1]}"', 'else "O"', "6.3"),
)


def misfits(faults: Sequence[Fault] = FAULTS) -> list[str]:
    """The faults that no longer fit the source, by name."""
    texts = {fault.file: (paths.ROOT / "pyft" / fault.file).read_text(encoding="utf8") for fault in faults}
    return [fault.name for fault in faults if texts[fault.file].count(fault.old) != 1]
