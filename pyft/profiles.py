"""The two profiles: which names and sizes a chapter runs with. The one place that knows; no chapter has an `if gpu`."""

from dataclasses import dataclass

from pyft.errors import unknown


@dataclass(frozen=True)
class Checkpoint:
    """Where pretrained weights come from: an artefact of `pyft.artefacts`, or a hub repository at a pinned revision."""

    artefact: str | None = None
    hub_id: str | None = None
    revision: str | None = None
    prepared: str | None = None  # applied on top of the artefact: a model that `pyft pretrain` made


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


@dataclass(frozen=True)
class Profile:
    """Checkpoints by architecture, and recipes by task."""

    checkpoints: dict[str, Checkpoint]
    recipes: dict[str, Recipe]


PROFILES: dict[str, Profile] = {
    "laptop": Profile(
        checkpoints={
            **{name: Checkpoint(artefact="minilm") for name in ("bert", "minilm")},
            **{name: Checkpoint(artefact="minilm", prepared=name) for name in ("roberta", "xlnet")},
        },
        recipes={"sentiment": Recipe(epochs=2, batch_size=32, lr=2e-4)},
    ),
    "gpu": Profile(
        checkpoints={
            "bert": Checkpoint(
                hub_id="google-bert/bert-base-uncased", revision="86b5e0934494bd15c9632b12f734a8a67f723594"
            )
        },
        recipes={"sentiment": Recipe(epochs=3, batch_size=32, lr=2e-5)},  # Devlin et al. 2019, appendix A.3
    ),
}


def profile(name: str) -> Profile:
    """The profile of that name. Raises `PyftError` for a name that is not in the table."""
    if name not in PROFILES:
        raise unknown("profile", name, list(PROFILES))
    return PROFILES[name]


def recipe(name: str, task: str) -> Recipe:
    """The recipe of a task in a profile. Raises `PyftError` for a name that is not in the table."""
    recipes = profile(name).recipes
    if task not in recipes:
        raise unknown(f"recipe of profile {name!r}", task, list(recipes))
    return recipes[task]
