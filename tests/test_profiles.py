"""The table of profiles is complete and pinned; a wrong name is answered with the right ones."""

import re
from importlib import import_module

import pytest

from pyft import paths
from pyft.data.artefacts import ARTEFACTS
from pyft.errors import PyftError
from pyft.profiles import PROFILES, profile, recipe

MODULES = [
    import_module(f"pyft.course.{path.parent.name}.recipes")
    for path in sorted((paths.ROOT / "pyft" / "course").glob("*/recipes.py"))
]
OWN = [module.RECIPES for module in MODULES if hasattr(module, "RECIPES")]
TASKS = [(task, None) for task in PROFILES["laptop"].recipes] + [(task, own) for own in OWN for task in own["laptop"]]


@pytest.mark.parametrize("name", PROFILES)
def test_every_checkpoint_is_one_artefact_or_one_pinned_commit(name):
    for checkpoint in profile(name).checkpoints.values():
        if checkpoint.artefact:
            assert checkpoint.artefact in ARTEFACTS
            assert checkpoint.hub_id is checkpoint.revision is None
        else:
            assert re.fullmatch(r"[\w-]+/[\w.-]+", checkpoint.hub_id)
            assert re.fullmatch(r"[0-9a-f]{40}", checkpoint.revision)


def test_the_laptop_needs_no_hub():
    assert all(checkpoint.artefact for checkpoint in profile("laptop").checkpoints.values())


def test_a_chapter_finds_the_same_names_in_every_profile():
    assert len({(frozenset(p.checkpoints), frozenset(p.recipes)) for p in PROFILES.values()}) == 1
    assert len(OWN) >= 3
    for own in OWN:
        assert own.keys() == PROFILES.keys() and len({frozenset(recipes) for recipes in own.values()}) == 1


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("task,own", TASKS)
def test_every_recipe_can_be_run(name, task, own):
    r = recipe(name, task, own)
    assert r.epochs >= 1
    assert r.batch_size >= 1
    assert 0 < r.lr < 1
    assert 0 <= r.warmup < 1
    assert r.evaluations >= 1


@pytest.mark.parametrize(
    "ask,said",
    [
        (lambda: profile("laptap"), r"unknown profile 'laptap'\. Did you mean 'laptop'\? Known: laptop, gpu"),
        (lambda: recipe("tpu", "sentiment"), "unknown profile 'tpu'"),
        (lambda: recipe("laptap", "reviews", OWN[0]), "unknown profile 'laptap'"),
        (lambda: recipe("gpu", "review", OWN[0]), r"unknown recipe of profile 'gpu' 'review'\. Did you mean 'reviews'"),
        (
            lambda: recipe("gpu", "sentiments"),
            r"unknown recipe of profile 'gpu' 'sentiments'\. Did you mean 'sentiment'",
        ),
    ],
)
def test_an_unknown_name_is_answered_with_those_there_are(ask, said):
    with pytest.raises(PyftError, match=said):
        ask()
