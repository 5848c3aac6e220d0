"""Folders as `pyft finetune` leaves them, written without training."""

import json

from own_files import table

from pyft.data import from_files
from pyft.finetune.output_folder import file_digest

RECIPE = {"epochs": 3, "max_length": 64, "lr": 1e-4, "batch_size": 16, "patience": 4}
WIDE = {"accuracy": 0.9, "interval": [0.86, 0.93], "macro_f1": 0.9}


def labelled_rows(folder, n=120):
    """A file of n test rows, half of them good."""
    path = folder / "test.csv"
    path.write_text(table([(f"the {'good' if i % 2 else 'bad'} film {i}", "np"[i % 2]) for i in range(n)]))
    return path


def run(folder, test, wrong=(), seed=0, rows=100, data="data", recipe=RECIPE, scores=None, task=None, **changes):
    """A finished run that is wrong on the rows `wrong`; its folder."""
    task = task or "sequence-classification"
    folder.mkdir()
    right = {str(i): row["label"] for i, row in enumerate(from_files.read(test, task))}
    other = {"n": "p", "p": "n"}
    found = {i: (y if int(i) not in wrong else other[y]) if y in other else y for i, y in right.items()}
    found |= changes.pop("found", {})
    inputs = {"task": task, "model": "bert", "profile": "laptop", "epochs": None, "seed": seed}
    inputs |= {"columns": [None, None, "iob2"], "data": data, "validation": None, "test": file_digest(test)} | changes
    against = {"verdict": changes.pop("verdict", "better"), "p": 0.01}
    scores = scores or {"model": WIDE, "TF-IDF": WIDE | {"accuracy": 0.8}, "against TF-IDF": against}
    card = {"task": task, "labels": ["n", "p"], "max_length": 64, "recipe": recipe, "warnings": ["few rows"]}
    card |= {"rows": {"train": rows, "validation": 10, "test": len(found)}, "scores": scores, "seed": seed}
    (folder / "pyft.json").write_text(json.dumps(card))
    (folder / "pyft-run.json").write_text(json.dumps({"inputs": inputs, "wrote": [], "finished": True}))
    (folder / "test.jsonl").write_text("".join(json.dumps({"id": i, "found": y}) + "\n" for i, y in found.items()))
    return folder
