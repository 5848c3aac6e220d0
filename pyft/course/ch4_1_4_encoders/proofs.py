"""The proofs of section 4.1.4: ours against the library's, case by case."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertModel,
    PreTrainedModel,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaModel,
    XLNetConfig,
    XLNetModel,
)

from pyft.course.proof_tools import (
    FLOAT64,
    TYPES,
    L,
    V,
    compare_in_training,
    compare_under_same_masks,
    d,
    d_ff,
    gradients,
    h,
    output_stream,
    parameter_gradients,
    projection,
    randomise,
    texts,
)
from pyft.evidence.proofs import Case
from pyft.maths.state_dicts import from_bert, from_xlnet
from pyft.mutation import Maths, precision


def bert(m: Maths) -> Iterator[Case]:
    """The whole encoder against `BertModel`: padding, segments, all gradients; in training, under the same dropout."""
    config = BertConfig(
        vocab_size=V, hidden_size=d, num_attention_heads=h, intermediate_size=d_ff, num_hidden_layers=L,
        max_position_embeddings=16, attn_implementation="eager",
    )  # fmt: skip
    for seed, (dtype, tol) in product(range(2), TYPES):
        torch.manual_seed(seed)
        theirs = randomise(BertModel(config, add_pooling_layer=False)).to(dtype)
        ours = m.encoder.BertEncoder(V, d, h, d_ff, L, max_length=16).to(dtype)
        ids, real, segments = texts()
        for name, kept in {"no padding": torch.ones_like(real), "padding": real}.items():
            inputs = {"attention_mask": kept.long(), "token_type_ids": segments}
            what = f"seed {seed}, {name}, {precision(dtype)}"
            yield from compare_encoders(from_bert, ours, (ids, kept, segments), theirs, inputs, kept, what, tol)
            yield from compare_in_training(ours, (ids, kept, segments), theirs, inputs, what, tol)


def roberta(m: Maths) -> Iterator[Case]:
    """The whole encoder against `RobertaModel`: padding on either side, all gradients."""
    config = RobertaConfig(
        vocab_size=V, hidden_size=d, num_attention_heads=h, intermediate_size=d_ff, num_hidden_layers=L, pad_token_id=1,
        max_position_embeddings=16, type_vocab_size=1, layer_norm_eps=1e-5, attn_implementation="eager",
    )  # fmt: skip
    for seed, (dtype, tol) in product(range(2), TYPES):
        torch.manual_seed(seed)
        theirs = randomise(RobertaModel(config, add_pooling_layer=False)).to(dtype)
        ours = m.encoder.RobertaEncoder(V, d, h, d_ff, L, max_length=16).to(dtype)
        ids, real, _ = texts()
        for name, kept in {"padding right": real, "padding left": real.flip(1)}.items():
            padded = ids.masked_fill(~kept, 1)
            inputs = {"attention_mask": kept.long()}
            what = f"seed {seed}, {name}, {precision(dtype)}"
            yield from compare_encoders(from_bert, ours, (padded, kept), theirs, inputs, kept, what, tol)


def xlnet(m: Maths) -> Iterator[Case]:
    """Both streams against `XLNetModel`: permutation masks, targets, segments, padding on either side, gradients.

    And where dropout stands, in training: the library draws its masks in another order, so both get the same.
    """
    config = XLNetConfig(vocab_size=V, d_model=d, n_head=h, d_inner=d_ff, n_layer=L)
    for seed, (dtype, tol) in product(range(2), TYPES):
        torch.manual_seed(seed)
        theirs = randomise(XLNetModel(config)).to(dtype)
        ours = m.encoder.XLNetEncoder(V, d, h, d_ff, L).to(dtype)
        ids, real, segments = texts()
        what = f"seed {seed}, {precision(dtype)}"
        for name, kept in {"padding right": real, "padding left": real.flip(1)}.items():
            yield from content_stream(m, ours, theirs, ids, kept, segments, f"content stream, {name}, {what}", tol)
        yield from query_stream(m, ours, theirs, ids, segments, f"query stream, {what}", tol)


def content_stream(
    m: Maths, ours: Any, theirs: Any, ids: Tensor, kept: Tensor, segments: Tensor, what: str, tol: float
) -> Iterator[Case]:
    """XLNet reading texts with padding."""
    inputs = {"attention_mask": kept.to(theirs.dtype), "token_type_ids": segments}
    yield from compare_encoders(from_xlnet, ours, (ids, kept, segments), theirs, inputs, kept, what, tol)
    yield from compare_under_same_masks(ours, (ids, kept, segments), theirs, inputs, kept, what, tol)


def query_stream(
    m: Maths, ours: Any, theirs: Any, ids: Tensor, segments: Tensor, what: str, tol: float
) -> Iterator[Case]:
    """XLNet predicting the last three tokens of a drawn order, each of which sees some token; texts without padding."""
    encoding = theirs.relative_positional_encoding  # always float32: this stream would refuse float64
    theirs.relative_positional_encoding = lambda *args, **options: encoding(*args, **options).to(theirs.dtype)
    order = torch.rand(ids.shape).argsort(-1)  # (B, T)
    visible, targets = m.encoder.permutation_mask(order), order[:, -3:]
    inputs = {
        "perm_mask": (~visible).to(theirs.dtype),
        "target_mapping": F.one_hot(targets, ids.size(1)).to(theirs.dtype),  # (B, M, T)
        "token_type_ids": segments,
    }
    args, kept = (ids, None, segments, visible, targets), torch.ones_like(targets, dtype=torch.bool)
    yield from compare_encoders(from_xlnet, ours, args, theirs, inputs, kept, what, tol)
    yield from compare_under_same_masks(ours, args, theirs, inputs, kept, what, tol)


def tied_head(m: Maths) -> Iterator[Case]:
    """Logits and gradients against `BertForMaskedLM` and `RobertaForMaskedLM`: the same head in both."""
    sizes = {
        "hidden_size": d,
        "num_attention_heads": h,
        "intermediate_size": d_ff,
        "num_hidden_layers": 1,
        "vocab_size": V,
    }
    for name, (dtype, tol) in product(["BERT", "RoBERTa"], TYPES):
        torch.manual_seed(0)
        if name == "BERT":
            model = randomise(BertForMaskedLM(BertConfig(**sizes))).to(dtype)
            theirs, inner = model.cls.predictions, model.cls.predictions.transform
            norm = inner.LayerNorm
        else:
            model = randomise(RobertaForMaskedLM(RobertaConfig(**sizes, layer_norm_eps=1e-12))).to(dtype)
            theirs = inner = model.lm_head
            norm = theirs.layer_norm
        word = nn.Embedding.from_pretrained(model.get_input_embeddings().weight.detach().clone(), freeze=False)
        ours = m.encoder.TiedHead(word).to(dtype)
        ours.dense.load_state_dict(inner.dense.state_dict())
        ours.norm.load_state_dict({"gamma": norm.weight, "beta": norm.bias})
        ours.bias.data.copy_(theirs.decoder.bias)
        x = torch.randn(2, 5, d, dtype=dtype)
        for part, a, b in zip(["logits", "dx"], gradients(ours, x), gradients(theirs, x), strict=True):
            yield f"{name}, {precision(dtype)}, {part}", a, b, tol
        yield f"{name}, {precision(dtype)}, dE", ours.word.weight.grad, theirs.decoder.weight.grad, tol


def pretrained(m: Maths, model: PreTrainedModel, ids: Tensor, real: Tensor) -> Iterator[Case]:
    """A pretrained `BertModel` on real text (padding 0): as it is, as a RoBERTa, and its matrices in an XLNet.

    As a RoBERTa it must say the same as before: the table of positions moves up by one, for the padding. The XLNet is
    proven in float64 alone: in float32 gradients of its query stream differ by up to 2.2e-5 here.
    """
    c, state = model.config, from_bert(model.state_dict())
    size = (c.vocab_size, c.hidden_size, c.num_attention_heads, c.intermediate_size, c.num_hidden_layers)
    table = state["position.weight"]
    moved = {
        "position.weight": torch.cat([torch.zeros_like(table[:1]), table]),
        "segment.weight": state["segment.weight"][:1],
    }
    options = {"max_length": len(table), "num_segments": c.type_vocab_size, "eps": c.layer_norm_eps}
    for dtype, tol in TYPES:
        bert = m.encoder.BertEncoder(*size, **options).to(dtype)
        roberta = m.encoder.RobertaEncoder(*size, max_length=len(table) + 1, pad_id=0, eps=c.layer_norm_eps).to(dtype)
        theirs = {"BERT": model.to(dtype), "RoBERTa": roberta_model(c).to(dtype)}
        copy_into(from_bert(theirs["RoBERTa"].state_dict()), state | moved)
        mask = {"attention_mask": real.long()}
        for name, ours in {"BERT": bert, "RoBERTa": roberta}.items():
            what = f"{name}, {precision(dtype)}"
            yield from compare_encoders(from_bert, ours, (ids, real), theirs[name], mask, real, what, tol)
        with torch.inference_mode():
            a, b = (ours(ids, real) * real[..., None] for ours in (roberta, bert))
        yield f"RoBERTa says what BERT says, {precision(dtype)}", a, b, tol
    xlnet, theirs_x = m.encoder.XLNetEncoder(*size, eps=c.layer_norm_eps).double(), xlnet_model(c).double()
    copy_into(from_xlnet(theirs_x.state_dict()), state)
    one = torch.zeros_like(ids)  # a single segment
    yield from content_stream(m, xlnet, theirs_x, ids, real, one, "XLNet, content stream, float64", FLOAT64)
    T = int(real.sum(1).min())  # up to here there is no padding
    yield from query_stream(m, xlnet, theirs_x, ids[:, :T], one[:, :T], "XLNet, query stream, float64", FLOAT64)
    model.float()


def roberta_model(c: Any) -> Any:
    """A `RobertaModel` of the size of a `BertConfig`, with padding 0 and one segment."""
    config = RobertaConfig(
        vocab_size=c.vocab_size, hidden_size=c.hidden_size, num_attention_heads=c.num_attention_heads,
        intermediate_size=c.intermediate_size, num_hidden_layers=c.num_hidden_layers, pad_token_id=0,
        max_position_embeddings=c.max_position_embeddings + 1, type_vocab_size=1, layer_norm_eps=c.layer_norm_eps,
    )  # fmt: skip
    return RobertaModel(config, add_pooling_layer=False)


def xlnet_model(c: Any) -> Any:
    """An `XLNetModel` of the size of a `BertConfig`, with random weights where BERT has none."""
    config = XLNetConfig(
        vocab_size=c.vocab_size, d_model=c.hidden_size, n_head=c.num_attention_heads, d_inner=c.intermediate_size,
        n_layer=c.num_hidden_layers, layer_norm_eps=c.layer_norm_eps,
    )  # fmt: skip
    torch.manual_seed(0)
    model = XLNetModel(config)
    for name, p in model.named_parameters():
        if "bias" in name or "embed" in name or name == "mask_emb":
            nn.init.normal_(p, std=0.1)  # the library starts them at zero, where a mistake would not show
    return model


def copy_into(views: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> None:
    """Copy what the state has into a library's parameters, seen under our names and in our shapes."""
    for name, view in views.items():
        if name in state:
            view.copy_(state[name])


def compare_encoders(
    renamed: Any,
    ours: Any,
    args: tuple[Any, ...],
    theirs: Any,
    inputs: dict[str, Any],
    kept: Tensor,
    what: str,
    tol: float,
) -> Iterator[Case]:
    """Weights copied, in evaluation: the output at the tokens that are `kept`, and the gradient of every parameter.

    Gradients are divided by the largest, where that is above one. The library gives a padding embedding no gradient at
    all, so padding takes no part.
    """
    ours.load_state_dict(renamed(theirs.state_dict()))  # raises unless every name and shape fits
    for model in (ours, theirs):
        model.eval()
        model.zero_grad()
    a = output_stream(ours(*args)) * kept[..., None]
    b = theirs(args[0], **inputs).last_hidden_state * kept[..., None]
    yield f"{what}, output", a, b, tol
    a.backward(projection(a))
    b.backward(projection(b))
    expected = renamed(parameter_gradients(theirs))
    scale = max(1.0, *(float(g.abs().max()) for g in expected.values()))
    for name, g in parameter_gradients(ours).items():
        yield f"{what}, d{name}", g / scale, expected[name] / scale, tol
