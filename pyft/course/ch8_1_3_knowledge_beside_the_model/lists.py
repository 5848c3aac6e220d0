"""Lists of first and last names, made from what is given and nothing else, and what a tagger is told of a sentence.

Sentences are pairs of words and IOB2 tags, so that nothing here knows where they come from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyft.data.iob2 import spans
from pyft.errors import unknown
from pyft.evaluation.taggers import Features, word_features

Sentences = Sequence[tuple[Sequence[str], Sequence[str]]]
NONE, FIRST, LAST, BOTH = "-", "F", "L", "FL"  # what a list says of a word


@dataclass(frozen=True)
class Lists:
    """First and last names, single words with their case folded."""

    first: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()

    def __or__(self, other: "Lists") -> "Lists":
        return Lists(self.first | other.first, self.last | other.last)

    def mark(self, word: str) -> str:
        """A first name, a last one, both or neither; without a capital neither."""
        if not word[:1].isupper():
            return NONE
        folded = word.casefold()
        first, last = folded in self.first, folded in self.last
        return BOTH if first and last else FIRST if first else LAST if last else NONE


def single_words(names: Iterable[str]) -> frozenset[str]:
    """Names as they are looked up: case folded, without spaces at their ends; names of several words are left out."""
    folded = (name.strip().casefold() for name in names)
    return frozenset(name for name in folded if name and " " not in name)


def from_groups(groups: Mapping[str, Mapping[str, Sequence[str]]]) -> Lists:
    """The lists of all groups together, as `pyft.data.published.names` has them; which group a name is of is lost."""
    parts = {part: [n for lists in groups.values() for n in lists.get(part, ())] for part in ("first", "last")}
    return Lists(single_words(parts["first"]), single_words(parts["last"]))


def from_sentences(sentences: Sentences) -> Lists:
    """The names of the persons that are tagged there: of several words the first and the last, of one the last."""
    first, last = [], []
    for words, tags in sentences:
        for s in spans(tags):
            if s.kind == "PER":
                last.append(words[s.end - 1])
                if s.end - s.start > 1:
                    first.append(words[s.start])
    return Lists(single_words(first), single_words(last))


def lists_of(arm: str, public: Lists, train: Sentences, test: Sentences) -> Lists:
    """What a tagger may look up. `leaked` alone reads the test, to show what that does.

    Raises:
        PyftError: there is no such arm.
    """
    made = {
        "none": lambda: Lists(),
        "own": lambda: from_sentences(train),
        "public": lambda: public,
        "leaked": lambda: public | from_sentences(test),
    }
    if arm not in made:
        raise unknown("arm", arm, list(made))
    return made[arm]()


def features_with(lists: Lists) -> Features:
    """What `word_features` gives, and what the lists say of words, neighbours and pairs."""

    def features(words: Sequence[str]) -> list[dict[str, str]]:
        marks = [NONE, *map(lists.mark, words), NONE]
        rows = word_features(words)
        for i, row in enumerate(rows, start=1):
            before, here, after = marks[i - 1 : i + 2]
            row |= {"list-1": before, "list": here, "list+1": after}
            row |= {"list-1 list": f"{before} {here}", "list list+1": f"{here} {after}"}
        return rows

    return features if lists != Lists() else word_features


def covers(lists: Lists, words: Sequence[str]) -> bool:
    """Whether the lists know at least one word of a name."""
    return any(lists.mark(word) != NONE for word in words)
