"""The exercises of section 9.3: solutions, and the usual mistakes, each with its hint."""

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def names_in(tags: tuple[str, ...]) -> int:
    before, count = "O", 0
    for tag in tags:
        begins = tag.startswith("B-") or tag[2:] != before[2:]
        count += tag != "O" and begins
        before = tag
    return count


def _read_as_iob2(tags: tuple[str, ...]) -> int:
    return sum(tag.startswith("B-") for tag in tags)


def _words(tags: tuple[str, ...]) -> int:
    return sum(tag != "O" for tag in tags)


def _runs(tags: tuple[str, ...]) -> int:
    return sum(tag != "O" and before == "O" for before, tag in zip(("O", *tags), tags, strict=False))


def _without_b(tags: tuple[str, ...]) -> int:
    return sum(tag != "O" and before[2:] != tag[2:] for before, tag in zip(("O", *tags), tags, strict=False))


EXERCISES["9.3-a"] = Exercise(
    solution=names_in,
    cases=[
        (("I-PER", "O", "I-PER", "I-PER", "O", "I-LOC", "B-LOC"),),
        (("I-LOC", "I-PER", "I-PER", "B-PER"),),
        (("O", "O"),),
    ],
    mistakes=[
        (_read_as_iob2, "You count B- alone. In IOB1 most entities begin with I-, and B- is only where two touch."),
        (_words, "You count words. Those of one entity count once."),
        (_runs, "You count what follows an O. Another kind begins another entity, too, and so does B-."),
        (_without_b, "You missed B-, which begins a new entity right after one of its own kind."),
    ],
)


def in_python(text: str, units: int) -> int:
    return len(text.encode("utf-16-le")[: 2 * units].decode("utf-16-le"))


def _bytes_of_utf8(text: str, units: int) -> int:
    return len(text.encode()[:units].decode("utf8", "ignore"))


def _half(text: str, units: int) -> int:
    return len(text.encode("utf-16-le")[:units].decode("utf-16-le", "ignore"))


EXERCISES["9.3-b"] = Exercise(
    solution=in_python,
    cases=[("😀 Ann met Zoë", 3), ("Zoë 😀😀 Bo", 9), ("Ann", 2)],
    mistakes=[
        (lambda text, units: units, "This is the offset as it was given. An emoji is two units of UTF-16."),
        (_bytes_of_utf8, "These are bytes of UTF-8, of which an emoji has four. Units of UTF-16 are asked for."),
        (_half, "A unit of UTF-16 is two bytes: cut after twice as many bytes as there are units."),
    ],
)
