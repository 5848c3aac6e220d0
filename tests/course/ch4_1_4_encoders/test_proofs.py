"""Every proof of attention and the encoders holds, in both precisions; so do those on real weights and real text."""

import pytest
import torch
from transformers import BertConfig, BertModel

from pyft import data, models
from pyft.course import proof_tools
from pyft.course.ch4_1_4_encoders import proofs as proofs_attention
from pyft.course.part4.mutants import PROOFS
from pyft.evidence.proofs import prove_all
from pyft.finetune.batches import encode, pad
from pyft.maths.state_dicts import from_bert
from pyft.mutation import Mutant, hunt, maths

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
    assert found == {"float64": {proof_tools.FLOAT64}, "float32": {proof_tools.FLOAT32}}


COVERED = {
    "attention": ["no mask", "padding", "causal", "an empty row", "output", "dq", "dk", "dv"],
    "orders": ["causal, T = 1", "permutation, T = 6"],
    "multi-head attention": ["no mask", "padding", "window", "h = 1", "h = 8", "weights", "dW_Q", "dW_O"],
    "LayerNorm": ["eps = 1e-12", "eps = 0.5", "far", "without spread", "d = 1,", "dx"],
    "feed-forward": ["relu", "gelu", "dW_1.weight", "dW_2.bias", "dx", "in training"],
    "layer": ["norm before", "norm after", "dx"],
    "BERT": ["no padding", "padding", "in training", "dsegment.weight", "dlayers.1.attention.W_O.bias"],
    "RoBERTa": ["padding left", "padding right", "dposition.weight"],
    "XLNet": ["content stream", "query stream", "padding left", "dquery", "dlayers.1.attention.s", "the same masks"],
    "tied head": ["BERT", "RoBERTa"],
}


@pytest.mark.parametrize("name", COVERED)
def test_the_family_covers_what_it_says(name):
    said = [what for what, *_ in FAMILIES[name](maths())]
    for part in COVERED[name]:
        assert any(part in what for what in said), part


INNER = "self.W_2(self.dropout(self.activation(self.W_1(x))))"
OFFSETS = "sinusoids(torch.arange(-(T - 1), T, device=ids.device), d).to(self.word.weight.dtype)"
ENDS = "return self.dropout(h), None if g is None else self.dropout(g)"
START = "self.query.expand(B, targets.size(1), d)"
MISPLACED = [  # (family, code, where dropout is left off or stands elsewhere)
    ("feed-forward", INNER, "self.W_2(self.activation(self.dropout(self.W_1(x))))"),
    ("feed-forward", INNER, "self.W_2(self.activation(self.W_1(x)))"),
    ("XLNet", f"R = self.dropout({OFFSETS})", f"R = {OFFSETS}"),
    ("XLNet", "h, g = self.dropout(self.word(ids)), None", "h, g = self.word(ids), None"),
    ("XLNet", f"g = self.dropout({START})", f"g = {START}"),
    ("XLNet", ENDS, "return h, None if g is None else self.dropout(g)"),
    ("XLNet", ENDS, "return self.dropout(h), g"),
    ("XLNet", "return self.W_O((self.dropout(weights) @ V)", "return self.W_O((weights @ V)"),
    ("XLNet", "FeedForward(d_model, d_ff, dropout=dropout)", "FeedForward(d_model, d_ff)"),
    ("BERT", "x = self.dropout(self.norm(x))", "x = self.norm(x)"),
]


@pytest.mark.parametrize("name,old,new", MISPLACED)
def test_dropout_in_another_place_is_caught_in_training(name, old, new):
    """In evaluation it does nothing, wherever it stands."""
    caught = hunt(Mutant("misplaced dropout", "encoder", old, new, ""), {name: FAMILIES[name]})
    assert "in training" in caught


