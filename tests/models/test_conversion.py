"""BERT in RoBERTa is the same function; in XLNet it is the same but for positions, which are fitted."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from transformers import BertConfig, BertModel

from pyft import models
from pyft.maths.encoder import sinusoids
from pyft.models import conversion
from pyft.models.conversion import agreement, displacements, errors, fit_positions, paired_inputs, to_roberta, to_xlnet

CLS, SEP, PAD = 2, 3, 0
TEXTS = [[5, 6, 7, 8], [9], [10, 5, 11, 6, 7, 7]]


def bert(positions=True, seed=0):
    """A small BERT in which every parameter matters; without positions, all of its positions are the same."""
    torch.manual_seed(seed)
    sizes = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48}
    model = BertModel(BertConfig(vocab_size=20, max_position_embeddings=80, **sizes)).eval()
    for name, p in model.named_parameters():
        nn.init.normal_(p, mean=float("LayerNorm.weight" in name), std=0.2)
    if not positions:
        model.embeddings.position_embeddings.weight.data[:] = model.embeddings.position_embeddings.weight[0].detach()
    return model


def read(model, **batch):
    with torch.no_grad():
        return model(**batch).last_hidden_state


@pytest.mark.parametrize("left", [False, True])
def test_roberta_gives_the_hidden_states_of_bert(left):
    model, p = bert(), paired_inputs(TEXTS, CLS, SEP, PAD)
    real = p.bert["attention_mask"].bool()
    batch = dict(p.bert)
    if left:  # RoBERTa counts real tokens only; BERT does not, and would have to be told
        batch = {
            k: torch.stack([row.roll(int((~m).sum())) for row, m in zip(x, real, strict=True)])
            for k, x in batch.items()
        }
    ours = read(to_roberta(model), **batch)
    assert (ours[batch["attention_mask"].bool()] - read(model, **p.bert)[real]).abs().max() < 1e-6


def test_roberta_has_as_many_places_as_bert():
    ids = torch.randint(4, 20, (1, 80))
    assert torch.allclose(read(to_roberta(bert()), input_ids=ids), read(bert(), input_ids=ids), atol=1e-6)
    assert not to_roberta(bert()).embeddings.position_embeddings.weight[: PAD + 1].any()  # padding has no place


def test_texts_are_paired_token_by_token():
    p = paired_inputs([[5, 6], [7]], CLS, SEP, PAD)
    assert p.bert["input_ids"].tolist() == [[2, 5, 6, 3], [2, 7, 3, 0]]
    assert p.xlnet["input_ids"].tolist() == [[5, 6, 3, 2], [0, 7, 3, 2]]
    assert p.xlnet["token_type_ids"].tolist() == [[0, 0, 0, 2], [3, 0, 0, 2]]
    assert p.xlnet["attention_mask"].tolist() == [[1, 1, 1, 1], [0, 1, 1, 1]]
    again = p.bert["input_ids"].gather(1, p.place)
    real = p.xlnet["attention_mask"].bool()
    assert torch.equal(again[real], p.xlnet["input_ids"][real])


def without_positions(model, words, ids, mask):
    """BERT's encoder on these words alone."""
    hidden = (1.0 - mask[:, None, None].float()) * -1e30
    with torch.no_grad():
        return model.encoder(words[ids], attention_mask=hidden).last_hidden_state


@pytest.mark.parametrize("damping", [0, None])
def test_without_positions_xlnet_is_bert_exactly_once_all_biases_have_found_a_place(damping):
    model, p = bert(), paired_inputs(TEXTS, CLS, SEP, PAD)
    xlnet = to_xlnet(model, damping=damping)
    moved = displacements(model, damping)[0].float() if damping is not None else torch.zeros(32)
    words = xlnet.word_embedding.weight.detach() - moved
    theirs = without_positions(model, words, p.bert["input_ids"], p.bert["attention_mask"])
    theirs = theirs.gather(1, p.place[:, :, None].expand_as(theirs))
    gap = (read(xlnet, **p.xlnet) - theirs)[p.xlnet["attention_mask"].bool()].abs().max()
    assert gap < 1e-4 if damping == 0 else gap > 0.05  # left out, value and output biases are missed


def test_damping_trades_exactness_for_short_vectors():
    model = bert()
    lengths = [sum(d.norm() for d in displacements(model, damping)) for damping in (0, 0.01, 1.0)]
    assert lengths[0] > lengths[1] > lengths[2] > 0
    assert displacements(model, 0)[-1].abs().max() == 0  # nothing reads the last layer's output


def test_words_are_normalised_beforehand():
    model = bert(positions=False)
    ids = torch.arange(4, 20)[None]
    with torch.no_grad():
        assert torch.allclose(conversion.embed_words(model)[ids], model.embeddings(ids), atol=1e-6)
    assert torch.equal(
        to_xlnet(model, damping=None).word_embedding.weight, conversion.embed_words(model.double()).half().float()
    )


