"""Names by group, those that are tested and those that are swapped in; and what is swapped."""

from random import Random

import pytest

from pyft.course.ch8_3_3_fairness import naming
from pyft.course.ch8_3_3_fairness.recipes import COPIED, GROUPS, LINEAR, PLAIN, SWAPPED
from pyft.data import published


@pytest.fixture(autouse=True)
def lists(monkeypatch):
    """A hundred made-up names of each group and part; "Lee" is in two lists, "Redcloud" a last name alone."""

    def made(group, part):
        stem = f"{group[0].upper()}{part}{'n' if group == 'native_american' else ''}"
        return [f"{stem}{chr(97 + i // 10)}{chr(97 + i % 10)}" for i in range(100)]

    parts = {group: {part: made(group, part) for part in GROUPS if group in GROUPS[part]} for group in GROUPS["last"]}
    for group in ("asian", "white"):
        parts[group]["last"].append("Lee")
    monkeypatch.setattr(published, "names", lambda: parts)
    for cached in (naming.halves, naming._known):
        cached.cache_clear()
    yield parts
    for cached in (naming.halves, naming._known):
        cached.cache_clear()


def test_tested_names_are_never_swapped_in(lists):
    for part in GROUPS:
        for group in GROUPS[part]:
            test, train = naming.halves(part, group)
            assert not set(test) & set(train)
            assert sorted(test + train) == sorted(set(lists[group][part]) - {"Lee"})


def test_as_many_names_of_every_group(monkeypatch):
    monkeypatch.setattr(naming, "NAMES", 5)
    for part in GROUPS:
        names, groups = naming.tested(part)
        assert len(set(names)) == len(names) == 5 * len(GROUPS[part])
        assert groups == [group for group in GROUPS[part] for _ in range(5)]


def test_names_within_a_sentence_are_swapped_and_nothing_else():
    text = "Films with Afirstaa Wlastab, not Films. Afirstaa is good in Rome, and Lee is."
    made = naming.swap(text, Random(0))
    words, were = made.split(), text.split()
    changed = [(a, b) for a, b in zip(were, words, strict=True) if a != b]
    assert [a for a, _ in changed] == [
        "Afirstaa",
        "Wlastab,",
        "Lee",
    ]  # at the beginning of a sentence none is looked for
    train = {part: {n for group in GROUPS[part] for n in naming.halves(part, group)[1]} for part in GROUPS}
    assert changed[0][1] in train["first"]
    assert changed[1][1].rstrip(",") in train["last"]
    assert naming.swap("Nobody is in it.", Random(0)) == "Nobody is in it."


def test_copies_are_of_texts_with_a_name_and_the_control_s_as_many():
    texts, labels = ["with Afirstaa", "with nobody", "by Wlastab"], [1, 0, 0]
    made = {arm: naming.with_copies(texts, labels, arm, 3) for arm in (PLAIN, COPIED, SWAPPED, LINEAR)}
    assert made[PLAIN] == made[LINEAR] == (texts, labels)
    assert made[COPIED] == ([*texts, texts[0], texts[2]], [1, 0, 0, 1, 0])
    assert made[SWAPPED][1] == made[COPIED][1]
    assert made[SWAPPED][0][:3] == texts
    assert not set(made[SWAPPED][0][3:]) & set(texts)
    assert made[SWAPPED] == naming.with_copies(texts, labels, SWAPPED, 3)


def test_a_frequent_name_stands_beside_a_rare_one_of_its_group(monkeypatch, lists):
    monkeypatch.setattr(naming, "PAIRS", 2)
    names = [name for group in ("hispanic", "white") for name in lists[group]["first"][:6]]
    vocabulary = {name.lower(): i for i, name in enumerate(names)}
    pairs = naming.by_frequency(vocabulary)
    assert pairs == [(names[0], names[5]), (names[1], names[4]), (names[6], names[11]), (names[7], names[10])]
    for frequent, rare in naming.by_frequency(vocabulary, split=True):
        assert frequent[0] == rare[0]
        assert frequent.lower() in vocabulary
        assert rare.lower() not in vocabulary
