"""The two profiles: which names and sizes a chapter runs with. The one place that knows; no chapter has an `if gpu`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyft.errors import unknown


@dataclass(frozen=True)
class Checkpoint:
    """Where pretrained weights come from: an artefact (`pyft.data.artefacts`), or a hub repository at a revision."""

    artefact: str | None = None
    hub_id: str | None = None
    revision: str | None = None
    architecture: str | None = None  # what the artefact's weights are carried into (`pyft.models.conversion`)
    prepared: bool = False  # whether what `pyft pretrain` kept under this name is applied on top


@dataclass(frozen=True)
class HubData:
    """A hub's data set at a pinned revision: parquet files `folder/split-….parquet`."""

    hub_id: str
    revision: str
    folder: str = "data"
    text: str = "text"  # the column that we call `text`
    splits: dict[str, str] = field(default_factory=lambda: {"train": "train", "test": "test"})  # theirs -> ours


FAST_PATH = ("last layer", "embedding", "dropout")  # the parts of `pyft.finetune.fast_path`


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters of one fine-tuning run."""

    epochs: int
    batch_size: int
    lr: float  # peak learning rate, reached after the warm-up
    warmup: float = 0.1  # share of all steps
    weight_decay: float = 0.01
    max_norm: float = 1.0  # gradient clipping
    max_length: int = 128  # tokens; longer texts are cut at the end
    evaluations: int = 4  # how often the validation loss is measured on the way
    schedule: str = "linear"  # of the learning rate, from `pyft.maths.schedules`
    accumulate: int = 1  # parts that a batch goes through in, one after the other
    patience: int = 0  # measurements without a lower validation loss, then training stops; 0: it never does
    label_smoothing: float = 0.0
    layer_decay: float = 1.0  # the rate of a layer over that of the one above it
    decay_biases: bool = False  # whether weight decay is on biases and LayerNorms too
    length_window: int = 50  # batches whose texts are sorted by length together; 1: batches are random
    fast_path: tuple[str, ...] = FAST_PATH  # work that a step is spared; (): the library's model as it is


@dataclass(frozen=True)
class Profile:
    """Checkpoints by architecture, the recipes that chapters share, and the corpora that come from a hub by name.

    A recipe of one chapter alone lies in its folder, `pyft/course/chN_M_name/recipes.py`.
    """

    checkpoints: dict[str, Checkpoint]
    recipes: dict[str, Recipe]
    data: dict[str, HubData] = field(default_factory=dict)


_CONTINUED = {  # MiniLM trained on under three objectives, at equal compute; their weights come with the package
    f"{name}-continued": Checkpoint(artefact="minilm", architecture=name, prepared=True)
    for name in ("bert", "roberta", "xlnet")
}
PROFILES: dict[str, Profile] = {
    "laptop": Profile(
        checkpoints={
            **{name: Checkpoint(artefact="minilm") for name in ("bert", "minilm")},
            "roberta": Checkpoint(artefact="minilm", architecture="roberta"),
            "xlnet": Checkpoint(artefact="minilm", architecture="xlnet", prepared=True),
            "bert-cased": Checkpoint(artefact="minilm"),  # there is no cased one on a laptop
            "multilingual": Checkpoint(artefact="multilingual-e5"),  # with the words that the corpora use
            **_CONTINUED,
        },
        recipes={
            "sentiment": Recipe(epochs=2, batch_size=32, lr=2e-4),
            "own-data": Recipe(epochs=3, batch_size=16, lr=1e-4),
        },
    ),
    "gpu": Profile(
        checkpoints={
            "minilm": Checkpoint(artefact="minilm"),
            "multilingual": Checkpoint(artefact="multilingual-e5"),
            **_CONTINUED,
            "bert": Checkpoint(
                hub_id="google-bert/bert-base-uncased", revision="86b5e0934494bd15c9632b12f734a8a67f723594"
            ),
            "bert-cased": Checkpoint(
                hub_id="google-bert/bert-base-cased", revision="cd5ef92a9fb2f889e972770a36d4ed042daf221e"
            ),
            "roberta": Checkpoint(
                hub_id="FacebookAI/roberta-base", revision="e2da8e2f811d1448a5b465c236feacd80ffbac7b"
            ),
            # `main` has pickled weights alone; this is refs/pr/1: the same files, and the weights as safetensors.
            "xlnet": Checkpoint(hub_id="xlnet/xlnet-base-cased", revision="364e6ee6c9d8bd3b6f63a852cfd4fdc1d22d3674"),
        },
        recipes={  # Devlin et al. 2019, appendix A.3
            "sentiment": Recipe(epochs=3, batch_size=32, lr=2e-5),
            "own-data": Recipe(epochs=3, batch_size=16, lr=2e-5),
        },
        data={
            # The labels of its test split were never published.
            "sst2": HubData(
                hub_id="stanfordnlp/sst2",
                revision="8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb",
                text="sentence",
                splits={"train": "train", "validation": "test"},
            ),
            "ag-news": HubData(hub_id="fancyzhx/ag_news", revision="eb185aade064a813bc0b7f42de02595523103ca4"),
            "sms-spam": HubData(
                hub_id="ucirvine/sms_spam",
                revision="cae486f927c250fe1d4a5b55f11357964ed1646c",
                folder="plain_text",
                text="sms",
                splits={"train": "train"},
            ),
            "conll2003": HubData(
                hub_id="lhoestq/conll2003",
                revision="19edcb426bfd625c275c17b9a99b2239243f4377",
                splits={"train": "train", "validation": "validation", "test": "test"},
            ),
        },
    ),
}


def profile(name: str) -> Profile:
    """The profile of that name. Raises `PyftError` for an unknown name."""
    if name not in PROFILES:
        raise unknown("profile", name, list(PROFILES))
    return PROFILES[name]


def recipe(name: str, task: str, own: Mapping[str, Mapping[str, Recipe]] | None = None) -> Recipe:
    """The recipe of a task in a profile, from a chapter's own table by profile and task, or from the shared one.

    Raises:
        PyftError: an unknown name.
    """
    shared = profile(name).recipes
    recipes = shared if own is None else own[name]
    if task not in recipes:
        raise unknown(f"recipe of profile {name!r}", task, list(recipes))
    return recipes[task]
