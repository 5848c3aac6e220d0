"""The program that chapter 5 ends with runs as it is printed, against a small hub on this machine."""

import io
import os
import re
import subprocess
import sys

import hub as local
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from pyft.book.chapters import chapters
from pyft.profiles import PROFILES

GPU = PROFILES["gpu"]


def program():
    cells = [cell.source for cell in chapters()["5"].read().cells if cell.cell_type == "markdown"]
    (found,) = [block for cell in cells for block in re.findall(r"```python\n(.*?)```", cell, re.DOTALL)]
    return found


def sentences(n):
    rows = [
        {"idx": i, "sentence": "the " * (i % 5) + ("good" if i % 2 else "bad") + " film", "label": i % 2}
        for i in range(n)
    ]
    features = {"idx": Value("int32"), "sentence": Value("string"), "label": ClassLabel(names=["negative", "positive"])}
    buffer = io.BytesIO()
    Dataset.from_list(rows, features=Features(features)).to_parquet(buffer)
    return buffer.getvalue()


@pytest.fixture
def there(tiny_bert, tokenizer, tmp_path):
    """A hub with a tiny BERT and a few sentences at the pinned commits of the real ones."""
    folder = tmp_path / "bert"
    tiny_bert().bert.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    with local.running() as served:
        bert, sst2 = GPU.checkpoints["bert"], GPU.data["sst2"]
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        served.repository(bert.hub_id).commit(files, bert.revision)
        splits = {f"data/{split}-00000-of-00001.parquet": sentences(n) for split, n in [("train", 96), ("test", 8)]}
        splits["data/validation-00000-of-00001.parquet"] = sentences(16)
        served.repository(sst2.hub_id, "dataset").commit(splits, sst2.revision)
        yield served


@pytest.mark.long
def test_the_program_of_today_runs_from_the_hub_to_the_sentence(there, tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS_"))}
    home = {"HF_ENDPOINT": there.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program()], env=environment | home, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"\[\{'label': '(positive|negative)', 'score': 0\.\d+\}\]\n$", done.stdout)
    assert done.stdout.count("eval_accuracy") or done.stderr.count("eval_accuracy")  # measured at each epoch's end
    assert {"model.safetensors", "tokenizer.json"} <= {path.name for path in (tmp_path / "model").iterdir()}
    assert len(list((tmp_path / "results").glob("checkpoint-*"))) == 3
