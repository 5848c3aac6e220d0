"""A tiny model in the same format, offline; and multilingual-e5-small itself, where it is fetched."""

import unicodedata

import pytest
import torch
from small_e5 import INNER, PIECES, small_e5
from torch.nn import functional as F

from pyft import finetune, models
from pyft.data import fetch
from pyft.errors import PyftError
from pyft.finetune.loop import set_seed
from pyft.models import e5_file, multilingual

KEEP = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 14, 15, 23, 24]  # without ▁bad, ▁很, ▁a and single letters
TEXTS = ["good film", "good film 很好～", "good good"]


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A tiny model in place of the artefact, an empty cache, and `KEEP` for the pieces that are kept."""
    (tmp_path / "e5.bin").write_bytes(small_e5()[0])
    read = e5_file.read(tmp_path / "e5.bin")
    monkeypatch.setenv("PYFT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(multilingual, "PIECES", tmp_path / "kept.safetensors")
    monkeypatch.setattr(multilingual, "_file", lambda: read)
    multilingual.keep(KEEP)
    multilingual.write(tmp_path / "once")
    monkeypatch.setattr(multilingual, "DIGEST", multilingual.digest(tmp_path / "once"))
    multilingual._folder.cache_clear()
    yield read
    multilingual._folder.cache_clear()


def pooled(model, tokenizer, texts):
    """The mean of the last hidden states of each text: (N, d)."""
    x = tokenizer(list(texts), padding=True, return_tensors="pt")
    with torch.no_grad():
        h, mask = model(**x).last_hidden_state, x["attention_mask"][..., None]
    return (h * mask).sum(1) / mask.sum(1)


# --- a tiny model -----------------------------------------------------------------------------------------------------


def test_every_array_is_where_a_bert_reads_it(tiny):
    state, held = multilingual.whole()[0].state_dict(), small_e5()[1]
    assert len(state) == len(held)
    pairs = {
        "embeddings.word_embeddings.weight": "emb.word",
        "embeddings.LayerNorm.bias": "emb.ln.b",
        "encoder.layer.1.attention.self.key.weight": "l1.k.w",
        "encoder.layer.0.attention.output.LayerNorm.weight": "l0.aln.w",
        "encoder.layer.1.output.dense.weight": "l1.fo.w",
        "encoder.layer.0.intermediate.dense.bias": "l0.fi.b",
    }
    for ours, theirs in pairs.items():
        assert torch.equal(state[ours], torch.from_numpy(held[theirs])), ours
    assert state["encoder.layer.1.output.dense.weight"].shape == (32, INNER)


@pytest.mark.parametrize(
    "text,pieces",
    [
        ("good film", ["▁good", "▁film"]),
        ("  good\tfilm\u200b", ["▁good", "▁film"]),  # what the table makes white space
        ("ｇood", ["▁good"]),  # NFKC
        ("很好", ["▁", "很好"]),  # -12, against -16.5 for ▁很, 好
        ("good～", ["▁good", "～"]),  # which NFKC would make a ~
        ("bad～", ["▁bad", "～"]),
        ("\x07good", ["▁good"]),
        ("gold", ["▁", "g", "o", "l", "d"]),
        ("good天地", ["▁good", "天地"]),  # unknown, once
    ],
)
def test_texts_are_cut_into_the_pieces_of_greatest_probability(tiny, text, pieces):
    _, tokenizer = multilingual.whole()
    assert tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).tokens == pieces


def test_special_tokens_stand_as_in_xlm_roberta(tiny):
    _, tokenizer = multilingual.whole()
    assert tokenizer("good")["input_ids"] == [0, 5, 2]
    assert tokenizer("good", "film")["input_ids"] == [0, 5, 2, 2, 7, 2]
    assert (tokenizer.pad_token_id, tokenizer.mask_token_id, tokenizer.unk_token_id) == (1, PIECES.index("<mask>"), 3)
    assert tokenizer.decode([0, 5, 7, 2], skip_special_tokens=True) == "good film"


def test_with_fewer_rows_the_texts_that_need_no_others_come_out_bit_for_bit(tiny):
    (model, whole), (all_of_it, all_pieces) = multilingual.load("token-classification", 3), multilingual.whole()
    assert model.config.vocab_size == len(KEEP) and all_of_it.config.vocab_size == len(PIECES) + 3
    for text in TEXTS:
        assert whole.tokenize(text) == all_pieces.tokenize(text)
    assert torch.equal(pooled(model.bert, whole, TEXTS), pooled(all_of_it, all_pieces, TEXTS))
    assert whole.tokenize("bad") != all_pieces.tokenize("bad")  # which KEEP has no pieces for


def test_it_is_converted_once_and_again_if_the_copy_is_damaged(tiny, monkeypatch):
    where = multilingual.folder()
    monkeypatch.setattr(multilingual, "write", lambda folder: pytest.fail("converted again"))
    multilingual._folder.cache_clear()
    assert multilingual.folder() == where


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_copy_is_made_again(tiny, name):
    damaged = multilingual.folder() / name
    content = bytearray(damaged.read_bytes())
    whole = bytes(content)
    content[-20] ^= 1
    damaged.write_bytes(content if name == "model.safetensors" else whole[: len(whole) // 2])
    multilingual._folder.cache_clear()
    multilingual.folder()
    assert damaged.read_bytes() == whole


def test_other_weights_than_the_pinned_ones_are_refused(tiny, monkeypatch):
    monkeypatch.setattr(multilingual, "DIGEST", "0" * 64)
    with pytest.raises(PyftError, match=r"converted to other weights: expected sha256 000000000000…, found"):
        multilingual.folder()
    multilingual.keep(KEEP[:-1])
    with pytest.raises(PyftError, match="pyft/weights"):
        multilingual.folder()


def test_it_has_no_head_for_pretraining(tiny):
    with pytest.raises(PyftError, match="without a head for pretraining"):
        multilingual.load("pretraining")


def test_the_head_follows_from_the_seed_and_padding_changes_nothing(tiny, same_torch_afterwards):
    set_seed(0)
    model, tokenizer = multilingual.load("sequence-classification", 3)
    set_seed(0)
    assert models.digest(multilingual.load("sequence-classification", 3)[0]) == models.digest(model)
    rows = finetune.tokenize(tokenizer, TEXTS, 16)
    with torch.no_grad():
        alone, beside = (model(**finetune.collate(some, tokenizer)).logits[0] for some in (rows[:1], rows))
    assert (alone - beside).abs().max() < 1e-5


def test_it_is_loaded_by_its_name(tiny):
    model, tokenizer = models.load("multilingual", "token-classification", num_labels=5)
    assert (model.config.num_labels, len(tokenizer)) == (5, len(KEEP))
    assert models.weights_digest("multilingual") == multilingual.weights_digest()


# --- multilingual-e5-small --------------------------------------------------------------------------------------------

PAIRS = [  # a sentence, and its translation
    ("The film was boring.", "这部电影很无聊。"),
    ("The hotel room was clean and quiet.", "酒店房间干净又安静。"),
    ("The president visited Beijing on Monday.", "总统星期一访问了北京。"),
    ("My phone broke after two days.", "我的手机用了两天就坏了。"),
    ("The team won the match.", "球队赢得了比赛。"),
    ("Oil prices rose sharply.", "油价大幅上涨。"),
    ("She reads a book every week.", "她每周读一本书。"),
    ("It will rain tomorrow.", "明天会下雨。"),
]


@pytest.fixture(scope="module")
def real():
    """The file and the whole tokenizer."""
    file = multilingual._file()
    return file, multilingual._tokenizer(file, None)


@pytest.mark.fetched
def test_a_hundred_languages_in_117_million_parameters():
    model, _ = multilingual.whole()
    sizes = {name: p.numel() for name, p in model.named_parameters()}
    words = sizes.pop("embeddings.word_embeddings.weight")
    assert (words, sum(sizes.values())) == (250_037 * 384, 21_491_712)
    c = model.config
    assert (c.num_hidden_layers, c.num_attention_heads, c.intermediate_size, c.max_position_embeddings) == (
        12,
        12,
        1536,
        512,
    )
    assert model.embeddings.LayerNorm.eps == 1e-12


@pytest.mark.fetched
@pytest.mark.parametrize(
    "text,ids",
    [
        ("Hello world!", [0, 35378, 8999, 38, 2]),  # as the documentation of XLM-RoBERTa has them
        ("", [0, 2]),
        ("query: 中国", [0, 41, 1294, 12, 54888, 2]),
    ],
)
def test_known_strings_are_cut_as_by_xlm_roberta(real, text, ids):
    assert real[1](text)["input_ids"] == ids


@pytest.mark.fetched
def test_characters_become_what_the_files_own_table_makes_of_them(real):
    file, tokenizer = real
    normalise = tokenizer.backend_tokenizer.normalizer.normalize_str
    assert len(file.replaced) == 4837
    assert {
        c for c, to in file.replaced.items() if normalise(f"a{c}a") != unicodedata.normalize("NFC", f"a{to}a")
    } == set()
    assert normalise("很好～！") == "很好～!"


def by_hand(file, pieces, text):
    """Viterbi over pieces, as SentencePiece describes it, on a text of known characters."""
    text = "▁" + "▁".join(text.split())
    best = [(0.0, [])] + [(float("-inf"), [])] * len(text)
    for i in range(len(text)):
        for j in range(i + 1, min(len(text), i + 20) + 1):
            k = pieces.get(text[i:j])
            if k is not None and best[i][0] + file.scores[k] > best[j][0]:
                best[j] = best[i][0] + file.scores[k], [*best[i][1], text[i:j]]
    return best[-1][1]


@pytest.mark.fetched
def test_sentences_are_cut_into_the_best_pieces(real):
    file, tokenizer = real
    pieces = {piece: k for k, piece in enumerate(file.pieces)}
    for text in [text for pair in PAIRS for text in pair]:
        text = unicodedata.normalize("NFKC", text)
        assert tokenizer.tokenize(text) == by_hand(file, pieces, text)


@pytest.mark.fetched
def test_a_sentence_is_nearest_to_its_translation():
    model, tokenizer = models_without_head()
    english, chinese = (
        F.normalize(pooled(model, tokenizer, [f"query: {t}" for t in some])) for some in zip(*PAIRS, strict=True)
    )
    near = english @ chinese.T  # (8, 8)
    assert near.argmax(1).tolist() == near.argmax(0).tolist() == list(range(len(PAIRS)))


def models_without_head():
    model, tokenizer = multilingual.load("sequence-classification")
    return model.bert, tokenizer


@pytest.mark.fetched
@pytest.mark.long
def test_the_kept_pieces_are_those_of_the_corpora():
    """Change what is kept by `multilingual.keep(multilingual.needed())`, and `DIGEST` with it."""
    assert multilingual.kept() == multilingual.needed()


@pytest.mark.fetched
@pytest.mark.long
def test_texts_of_the_corpora_lose_nothing_with_the_rows_that_are_left_out(real):
    (few, cut), (whole, all_pieces) = models_without_head(), multilingual.whole()
    some = [text for number, text in enumerate(multilingual.texts()) if number % 37 == 0]
    assert len(some) > 2000
    assert [e.tokens for e in cut.backend_tokenizer.encode_batch(some)] == [
        e.tokens for e in all_pieces.backend_tokenizer.encode_batch(some)
    ]
    few_words, all_words = (m.embeddings.word_embeddings.weight for m in (few, whole))
    assert torch.equal(few_words, all_words[multilingual.kept()])
    brief = sorted(some, key=len)[:: len(some) // 16]
    assert torch.equal(*(pooled(m, t, [x[:200] for x in brief]) for m, t in [(few, cut), (whole, all_pieces)]))


@pytest.mark.fetched
@pytest.mark.long
def test_the_state_of_adamw_fits():
    """Weights, gradients and two moments: 1.9 GB with all pieces, 630 MB with those that are kept."""
    model, tokenizer = multilingual.load("sequence-classification")
    optimizer = torch.optim.AdamW(model.parameters())
    model(**tokenizer("很好", return_tensors="pt"), labels=torch.tensor([1])).loss.backward()
    optimizer.step()
    moments = sum(x.nbytes for state in optimizer.state.values() for x in state.values())
    numbers = sum(p.numel() for p in model.parameters())
    assert moments == pytest.approx(8 * numbers, rel=1e-4) and 16 * numbers < 650e6
    assert 16 * sum(p.numel() for p in multilingual.whole()[0].parameters()) > 1.8e9


@pytest.mark.fetched
def test_what_it_begins_with_is_named():
    fetched = multilingual.weights_digest()["fetched"]
    assert not fetch.problems(multilingual.ARTEFACTS[multilingual.ARTEFACT])
    assert fetched.startswith("1571fc982750") and len(multilingual.weights_digest()["kept"]) == 64
