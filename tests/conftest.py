"""Tiny models and a small checkout for the unit tests: offline, milliseconds."""

import importlib.util
import json
import os
from pathlib import Path

import nbformat
import pytest
import torch
from filelock import FileLock
from hypothesis import settings
from nbformat import v4
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from pyft import models, paths
from pyft.benchmarks import experiment
from pyft.book import build, chapters
from pyft.exercises import check
from pyft.models import loading

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film", "a", "the", "poison"]

settings.register_profile("whole", deadline=None)  # beside other work a case may take any time
settings.register_profile("quick", deadline=None, max_examples=10)  # `make unit`
settings.load_profile("whole")


@pytest.fixture(autouse=True)
def on_the_cpu(request, monkeypatch):
    """The same numbers on every machine: a GPU computes in half precision. `test_gpu.py` says what it is to show."""
    if request.path.stem != "test_gpu":
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(scope="session")
def html(tmp_path_factory):
    """The built book, once a test run for all its workers, which look at it at the same time.

    PYFT_SITE names one that is there already, such as one with a fault in it. A clone without a place on GitHub gets
    one, so that there are launch buttons to look at.
    """
    if "PYFT_SITE" in os.environ:
        return Path(os.environ["PYFT_SITE"])
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with FileLock(folder / "html.lock"):
        if not (folder / "html").exists():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("PYFT_REPOSITORY", paths.repository() or "https://github.com/owner/name")
                (folder / "html").write_text(str(build.build().parent), encoding="utf8")
    return Path((folder / "html").read_text(encoding="utf8"))


@pytest.fixture
def script():
    """A function that loads a file of `scripts/`, which is no package, as a module of its own."""

    def load(name):
        spec = importlib.util.spec_from_file_location(name, paths.ROOT / "scripts" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def tokenizer(tmp_path):
    """A BERT tokenizer that knows WORDS."""
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(WORDS), encoding="utf8")
    return BertTokenizerFast(vocab=str(path))


@pytest.fixture
def tiny_bert():
    """A function that makes a tiny random BERT, the same for the same seed."""

    def make(seed=0, num_labels=2, **options):
        torch.manual_seed(seed)
        return BertForSequenceClassification(
            BertConfig(
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=64,
                vocab_size=len(WORDS),
                max_position_embeddings=128,
                num_labels=num_labels,
                **options,
            )
        )

    return make


@pytest.fixture
def tiny_minilm(tmp_path, tiny_bert, tokenizer, monkeypatch):
    """A tiny model in place of MiniLM, and an empty folder for what is kept: the folder that holds both."""
    saved = tmp_path / "saved"
    tiny_bert().bert.save_pretrained(saved)
    tokenizer.save_pretrained(saved)
    monkeypatch.setattr(loading, "files", lambda name: {path.name: path for path in saved.iterdir()})
    for module in (models, loading):  # a folder remembers what it handed on: it first, while that is the real one
        monkeypatch.setattr(module, "delta_file", lambda name: tmp_path / "weights" / f"{name}.safetensors")
    return tmp_path


@pytest.fixture
def same_torch_afterwards():
    """`set_seed` switches torch as a whole; later tests must not depend on it."""
    before, state = torch.are_deterministic_algorithms_enabled(), torch.get_rng_state()
    yield
    torch.use_deterministic_algorithms(before)
    torch.set_rng_state(state)


class House:
    """A small checkout in a temporary folder: chapters, a package, a lock, evidence; none of it is the real one's."""

    def __init__(self, root):
        self.root = root
        self.results = root / "book" / "results"
        self.write("requirements.lock", "numpy==1\n")
        self.write("pyft/__init__.py", "x = 1\n")
        self.write("book/results/bands.json", json.dumps({"laptop": {}}))
        self.write("book/results/published.json", json.dumps({"human_r": {"value": 0.9}, "vader_r": {"value": 0.5}}))

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8", newline="\n")
        return path

    def chapter(self, name, *cells):
        """Write a chapter of these cells, each a text or `(text, tags)`; Markdown begins with `#`."""
        made = []
        for cell in cells:
            source, tags = (cell, ()) if isinstance(cell, str) else cell
            made.append(v4.new_markdown_cell(source) if source.startswith("#") else v4.new_code_cell(source))
            if tags:
                made[-1].metadata["tags"] = list(tags)
            made[-1]["id"] = f"cell-{len(made)}"
        path = self.root / "chapters" / "1_part" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(v4.new_notebook(cells=made), path)
        return path

    def edit(self, path, change):
        """Let `change` alter the notebook in place."""
        notebook = nbformat.read(path, as_version=4)
        change(notebook)
        nbformat.write(notebook, path)


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A small checkout that pyft takes for its own."""
    root = tmp_path / "house"
    monkeypatch.setattr(paths, "ROOT", root)
    monkeypatch.setattr(chapters, "CHAPTERS", root / "chapters")
    monkeypatch.setattr(paths, "BUILD", root / "_build")
    monkeypatch.setattr(build, "HTML", root / "_build" / "html")
    for name in ("PYFT_RECORD_TO", "PYFT_CALIBRATING", "PYFT_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    return House(root)


@pytest.fixture
def said(capsys):
    """A function: the one line that `exercises.check` prints on an answer, without its beginning."""

    def line(name, answer):
        capsys.readouterr()
        check(name, answer)
        printed = capsys.readouterr().out
        assert printed.startswith(f"exercise {name}: ") and printed.count("\n") == 1
        return printed.removeprefix(f"exercise {name}: ").rstrip()

    return line


@pytest.fixture(autouse=True)
def no_digest_of_another_test():
    """Corpora are small stand-ins in some tests, under the names of the real ones."""
    experiment._fingerprint.cache_clear()
    yield
    experiment._fingerprint.cache_clear()
