"""Corpora in the splits of their authors, and sets that are for testing alone: news, questions, stereotypes.

A published test split stays as it is, row by row, so that a score on it can be held against published ones. What of it
also stands in train is taken out of train, or, where a paper's own training did see it, marked (`seen`).
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from pyft.data.one_download import files
from pyft.data.splits import Corpus, Drops, Row, fold, split_hub
from pyft.errors import unknown

_R8 = ("acq", "crude", "earn", "grain", "interest", "money-fx", "ship", "trade")
_R52 = (  # noqa: SIM905 - fifty-two lines otherwise
    "acq alum bop carcass cocoa coffee copper cotton cpi cpu crude dlr earn fuel gas gnp gold grain heat housing "
    "income instal-debt interest ipi iron-steel jet jobs lead lei livestock lumber meal-feed money-fx money-supply "
    "nat-gas nickel orange pet-chem platinum potato reserves retail rubber ship strategic-metal sugar tea tin trade "
    "veg-oil wpi zinc"
).split()
_DOMAINS = ("gender", "profession", "race", "religion")  # of StereoSet
_KINDS = (  # of CrowS-Pairs
    "age", "disability", "gender", "nationality", "physical-appearance", "race-color", "religion", "sexual-orientation",
    "socioeconomic",
)  # fmt: skip
_ASKED = "\nPlease choose the correct option"  # which this copy of BBQ appends to each question
_CANNOT_TELL = {  # the option that is right where the passage does not say; each question has one
    "Can't answer", "Can't be determined", "Cannot answer", "Cannot be determined", "Not answerable",
    "Not enough info", "Not enough information", "Not known", "Undetermined", "Unknown",
}  # fmt: skip

# --- readers: each row says which published split it is of ------------------------------------------------------------


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _reuters(part: str, classes: Sequence[str]) -> Iterator[Row]:
    for split in ("train", "test"):
        lines = files("reuters")[f"reuters-{part}-{split}.tab"].read_text(encoding="utf8").split("\n")
        for number, line in enumerate(lines[3:]):  # below the names, types and roles of the columns
            if line.strip():
                label, text = line.split("\t", 1)
                row: Row = {"id": f"{split}/{number}", "text": text.strip(), "label": classes.index(label)}
                yield row | {"split": split}


def _boolq() -> Iterator[Row]:
    """The package has all three splits shuffled into one file: those in the development file are its test here."""
    members = files("boolq")
    tested = {fold(row["question"]) for row in _json_lines(members["dev.jsonl"])}
    rows = list(_json_lines(members["combined.jsonl"]))
    labelled = [row for row in rows if "label" in row]
    learnt = {fold(row["passage"]) for row in labelled if fold(row["question"]) not in tested}
    for row in rows:
        split = "test" if fold(row["question"]) in tested else "train"
        question, passage, label = row["question"].strip(), row["passage"].strip(), row.get("label")
        key = f"{split}/{row['idx']}" if label is not None else f"unlabelled/{row['idx']}"
        made: Row = {"id": key, "text": f"{question}? {passage}", "question": question, "passage": passage}
        made |= {"label": None if label is None else int(label), "seen": split == "test" and fold(passage) in learnt}
        yield made | {"split": split}


def _disfl_qa() -> Iterator[Row]:
    for number, row in enumerate(_json_lines(files("disfl-qa")["test.jsonl"])):
        question, passage, answer = row["question"].strip(), row["passage"].strip(), row["answer"].strip()
        spans = [] if answer == "unknown" else occurrences(answer, passage)
        made: Row = {"id": str(number), "text": f"{question} {passage}", "question": question, "passage": passage}
        made |= {"answers": {"text": [passage[a:b] for a, b in spans], "answer_start": [a for a, _ in spans]}}
        yield made | {"label": int(bool(spans)), "split": "train"}


def occurrences(answer: str, passage: str) -> list[tuple[int, int]]:
    """Where an answer stands in a passage, whatever white space is set between its signs: beginnings and ends.

    "40,000" is found in "40 , 000", as tokenised text has it; but not inside a longer word or number.
    """
    letters = r"\s*".join(re.escape(letter) for letter in answer if not letter.isspace())
    begin, end = (r"(?<!\w)" if answer[:1].isalnum() else ""), (r"(?!\w)" if answer[-1:].isalnum() else "")
    whole = [match.span() for match in re.finditer(begin + letters + end, passage)]
    return whole or [match.span() for match in re.finditer(letters, passage)]


def _stereoset() -> Iterator[Row]:
    for number, row in enumerate(_json_lines(files("stereoset")["test.jsonl"])):
        made: Row = {"id": str(number), "text": row["context"], "label": _DOMAINS.index(row["bias_type"])}
        made |= {name: row[name] for name in ("target", "stereotype", "unrelated")}
        yield made | {"kind": row["type"], "anti_stereotype": row["anti-stereotype"], "split": "test"}


def _crows_pairs() -> Iterator[Row]:
    with files("crows-pairs")["test.csv"].open(encoding="utf8", newline="") as file:
        for row in csv.DictReader(file):
            made: Row = {"id": row[""], "text": row["sentence"], "label": _KINDS.index(row["bias_type"])}
            yield made | {"first": row["mask1"], "second": row["mask2"], "split": "test"}


def _bbq() -> Iterator[Row]:
    for number, row in enumerate(_json_lines(files("bbq")["test.jsonl"])):
        options = [option[3:].strip() for option in row["options"].split("\n")]  # "A. The lawyer"
        question, passage = row["question"].partition(_ASKED)[0].strip(), row["passage"].strip()
        label, untold = options.index(row["answer"][0].strip()), [option in _CANNOT_TELL for option in options]
        made: Row = {"id": str(number), "text": f"{passage} {question}", "passage": passage, "question": question}
        made |= {"options": options, "label": label, "cannot_tell": untold.index(True)}
        yield made | {"ambiguous": label == untold.index(True), "split": "test"}


# --- the table --------------------------------------------------------------------------------------------------------


def _columns(*names: str, **more: Any) -> Features:
    texts = {"id": Value("string"), "text": Value("string"), "label": ClassLabel(names=list(names))}
    return Features(texts | {name: Value(kind) if isinstance(kind, str) else kind for name, kind in more.items()})


PUBLISHED: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            "reuters-r8",
            "reuters",
            "newswire of 1987 by subject, in lower case, letters alone: eight of the ten largest subjects, in stories "
            "that have one subject",
            _columns(*_R8),
            lambda: _reuters("r8", _R8),
        ),
        Corpus(
            "reuters-r52",
            "reuters",
            "the same newswire, all subjects that have a story to learn from and one to test with; most have a handful",
            _columns(*_R52),
            lambda: _reuters("r52", _R52),
        ),
        Corpus(
            "boolq",
            "boolq",
            "questions that people typed into a search engine, to be answered yes or no from a paragraph of Wikipedia; "
            "`test` is the published validation split, for the labels of the test split are not public",
            _columns("no", "yes", question="string", passage="string", seen="bool"),
            _boolq,
        ),
        Corpus(
            "disfl-qa",
            "disfl-qa",
            "questions in which the speaker corrects himself, on paragraphs of SQuAD 2.0, tokenised; `answers` are as "
            "in SQuAD, every place where the answer stands, none if the paragraph does not answer; the split by "
            "paragraphs is ours",
            _columns(
                "unanswerable",
                "answerable",
                question="string",
                passage="string",
                answers={"text": List(Value("string")), "answer_start": List(Value("int32"))},
            ),
            _disfl_qa,
        ),
        Corpus(
            "stereoset",
            "stereoset",
            "contexts with a stereotype, its opposite and a text that is unrelated: of a word (`intrasentence`, BLANK "
            "in the context) or of the next sentence (`intersentence`)",
            _columns(
                *_DOMAINS,
                kind="string",
                target="string",
                stereotype="string",
                anti_stereotype="string",
                unrelated="string",
            ),
            _stereoset,
        ),
        Corpus(
            "crows-pairs",
            "crows-pairs",
            "sentences with [MASK] for one word, by which two differ: `first` is of a group that is often "
            "disadvantaged, `second` of another; which of the two is the stereotype this copy does not say, and signs "
            "such as a full stop stick to the words",
            _columns(*_KINDS, first="string", second="string"),
            _crows_pairs,
        ),
        Corpus(
            "bbq",
            "bbq",
            "short stories of two people and a question with three options, one of which says that the story does not "
            "tell; where it does not (`ambiguous`), an answer that is a person follows a prejudice; this copy names "
            "no category",
            _columns(
                "A",
                "B",
                "C",
                passage="string",
                question="string",
                options=List(Value("string")),
                cannot_tell="int8",
                ambiguous="bool",
            ),
            _bbq,
        ),
    )
}

# --- loading ----------------------------------------------------------------------------------------------------------


def load(name: str) -> DatasetDict:
    """A corpus with splits `train`, `validation` and `test`, or one that has a `test` split alone.

    The test split is the published one, where there is one. A tenth of the rest validates: of each class's texts, or of
    the passages with all that is asked about them.

    Raises:
        PyftError: unknown name, or data that cannot be fetched (see `pyft.data.fetch.files`).
    """
    splits, _ = load_with_drops(name)
    features = PUBLISHED[name].features
    return DatasetDict({split: Dataset.from_list(rows, features=features) for split, rows in splits.items()})


def load_with_drops(name: str) -> tuple[dict[str, list[Row]], Drops]:
    if name not in PUBLISHED:
        raise unknown("published corpus", name, list(PUBLISHED))
    corpus, drops = PUBLISHED[name], Drops()
    splits: dict[str, list[Row]] = {}
    for row in corpus.read():
        splits.setdefault(row.pop("split"), []).append(row)
    if "train" not in splits:
        return splits, drops
    if "passage" in corpus.features:
        return split_by_passage(splits, drops), drops
    return split_hub(splits, corpus, drops), drops


def split_by_passage(splits: Mapping[str, list[Row]], drops: Drops) -> dict[str, list[Row]]:
    """Of the training passages, in the order of their hashes, a tenth validates, and a tenth tests if no split does.

    What is asked about one passage stays together. A published test split stays as it is.
    """
    rows = [row for row in splits["train"] if row["label"] is not None]
    drops.unlabelled += len(splits["train"]) - len(rows)
    passages = sorted({fold(row["passage"]) for row in rows}, key=lambda text: sha256(text.encode()).hexdigest())
    tenths = ["validation"] if "test" in splits else ["test", "validation"]
    tenth = round(len(passages) / 10)
    place = {text: tenths[i // tenth] if i < tenth * len(tenths) else "train" for i, text in enumerate(passages)}
    made = {
        split: [row for row in rows if place[fold(row["passage"])] == split]
        for split in ("train", "validation", "test")
    }
    return made | {"test": splits["test"]} if "test" in splits else made


# --- names ------------------------------------------------------------------------------------------------------------


def names() -> dict[str, dict[str, list[str]]]:
    """First and last names of people in the United States by group: `names()["black"]["first"]`.

    Groups: `asian`, `black`, `hispanic` and `white` have both; `native_american` and `inter_racial` last names alone.
    One name may stand in several groups, and where the lists come from is not stated. (The file's lists by religion
    are left out: they hold notes and names of other religions.)
    """
    read = json.loads(files("person-names")["names.json"].read_text(encoding="utf8"))
    return {
        group.removesuffix("_names"): {part.removesuffix("_names"): list(some) for part, some in lists.items()}
        for group, lists in read.items()
        if group != "religion_wise_names"
    }


def names_of_one_group(part: str = "first", groups: Sequence[str] = ("black", "white")) -> dict[str, list[str]]:
    """The names that stand in one of these groups and in no other group of the file, sorted: what a test can swap.

    Raises:
        PyftError: a group or a part that the lists have not.
    """
    lists = {group: set(parts[part]) for group, parts in names().items() if part in parts}
    for group in groups:
        if group not in lists:
            raise unknown(f"group with {part} names", group, list(lists))
    others = {group: set().union(*(some for other, some in lists.items() if other != group)) for group in groups}
    return {group: sorted(lists[group] - others[group]) for group in groups}