def test_query_biases_go_where_xlnet_has_them_or_are_left_out():
    model = bert()
    u = model.encoder.layer[1].attention.self.query.bias
    for query_bias, expected in [(True, u), (False, torch.zeros_like(u))]:
        xlnet = to_xlnet(model, query_bias=query_bias, damping=None)
        assert torch.equal(xlnet.layer[1].rel_attn.r_w_bias.flatten(), expected)


def test_xlnet_drops_out_less():
    config = conversion.xlnet_config(bert().config)
    assert config.dropout == 0.3 * bert().config.hidden_dropout_prob > 0


def test_key_biases_change_nothing():
    model = bert()
    before = read(model, input_ids=torch.tensor([TEXTS[0]]))
    for layer in model.encoder.layer:
        layer.attention.self.key.bias.data += torch.randn(32)
    assert torch.allclose(read(model, input_ids=torch.tensor([TEXTS[0]])), before, atol=1e-5)


def test_a_transplant_leaves_the_original_as_it_was():
    model, untouched = bert(), bert().state_dict()
    for carry in (to_roberta, to_xlnet):
        carry(model)
    assert all(torch.equal(x, untouched[name]) and x.dtype == torch.float32 for name, x in model.state_dict().items())


def test_the_mean_score_by_offset_counts_every_pair_and_puts_far_ones_together():
    wanted = torch.linspace(-1, 1, 7)  # by offset, from -3 to 3
    gaps = []
    for n in (5, 9):
        place = torch.arange(n)
        gap = wanted[(place[:, None] - place).clamp(-3, 3) + 3]  # (n, n)
        gaps.append((gap[None, :, :, None].expand(1, n, n, 4), torch.ones(1, n, n, dtype=torch.bool)))
    f, count = conversion._mean_by_offset(gaps, 3)
    assert torch.allclose(f, wanted.double()[:, None].expand(7, 4), atol=1e-6)
    assert count.tolist() == [3 + 21, 3 + 7, 4 + 8, 5 + 9, 4 + 8, 3 + 7, 3 + 21]


def test_fitted_positions_score_every_offset_as_bert_does_on_average():
    model = bert()
    with torch.no_grad():  # a BERT that looks near itself, so that there is something smooth to fit
        model.embeddings.position_embeddings.weight.copy_(sinusoids(torch.arange(80), 32))
        for linear in (model.encoder.layer[0].attention.self.query, model.encoder.layer[0].attention.self.key):
            linear.weight.copy_(0.8 * torch.eye(32))
    torch.manual_seed(1)
    p = paired_inputs(
        [torch.randint(4, 20, (n,)).tolist() for n in torch.randint(4, 14, (64,)).tolist()], CLS, SEP, PAD
    )
    xlnet = to_xlnet(model)
    u = [layer.rel_attn.r_r_bias.clone() for layer in xlnet.layer]
    with torch.no_grad():
        read = model(**p.bert, output_hidden_states=True).hidden_states[0]
        f, n = conversion._mean_by_offset([conversion._gap(xlnet, model, p, read, 0)], 8)  # (17, h)
    fit_positions(xlnet, model, [p], reach=8, ridge=1e-6)
    first = xlnet.layer[0].rel_attn
    assert torch.equal(first.r_r_bias, u[0] + conversion.LOUD)
    R = sinusoids(torch.arange(-8, 9), 32)
    scores = torch.einsum("od,dhk,hk->oh", R, first.r, torch.full((4, 8), conversion.LOUD))
    w = (n / n.sum())[:, None]
    left, whole = ((w * x**2).sum() for x in (scores - f, f - (w * f).sum(0)))
    assert left < 0.1 * whole
    assert xlnet.layer[2].rel_attn.r.abs().max() > 0


def test_agreement_and_errors_of_equals():
    model, p = bert(positions=False), paired_inputs(TEXTS, CLS, SEP, PAD)
    moved = [m.float() for m in displacements(model, 0)]
    xlnet = to_xlnet(model, damping=0)
    assert min(agreement(xlnet, model, p, moved)) > 0.9999
    found = errors(xlnet, model, p, moved)
    assert len(found) == 4 and max(found) < 1e-4
    found[-1].backward()
    assert xlnet.layer[0].rel_attn.q.grad is not None
    assert all(q.grad is None for q in model.parameters())


@pytest.mark.fetched
def test_minilm_in_roberta_and_in_xlnet():
    model = models.minilm()
    texts = [[1037, 2143, 2008, 2003, 2397], [2023, 2003, 1037, 2204, 3185, 1012]] * 8
    p = paired_inputs(texts, 101, 102, 0)
    real = p.bert["attention_mask"].bool()
    assert (read(to_roberta(model), **p.bert) - read(model, **p.bert))[real].abs().max() < 1e-5
    moved = [m.float() for m in displacements(model, conversion.DAMPING)]
    xlnet = to_xlnet(model)
    before = agreement(xlnet, model, p, moved)[-1]
    fit_positions(xlnet, model, [p])
    assert agreement(xlnet, model, p, moved)[-1] > before + 0.05
    assert F.cosine_similarity(xlnet.mask_emb.flatten(), xlnet.word_embedding.weight.mean(0), dim=0) > 0.99
