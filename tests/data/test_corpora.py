"""Corpora: what counts as one text, how splits are drawn, and the real data as the book describes them."""

import random
import statistics

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr

from pyft import data, paths
from pyft.data import cards, corpora
from pyft.data.corpora import CORPORA, Corpus
from pyft.data.splits import Drops
from pyft.errors import PyftError
from pyft.evaluation.baselines import vader

FEATURES = Features({"id": Value("string"), "text": Value("string"), "label": ClassLabel(names=["no", "yes"])})


def toy(rows):
    return Corpus("toy", "none", "a toy", FEATURES, lambda: rows)


def rows_of(pairs):
    return [{"id": str(i), "text": text, "label": label} for i, (text, label) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("a", "b"), [("Good  film", "good film"), ("ｇｏｏｄ film", "good film"), ("good\u00a0film\n", "GOOD FILM")]
)
def test_case_and_white_space_make_no_other_text(a, b):
    assert data.fold(a) == data.fold(b)


def test_signs_make_another_text_except_in_messages_from_one_template():
    assert data.fold("call 0800!") != data.fold("call 0900")
    assert data.fold_template("call 0800!") == data.fold_template("Call 0900")
    assert data.fold_template(":-)") != data.fold_template(":-(")  # nothing but signs is left as it is


def test_entities_are_unescaped_even_twice():
    assert data.clean(" me &amp; you &amp;lt;3 ") == "me & you <3"


def test_duplicates_are_kept_once_and_conflicts_not_at_all():
    drops = Drops()
    pairs = [("a", 0), ("A ", 0), ("b", 0), ("B", 1), ("c", 1), ("d", None)]
    kept = data.drop_duplicates(rows_of(pairs), drops)
    assert [row["text"] for row in kept] == ["a", "c"]
    assert drops == Drops(unlabelled=1, duplicates=1, conflicting=2)


@given(st.lists(st.integers(0, 1), min_size=1, max_size=200), st.randoms())
def test_a_split_is_a_tenth_of_each_label_and_knows_no_order(labels, rng: random.Random):
    rows = rows_of((f"text {i}", label) for i, label in enumerate(labels))
    splits = data.split_by_text(rows)
    assert sorted(r["id"] for s in splits.values() for r in s) == sorted(r["id"] for r in rows)
    for label in (0, 1):
        n = labels.count(label)
        for split in ("validation", "test"):
            assert sum(r["label"] == label for r in splits[split]) == round(n / 10)
    shuffled = rows.copy()
    rng.shuffle(shuffled)
    for split, again in data.split_by_text(shuffled).items():
        assert {r["id"] for r in again} == {r["id"] for r in splits[split]}


