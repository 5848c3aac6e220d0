"""A small package in folders that hand on their names lazily, and what of a page's key its files change."""

from pyft.book import chapters, freshness

ARTEFACTS = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Artefact:
    name: str
    sha256: str
    licence: str = ""
    members: dict = None

_REVIEWS = "reviews-1.0/"
ARTEFACTS: dict[str, Artefact] = {
    artefact.name: artefact
    for artefact in (
        Artefact(name="reviews-file", sha256="aa", licence="MIT", members={_REVIEWS + "a.txt": "a1"}),
        Artefact(name="spam-file", sha256="bb"),
        Artefact(name="weights-file", sha256="cc"),
    )
}
"""
CORPORA = """
from pyft.data import artefacts
from pyft.data.splits import fold
from pyft.profiles import profile as profile_named

class Corpus: ...

def _reviews():
    return artefacts.ARTEFACTS["reviews-file"]

def _spam():
    return fold("spam")

CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (Corpus("reviews", "reviews-file", _reviews), Corpus("spam", "spam-file", lambda: _spam()))
}

def load(name, profile="laptop"):
    return "special" if name == "spam" else CORPORA[name]
"""
PROFILES = """
class Recipe: ...
class HubData: ...
class Checkpoint: ...

PROFILES = {
    "laptop": dict(
        recipes={"sentiment": Recipe(epochs=1), "topics": Recipe(epochs=2)},
        topics="spam",
        checkpoints={"bert": Checkpoint(artefact="weights-file"), "xlnet": Checkpoint(prepared=True)},
        data={"news": HubData(hub_id="a/news")},
    )
}

def profile(name):
    return PROFILES[name]

def recipe(name, task):
    return PROFILES[name]["recipes"][task]
"""
EXERCISES = """
from pyft.exercises import Exercise

def right(x):
    # its comment
    return x + 1

EXERCISES = {
    "1.1-a": Exercise(
        solution=right,
        cases=[(1,)],
        mistakes=[(lambda x: x, "A hint."), (lambda x: -x, f"Another {1}.")],
    )
}
"""
EXPERIMENT = """
from pyft.benchmarks.experiment import Experiment

def verdicts():
    \"\"\"Its docstring.\"\"\"
    return 1  # its comment

EXPERIMENT = Experiment("first", plan=[], run=verdicts)
"""
FILES = {
    "__init__.py": '_NAMES = {"show": "evidence"}\n__getattr__, __dir__ = lazily(__name__, _NAMES)\n',
    "_lazy.py": "def lazily(name, names):\n    return None, None\n",
    "profiles.py": PROFILES,
    "plots.py": "def style():\n    return 0\n",
    "exercises.py": (
        "import importlib\nfrom pyft.evidence import show\nclass Exercise: ...\n"
        "def check(name, answer): ...\ndef reveal(name):\n    solution = name\n    show(solution)\n"
    ),
    "data/__init__.py": (
        "from pyft._lazy import lazily\n"
        '_NAMES = {"load": "corpora", "CORPORA": "corpora", "card": "cards"}\n'
        "__getattr__, __dir__ = lazily(__name__, _NAMES)\n"
    ),
    "data/artefacts.py": ARTEFACTS,
    "data/corpora.py": CORPORA,
    "data/splits.py": "def fold(text):\n    return text\n",
    "data/cards.py": "from pyft.data.corpora import CORPORA\ndef card(name):\n    return CORPORA[name]\n",
    "models/__init__.py": '_NAMES: dict[str, str] = {"load": "loading"}\n',
    "models/loading.py": (
        "from pyft.data import artefacts\nfrom pyft.profiles import profile\n"
        "def load(name, task):\n    return artefacts.ARTEFACTS[profile('laptop')[name]] or 'xlnet'\n"
    ),
    "evidence/__init__.py": (
        '_NAMES = {"bench": "records", "results": "records", "published": "records", "show": "display"}\n'
    ),
    "evidence/records.py": "def bench(name): ...\ndef results(chapter): ...\ndef published(name): ...\n",
    "evidence/display.py": "def show(obj): ...\n",
    "benchmarks/experiment.py": "class Experiment:\n    def load(self): ...\n",
    "benchmarks/registry.py": 'EXPERIMENTS = {"second": "pyft.course.ch1_2_second.experiment:EXPERIMENT"}\n',
    "course/ch1_1_first/__init__.py": "",
    "course/ch1_1_first/experiment.py": EXPERIMENT,
    "course/ch1_1_first/exercises.py": EXERCISES,
    "course/ch1_2_second/experiment.py": EXPERIMENT.replace("first", "second"),
    "course/ch1_2_second/exercises.py": EXERCISES.replace("1.1", "1.2"),
    "course/ch1_2_1_deeper/exercises.py": EXERCISES.replace("1.1", "1.2.1"),
}
BENCHMARKS = ("first", "second", "models")

ROWS = {  # file, text, what it becomes
    "an artefact": (
        "data/artefacts.py",
        '        Artefact(name="spam-file"',
        '        Artefact(name="new", sha256="n"),\n        Artefact(name="spam-file"',
    ),
    "a folder of its members": ("data/artefacts.py", "_REVIEWS = ", '_NEW = "new-1.0/"\n_REVIEWS = '),
    "a corpus": ("data/corpora.py", "for corpus in (", 'for corpus in (Corpus("new", "new", lambda: _new()), '),
    "its reader": ("data/corpora.py", "def _spam", "def _new():\n    return 1\n\ndef _spam"),
    "another corpus's reader": ("data/corpora.py", 'fold("spam")', 'fold("sms")'),
    "a recipe": ("profiles.py", '"topics": Recipe(epochs=2)', '"topics": Recipe(epochs=2), "new": Recipe(epochs=3)'),
    "another recipe": ("profiles.py", "epochs=2", "epochs=3"),
    "a hub's data set": ("profiles.py", "data={", 'data={"new": HubData(hub_id="a/new"), '),
    "a licence": ("data/artefacts.py", "MIT", "Apache"),
}


def only(numbers=()):
    """The one chapter of the small checkout, or of these numbers."""
    (chapter,) = chapters.select(numbers)
    return chapter


def touched(before, after):
    """The parts of a key that differ."""
    return {part for part in before if before[part] != after[part]}


def stale_after(house, name, old, new):
    """The parts of the key that change when a text that stands once in a file becomes another."""
    path = house.root / name
    text = path.read_text(encoding="utf8")
    assert text.count(old) == 1, name
    before = freshness.key(only())
    house.write(name, text.replace(old, new))
    after = freshness.key(only())
    house.write(name, text)
    return touched(before, after)


def reached(house, *cells):
    """The files of the package that a page of these cells depends on."""
    house.chapter("1_1_a", *cells)
    found = set()
    for name in FILES:
        before = freshness.key(only())
        text = (house.root / "pyft" / name).read_text(encoding="utf8")
        house.write(f"pyft/{name}", text + "\nadded = 1\n")
        if touched(before, freshness.key(only())):
            found.add(name.removesuffix(".py"))
        house.write(f"pyft/{name}", text)
    return found
