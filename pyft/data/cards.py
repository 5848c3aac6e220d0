"""The page of data cards: what each corpus is, where it comes from, what was dropped."""

import statistics
from collections import Counter

from pyft.data import corpora, published
from pyft.data.artefacts import ARTEFACTS
from pyft.data.corpora import CORPORA, ENTITIES, HUB_CORPORA
from pyft.data.published import PUBLISHED
from pyft.data.splits import Drops, Row, fingerprint, fold
from pyft.profiles import profile as profile_named

MANY = 5  # classes, beyond which the smallest and the largest stand for all
_HUB_SOURCES = {  # citation and licence of what is on a hub alone
    "sst2": ("Socher et al. 2013, Stanford Sentiment Treebank, as in GLUE", "unknown, says its card"),
    "ag-news": (
        "Zhang, Zhao & LeCun 2015, AG's News, of Gulli's collection: 120,000 texts to train on, 7,600 to test",
        "unknown, says its card; the collection is for research and any other non-commercial activity",
    ),
}


def card(name: str) -> str:
    """The data card of a corpus, in Markdown: rows, label balance, lengths, what was dropped, licence, fingerprint."""
    where = corpora if name in CORPORA else published
    splits, drops = where.load_with_drops(name)
    corpus, dataset = (CORPORA | PUBLISHED)[name], where.load(name)
    artefact = ARTEFACTS[corpus.artefact]
    ner = name == "conll2003"
    unit = "tokens" if ner else "characters" if name == "chinese-reviews" else "words"
    lines = [f"## `{name}`", "", f"{corpus.about[0].upper()}{corpus.about[1:]}.", ""]
    labels = [n for n in ENTITIES if n.startswith("B-")] if ner else corpus.features["label"].names
    many = len(labels) > MANY
    columns = ["smallest class", "largest class"] if many else [n.removeprefix("B-") for n in labels]
    lines += [f"Of {len(labels)} classes.", ""] if many else []
    lines += [f"| split | rows | {' | '.join(columns)} | {unit}: median | longest |"]
    lines += ["|---|--:|" + "--:|" * (len(columns) + 2)]
    for split, rows in splits.items():
        counts = (
            Counter(ENTITIES[t] for r in rows for t in r["ner_tags"])
            if ner
            else Counter(labels[r["label"]] for r in rows)
        )
        lengths = [
            len(r["tokens"]) if ner else len(r["text"]) if unit == "characters" else len(r["text"].split())
            for r in rows
        ]
        cells = [
            f"{len(rows):,}",
            *(f"{n:,}" for n in ((min(counts.values()), max(counts.values())) if many else map(counts.get, labels))),
            f"{statistics.median(lengths):.0f}",
            f"{max(lengths):,}",
        ]
        lines.append(f"| {split} | {' | '.join(cells)} |")
    left_out = "; ".join(f"{value:,} {what}" for what, value in _told(drops, name))
    lines += ["", f"Left out: {left_out}." if left_out else "Nothing is left out.", ""]
    lines += [f"- Trap: {trap}" for trap in _traps(name, splits)]
    lines += [f"- Source: {artefact.citation}; from `{artefact.filename}`", f"- Licence: {artefact.licence}"]
    lines += [f"- Fingerprint: `{fingerprint(dataset)}`", ""]
    return "\n".join(lines)


def _told(drops: Drops, name: str) -> list[tuple[str, int]]:
    if name == "conll2003":
        return [("sentences of train or validation that also stand in a later split", drops.leaking)]
    unlabelled = "rows rated exactly zero" if name in CORPORA else "rows of a test split whose labels are not public"
    told = [
        ("duplicates", drops.duplicates),
        ("rows of texts that carry more than one label", drops.conflicting),
        (unlabelled, drops.unlabelled),
        ("near-copies of messages in a later split", drops.near),
        ("training texts that also stand in the test split", drops.leaking),
    ]
    return [pair for pair in told if pair[1]]


def _traps(name: str, splits: dict[str, list[Row]]) -> list[str]:
    """What of a published set a reader should know before a score is believed, counted in the set itself."""
    rows = splits["test"]
    if name == "boolq":
        shared = {fold(row["passage"]) for row in rows if row["seen"]}
        return [
            f"{len(shared):,} paragraphs of `test` stand in the published train too; "
            f"{sum(row['seen'] for row in rows):,} questions of `test` are about them (`seen`)"
        ]
    if name == "disfl-qa":
        many = sum(len(row["answers"]["text"]) > 1 for some in splits.values() for row in some)
        return [f"{many:,} answers stand in their paragraph more than once, and which one was meant is not said"]
    if name.startswith("reuters"):
        copies = len(rows) - len({fold(row["text"]) for row in rows})
        return [f"{copies:,} texts of `test` are copies of another there, and are left as they are"]
    if name in ("bbq", "crows-pairs"):
        copies = len(rows) - len({tuple(sorted(map(str, (row | {"id": 0}).values()))) for row in rows})
        return [f"{copies:,} {'row is a copy' if copies == 1 else 'rows are copies'} of another"] * (copies > 0)
    return []


def cards() -> str:
    """The page of all data cards."""
    head = (
        "# Data cards\n\nA card says what a set of texts holds, where it comes from, how it is split into rows "
        "to learn from, to choose with and to test on, and what to beware of. `pyft cards` makes this page.\n"
    )
    from_hub = [name for name in HUB_CORPORA if name not in CORPORA]
    return head + "\n" + "\n".join([*map(card, [*CORPORA, *PUBLISHED]), *map(hub_card, from_hub)])


def hub_card(name: str) -> str:
    """The data card of a corpus that is on a hub alone: where it is and how it is split, made without the data."""
    corpus, source = HUB_CORPORA[name], profile_named("gpu").data[name]
    ours = ", ".join(f"its `{theirs}` serves as `{split}`" for theirs, split in source.splits.items())
    lines = [f"## `{name}`", "", f"{corpus.about[0].upper()}{corpus.about[1:]}.", ""]
    lines += ["In the `gpu` profile alone: no package registry has it, so its rows are not counted here."]
    lines += ["", f"- Source: {_HUB_SOURCES[name][0]}; from the hub's `{source.hub_id}` at commit `{source.revision}`"]
    lines += [f"- Labels: {', '.join(corpus.features[corpus.label].names)}"]
    lines += [f"- Splits: {ours}; a tenth of `train`, without duplicates and texts of the test, is `validation`"]
    return "\n".join([*lines, f"- Licence: {_HUB_SOURCES[name][1]}", ""])