def test_conll_sentences_end_at_blank_lines_and_documents_at_their_mark(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text(
        "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n-DOCSTART- -X- -X- O\n\nPeter NNP B-NP B-PER"
    )
    rows = list(corpora._conll(path))
    assert [(r["document"], r["tokens"]) for r in rows] == [(0, ["EU", "rejects"]), (1, ["Peter"])]
    assert rows[0]["ner_tags"] == [3, 0] and rows[1]["ner_tags"] == [1]


def dataset(texts, names=("no", "yes")):
    features = Features(FEATURES | {"label": ClassLabel(names=list(names))})
    rows = rows_of((text, 0) for text in texts)
    return DatasetDict(train=Dataset.from_list(rows, features=features))


def test_a_fingerprint_says_what_is_in_the_data_and_not_how_they_were_made():
    one = dataset(["a", "b"])
    assert data.fingerprint(one) == data.fingerprint(dataset(["a", "b", "c"]).filter(lambda r: r["text"] != "c"))
    others = [dataset(["a", "c"]), dataset(["b", "a"]), dataset(["a", "b"], ("yes", "no")), dataset(["a"])]
    assert len({data.fingerprint(d) for d in [one, *others]}) == 5


def test_an_unknown_corpus_is_named_with_the_nearest_known():
    with pytest.raises(PyftError, match=r"'movie-review'.*Did you mean 'movie-reviews'"):
        data.load("movie-review")


# --- the real corpora -------------------------------------------------------------------------------------------------

ROWS = {
    "movie-reviews": (8454, 1056, 1056),
    "product-reviews": (2880, 360, 360),
    "editorials": (3902, 488, 488),
    "tweets": (3308, 414, 414),
    "text-source": (18680, 2335, 2335),
    "sms-spam": (3510, 443, 447),
    "newsgroups": (10136, 1126, 7521),
    "conll2003": (13487, 3186, 3453),
    "chinese-reviews": (13886, 1736, 1736),
}
RATED = ["movie-reviews", "product-reviews", "editorials", "tweets"]


@pytest.mark.fetched
@pytest.mark.parametrize("name", list(CORPORA))
def test_a_corpus_has_its_rows_and_no_text_in_two_splits(name):
    splits = data.load(name)
    assert tuple(splits[s].num_rows for s in ("train", "validation", "test")) == ROWS[name]
    label = splits["train"].features[CORPORA[name].label]
    label = label.feature if name == "conll2003" else label
    assert isinstance(label, ClassLabel) and len(label.names) >= 2
    seen: set[str] = set()
    for rows in splits.values():
        texts = rows["text"] if name != "conll2003" else [" ".join(tokens) for tokens in rows["tokens"]]
        folded = [CORPORA[name].fold(text) for text in texts]
        assert seen.isdisjoint(folded)
        assert name == "conll2003" or len(set(folded)) == len(folded)
        assert all(text.strip() and "&amp;" not in text for text in texts)
        seen.update(folded)


@pytest.mark.fetched
@pytest.mark.parametrize("name", RATED)
def test_ratings_and_their_spread_are_those_of_the_raters(name):
    for row in (row for split in data.load(name).values() for row in split):
        assert all(-4 <= rating <= 4 for rating in [row["rating"], *row["ratings"]])
        assert row["label"] == (row["rating"] > 0) == (statistics.mean(row["ratings"]) > 0)
        assert row["spread"] == pytest.approx(statistics.pstdev(row["ratings"]), abs=1e-5)
        if name != "tweets":  # see the next test
            assert row["rating"] == pytest.approx(statistics.mean(row["ratings"]), abs=1e-9)


@pytest.mark.fetched
def test_the_files_of_the_tweets_disagree_on_some_means():
    """Not our doing: the two files of Hutto & Gilbert give other means for 199 of 4,200 tweets; both are kept."""
    rows = list(corpora._tweets())
    off = [r for r in rows if r["rating"] != pytest.approx(statistics.mean(r["ratings"]), abs=1e-4)]
    assert (len(off), len(rows), sum(r["contrived"] for r in rows)) == (199, 4200, 200)


@pytest.mark.fetched
def test_conll_keeps_its_official_test_split_and_its_documents():
    from pyft.data.fetch import files

    members = files("conll2003")
    for file, sentences, documents in [("train", 14041, 946), ("valid", 3250, 216), ("test", 3453, 231)]:
        rows = list(corpora._conll(members[f"{file}.txt"]))
        assert (len(rows), rows[-1]["document"] + 1) == (sentences, documents)


@pytest.mark.fetched
def test_texts_and_ratings_are_aligned():
    """VADER's correlation with the mean rating: Hutto & Gilbert's Table 4 has .451, with the lexicon of 2014."""
    rows = [row for split in data.load("movie-reviews").values() for row in split]
    r = pearsonr(vader([row["text"] for row in rows]), [row["rating"] for row in rows]).statistic
    assert r == pytest.approx(0.428, abs=0.01)


@pytest.mark.fetched
def test_the_page_of_data_cards_is_what_the_data_give():
    assert (paths.ROOT / "book" / "data_cards.md").read_text(encoding="utf8") == cards.cards()
