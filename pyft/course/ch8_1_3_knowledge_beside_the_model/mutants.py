"""Plausible mistakes in the lists of section 8.1.3, one line each; several of them are leaks."""

from types import ModuleType

from pyft.course.ch8_1_3_knowledge_beside_the_model import lists, proofs
from pyft.mutation import Family, Mutant, broken_copy

PROOFS: dict[str, Family] = {
    "what lists hold": proofs.made,
    "what is told": proofs.marks,
    "who knows the test": proofs.honest,
}


def code() -> ModuleType:
    """The module as it is."""
    return lists


def mutate(module: str, old: str, new: str) -> ModuleType:
    """A fresh copy of the module, broken; the real one is not touched."""
    return broken_copy(lists, old, new)


def _broken(name: str, old: str, new: str, note: str) -> Mutant:
    return Mutant(name, "lists", old, new, note)


MUTANTS: list[Mutant] = [
    _broken(
        "a list of the test",
        '"own": lambda: from_sentences(train)',
        '"own": lambda: from_sentences(test)',
        "one word, and every score is worth nothing",
    ),
    _broken(
        "all that is there",
        '"own": lambda: from_sentences(train)',
        '"own": lambda: from_sentences([*train, *test])',
        'the names of "the corpus" are the test\'s too',
    ),
    _broken(
        "public, and a little more",
        '"public": lambda: public,',
        '"public": lambda: public | from_sentences(test),',
        "names that were missing were added while looking at errors",
    ),
    _broken("a leak that is none", "public | from_sentences(test)", "public", "the control controls nothing"),
    _broken("no arm without", '"none": lambda: Lists()', '"none": lambda: public', "both sides have the list"),
    _broken("case", "folded = word.casefold()", "folded = word", "no name is ever found"),
    _broken("no capital needed", "if not word[:1].isupper():", "if False:", "may and will are persons"),
    _broken("upper case alone", "word[:1].isupper()", "word.isupper()", "headlines alone are looked up"),
    _broken(
        "last names for first",
        'Lists(single_words(parts["first"]), single_words(parts["last"]))',
        'Lists(single_words(parts["last"]), single_words(parts["first"]))',
        "columns exchanged",
    ),
    _broken("spaces", "name.strip().casefold()", "name.casefold()", "a space at the end, and a name is lost"),
    _broken("several words", 'if name and " " not in name', "if name", "never matched, and the list looks longer"),
    _broken("every kind", 'if s.kind == "PER":', "if s.kind:", "towns become persons"),
    _broken(
        "a lone name is a first name", "if s.end - s.start > 1:", "if s.end:", "most persons are named by their last"
    ),
    _broken("the second word", "last.append(words[s.end - 1])", "last.append(words[s.start])", "von is no last name"),
    _broken("one place off", "marks[i - 1 : i + 2]", "marks[i : i + 2] + [NONE]", "a word is its own neighbour"),
    _broken("all words", "return any(", "return all(", "a name is known only if all of it is"),
]