def test_the_same_masks_drop_in_training_alone_and_where_there_is_a_share_to_drop():
    x = torch.ones(2, 40)
    with proof_tools.same_masks():
        one, two = torch.nn.Dropout(0.5)(x), torch.nn.Dropout(0.5)(2 * x)
        assert torch.equal(2 * one, two) and set(one[0].tolist()) == {0.0, 2.0}
        assert torch.equal(torch.nn.Dropout(0.5).eval()(x), x) and torch.equal(torch.nn.Dropout(0.0)(x), x)
    torch.manual_seed(0)
    assert not torch.equal(torch.nn.Dropout(0.5)(x)[0], torch.nn.Dropout(0.5)(x)[1])


def test_no_family_is_left_out():
    assert set(COVERED) == set(FAMILIES)


# --- how they are compared --------------------------------------------------------------------------------------------


def test_gradients_are_those_of_a_projection_of_the_output_and_leave_the_inputs_alone():
    x, y = torch.randn(2, 3), torch.randn(2, 3)
    P = proof_tools.projection(x)
    output, dx, dy = proof_tools.gradients(lambda a, b, by: (by * a * b, "weights"), x, y, by=2)
    torch.testing.assert_close(output, 2 * x * y)
    torch.testing.assert_close(dx, 2 * P * y)
    torch.testing.assert_close(dy, 2 * P * x)
    assert x.grad is y.grad is None


def test_the_projection_depends_on_the_shape_alone_and_draws_nothing_from_the_common_random_numbers():
    before = torch.get_rng_state()
    a, b = (proof_tools.projection(torch.full((50, 4), y, dtype=torch.float64)) for y in (0.0, 7.0))
    assert torch.equal(a, b) and a.dtype == torch.float64 and a.unique().numel() == 200
    assert torch.equal(torch.get_rng_state(), before)


def compared(renamed):
    """A small BERT against the library's, under the names that `renamed` gives."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12, "num_hidden_layers": 1}
    theirs = BertModel(BertConfig(vocab_size=9, max_position_embeddings=4, **sizes), add_pooling_layer=False).double()
    ours = maths().encoder.BertEncoder(9, 8, 2, 12, 1, max_length=4).double()
    ids, kept = torch.randint(1, 9, (2, 4)), torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]]).bool()
    inputs = {"attention_mask": kept.long()}
    return proofs_attention.compare_encoders(renamed, ours, (ids, kept), theirs, inputs, kept, "small", 1e-10)


def test_a_whole_encoder_yields_its_output_and_the_gradient_of_every_parameter():
    cases = list(compared(from_bert))
    names = dict(maths().encoder.BertEncoder(9, 8, 2, 12, 1, max_length=4).named_parameters())
    assert [what for what, *_ in cases] == ["small, output", *(f"small, d{name}" for name in names)]
    prove_all("small", cases)
    assert not cases[0][1][1, 2:].any()  # padding takes no part
    assert all(ours.any() for what, ours, *_ in cases if "W_K.bias" not in what)  # a key's bias cancels in the softmax


@pytest.mark.parametrize("name", ["norm.gamma", "layers.0.attention.W_K.bias"])
def test_a_weight_name_that_is_missing_or_unknown_is_an_error_and_no_shorter_proof(name):
    def without(state):
        return {k: x for k, x in from_bert(state).items() if k != name}

    with pytest.raises(RuntimeError, match=rf"Missing key\(s\) in state_dict: \"{name}\""):
        list(compared(without))
    with pytest.raises(RuntimeError, match="Unexpected key"):
        list(compared(lambda state: from_bert(state) | {name + "s": torch.ones(1)}))


# --- the real ones ----------------------------------------------------------------------------------------------------


@pytest.mark.fetched
def test_real_weights_on_real_reviews(capsys):
    model, tokenizer = models.load("minilm", "sequence-classification")
    texts = data.load("movie-reviews")["test"]["text"][:4]
    ids, real = pad(encode(tokenizer, texts, 64), tokenizer.pad_token_id)
    assert not real.all()  # some of them are padded
    prove_all("MiniLM", proofs_attention.pretrained(maths(), model.bert, ids, real.bool()))
    assert capsys.readouterr().out.startswith("proven: MiniLM (")
