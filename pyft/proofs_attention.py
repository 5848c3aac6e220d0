"""Proofs of section 4.1: attention, layers and whole encoders against the libraries, values and gradients.

Each function is a family of cases for `prove_all`. Weights are copied; gradients are those of a random projection of
the output. In float32 both sides round each of some hundred operations on numbers of order one: the bound is `FLOAT32`.
"""

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
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaModel,
    XLNetConfig,
    XLNetModel,
)

from pyft.evidence import Case
from pyft.maths import Maths, precision
from pyft.state_dicts import from_bert, from_xlnet

FLOAT64, FLOAT32 = 1e-10, 2e-5
TYPES = [(torch.float64, FLOAT64), (torch.float32, FLOAT32)]
V, d, h, d_ff, L = 40, 24, 4, 48, 2  # the size of the encoders that are compared


def attention(m: Maths) -> Iterator[Case]:
    """Output and gradients against `F.scaled_dot_product_attention`, with and without masks, empty rows included."""
    shapes = [(1, 1, 1, 1, 1, 1), (2, 3, 5, 5, 8, 8), (2, 2, 4, 7, 6, 3), (3, 1, 9, 2, 16, 5)]
    for seed, (shape, (dtype, tol)) in enumerate(product(shapes, TYPES)):
        torch.manual_seed(seed)
        B, n, T_q, T_k, d_k, d_v = shape
        q, k, v = (torch.randn(B, n, T, x, dtype=dtype) for T, x in [(T_q, d_k), (T_k, d_k), (T_k, d_v)])
        for name, mask in masks(B, T_q, T_k).items():
            what = f"{shape}, {name}, {precision(dtype)}"
            ours = gradients(m.attention.scaled_dot_product_attention, q, k, v, mask=mask)
            theirs = gradients(F.scaled_dot_product_attention, q, k, v, attn_mask=mask)
            for part, a, b in zip(["output", "dq", "dk", "dv"], ours, theirs, strict=True):
                yield f"{what}, {part}", a, b, tol


def orders(m: Maths) -> Iterator[Case]:
    """The causal mask against torch's, the permutation mask against a loop over the order, pair by pair."""
    for T in (1, 2, 6):
        theirs = nn.Transformer.generate_square_subsequent_mask(T)  # 0 where a query may look, else -inf
        yield f"causal, T = {T}", m.attention.causal(T), theirs == 0, 0.0
        torch.manual_seed(T)
        order = torch.rand(3, T).argsort(-1)  # (B, T)
        seen = torch.zeros(3, T, T, dtype=torch.bool)
        for b, row in enumerate(order.tolist()):
            for turn, i in enumerate(row):
                seen[b, i, row[:turn]] = True  # position i sees those that had their turn before
        yield f"permutation, T = {T}", m.encoder.permutation_mask(order), seen, 0.0


def masks(B: int, T_q: int, T_k: int) -> dict[str, Tensor | None]:
    """No mask, padding, causal, and a random one whose first row lets nothing through."""
    lengths = torch.randint(1, T_k + 1, (B, 1, 1, 1))
    random = torch.rand(B, 1, T_q, T_k) < 0.5
    random[:, :, 0] = False
    return {
        "no mask": None,
        "padding": torch.arange(T_k) < lengths,
        "causal": torch.ones(T_q, T_k, dtype=torch.bool).tril(),
        "an empty row": random,
    }


def multi_head(m: Maths) -> Iterator[Case]:
    """Output, weights, gradients against `nn.MultiheadAttention`: queries from one text, keys from another; masks."""
    for seed, ((width, heads), (dtype, tol)) in enumerate(product([(8, 1), (12, 3), (32, 8)], TYPES)):
        torch.manual_seed(seed)
        theirs = nn.MultiheadAttention(width, heads, batch_first=True, dtype=dtype)
        nn.init.normal_(theirs.in_proj_bias)
        nn.init.normal_(theirs.out_proj.bias)
        ours = m.attention.MultiHeadAttention(width, heads).to(dtype)
        W, b = theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)
        copied = {f"W_{x}.weight": W[i] for i, x in enumerate("QKV")} | {
            f"W_{x}.bias": b[i] for i, x in enumerate("QKV")
        }
        ours.load_state_dict(copied | {"W_O.weight": theirs.out_proj.weight, "W_O.bias": theirs.out_proj.bias})
        q, k, v = (torch.randn(3, T, width, dtype=dtype) for T in (5, 7, 7))
        real = torch.arange(7) < torch.tensor([[7], [4], [1]])  # (3, 7)
        window = torch.rand(5, 7).argsort(-1) < 3  # (5, 7), three keys a query
        settings: dict[str, tuple[Any, dict[str, Any]]] = {
            "no mask": (None, {}),
            "padding": (real[:, None, None], {"key_padding_mask": ~real}),
            "window": (window, {"attn_mask": ~window}),
        }
        for name, (mask, options) in settings.items():
            what = f"d = {width}, h = {heads}, {name}, {precision(dtype)}"
            ours.zero_grad()
            theirs.zero_grad()
            a, A = ours(q, k, v, mask)
            b_, B_ = theirs(q, k, v, average_attn_weights=False, **options)
            yield f"{what}, output", a, b_, tol
            yield f"{what}, weights", A, B_, tol
            a.backward(projection(a))
            b_.backward(projection(a))
            dW = torch.cat([W.weight.grad for W in (ours.W_Q, ours.W_K, ours.W_V)])
            yield f"{what}, dW_Q, dW_K, dW_V", dW, theirs.in_proj_weight.grad, tol
            yield f"{what}, dW_O", ours.W_O.weight.grad, theirs.out_proj.weight.grad, tol
            db = torch.cat([W.bias.grad for W in (ours.W_Q, ours.W_K, ours.W_V)])
            yield f"{what}, db_Q, db_K, db_V", db, theirs.in_proj_bias.grad, tol
            yield f"{what}, db_O", ours.W_O.bias.grad, theirs.out_proj.bias.grad, tol


def layer_norm(m: Maths) -> Iterator[Case]:
    """Output and gradients against `nn.LayerNorm`: widths, epsilons, far means, and a vector without any spread."""
    for (width, eps), (dtype, tol) in product([(24, 1e-5), (384, 1e-12), (2, 1e-12), (1, 1e-5), (5, 0.5)], TYPES):
        torch.manual_seed(width)
        ours, theirs = m.encoder.LayerNorm(width, eps).to(dtype), nn.LayerNorm(width, eps, dtype=dtype)
        gain, offset = torch.randn(width, dtype=dtype), torch.randn(width, dtype=dtype)
        ours.load_state_dict({"gamma": gain, "beta": offset})
        theirs.load_state_dict({"weight": gain, "bias": offset})
        inputs = {"random": torch.randn(4, 3, width, dtype=dtype), "far": 3 + 2 * torch.randn(4, 3, width, dtype=dtype)}
        if width == 2:  # two numbers that happen to be close would be spread by 1 / sqrt(eps), rounding and all
            inputs = {"apart": torch.tensor([[-1.0, 1.0], [2.0, -3.0]], dtype=dtype)}
        if eps == 0.5:
            inputs["without spread"] = torch.ones(2, width, dtype=dtype)
        for name, x in inputs.items():
            for part, a, b in zip(["output", "dx"], gradients(ours, x), gradients(theirs, x), strict=True):
                yield f"d = {width}, eps = {eps:g}, {name}, {precision(dtype)}, {part}", a, b, tol


def feed_forward(m: Maths) -> Iterator[Case]:
    """Output and all gradients against `nn.Sequential`, with ReLU and with GELU; GELU also by its formula."""
    kinds: dict[str, tuple[Any, nn.Module]] = {
        "relu": (m.encoder.relu, nn.ReLU()),
        "gelu": (m.encoder.gelu, nn.GELU()),
        "gelu in one kernel": (F.gelu, nn.GELU()),
    }
    for (name, (ours_f, theirs_f)), (dtype, tol) in product(kinds.items(), TYPES):
        torch.manual_seed(0)
        ours = m.encoder.FeedForward(6, 10, ours_f).to(dtype)
        theirs = nn.Sequential(nn.Linear(6, 10), theirs_f, nn.Linear(10, 6)).to(dtype)
        theirs.load_state_dict(
            {f"{i}.{x}": y for i, W in [(0, ours.W_1), (2, ours.W_2)] for x, y in W.state_dict().items()}
        )
        x = torch.randn(3, 4, 6, dtype=dtype)
        for part, a, b in zip(["output", "dx"], gradients(ours, x), gradients(theirs, x), strict=True):
            yield f"{name}, {precision(dtype)}, {part}", a, b, tol
        for (part, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            yield f"{name}, {precision(dtype)}, d{part}", a.grad, b.grad, tol


def layer(m: Maths) -> Iterator[Case]:
    """A whole layer, norm after and norm before the sublayer, against `nn.TransformerEncoderLayer`."""
    for norm_first, (dtype, tol) in product([False, True], TYPES):
        torch.manual_seed(norm_first)
        kind = m.encoder.PreNormLayer if norm_first else m.encoder.EncoderLayer
        ours = kind(d, h, d_ff, eps=1e-5, dropout=0.3).to(dtype).eval()
        theirs = nn.TransformerEncoderLayer(
            d, h, d_ff, 0.3, F.gelu, 1e-5, batch_first=True, norm_first=norm_first, dtype=dtype
        ).eval()
        for p in ours.parameters():
            nn.init.normal_(p, std=0.2)
        state = ours.state_dict()
        names = {"self_attn.out_proj": "attention.W_O", "linear1": "feed_forward.W_1", "linear2": "feed_forward.W_2"}
        copied = {f"{a}.{part}": state[f"{b}.{part}"] for a, b in names.items() for part in ("weight", "bias")}
        for part in ("weight", "bias"):
            copied[f"self_attn.in_proj_{part}"] = torch.cat([state[f"attention.W_{x}.{part}"] for x in "QKV"])
        for i in (1, 2):
            copied |= {f"norm{i}.weight": state[f"norm_{i}.gamma"], f"norm{i}.bias": state[f"norm_{i}.beta"]}
        theirs.load_state_dict(copied)
        real = torch.arange(6) < torch.tensor([[6], [3]])  # (2, 6)
        x = torch.randn(2, 6, d, dtype=dtype)
        a = gradients(ours, x, mask=real[:, None, None])
        b = gradients(theirs, x, src_key_padding_mask=~real)
        where = "norm before" if norm_first else "norm after"
        yield f"{where}, {precision(dtype)}, output", a[0], b[0], tol
        yield f"{where}, {precision(dtype)}, dx", a[1], b[1], tol


def bert(m: Maths) -> Iterator[Case]:
    """The whole encoder against `BertModel`: padding, segments, all gradients; in training, under the same dropout."""
    config = BertConfig(
        vocab_size=V, hidden_size=d, num_attention_heads=h, intermediate_size=d_ff, num_hidden_layers=L,
        max_position_embeddings=16, attn_implementation="eager",
    )  # fmt: skip
    for seed, (dtype, tol) in product(range(2), TYPES):
        torch.manual_seed(seed)
        theirs = drawn(BertModel(config, add_pooling_layer=False)).to(dtype)
        ours = m.encoder.BertEncoder(V, d, h, d_ff, L, max_length=16).to(dtype)
        ids, real, segments = texts()
        for name, kept in {"no padding": torch.ones_like(real), "padding": real}.items():
            inputs = {"attention_mask": kept.long(), "token_type_ids": segments}
            what = f"seed {seed}, {name}, {precision(dtype)}"
            yield from whole(from_bert, ours, (ids, kept, segments), theirs, inputs, kept, what, tol)
            yield from trained(ours, (ids, kept, segments), theirs, inputs, what, tol)


def roberta(m: Maths) -> Iterator[Case]:
    """The whole encoder against `RobertaModel`: padding on either side, all gradients."""
    config = RobertaConfig(
        vocab_size=V, hidden_size=d, num_attention_heads=h, intermediate_size=d_ff, num_hidden_layers=L, pad_token_id=1,
        max_position_embeddings=16, type_vocab_size=1, layer_norm_eps=1e-5, attn_implementation="eager",
    )  # fmt: skip
    for seed, (dtype, tol) in product(range(2), TYPES):
        torch.manual_seed(seed)
        theirs = drawn(RobertaModel(config, add_pooling_layer=False)).to(dtype)
        ours = m.encoder.RobertaEncoder(V, d, h, d_ff, L, max_length=16).to(dtype)
        ids, real, _ = texts()
        for name, kept in {"padding right": real, "padding left": real.flip(1)}.items():
            padded = ids.masked_fill(~kept, 1)
            inputs = {"attention_mask": kept.long()}
            what = f"seed {seed}, {name}, {precision(dtype)}"
            yield from whole(from_bert, ours, (padded, kept), theirs, inputs, kept, what, tol)


def xlnet(m: Maths) -> Iterator[Case]:
    """Both streams against `XLNetModel`: permutation masks, targets, segments, padding on either side, gradients."""
    config = XLNetConfig(vocab_size=V, d_model=d, n_head=h, d_inner=d_ff, n_layer=L)
    for seed, (dtype, tol) in product(range(2), TYPES):
        torch.manual_seed(seed)
        theirs = drawn(XLNetModel(config)).to(dtype)
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
    yield from whole(from_xlnet, ours, (ids, kept, segments), theirs, inputs, kept, what, tol)


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
    yield from whole(from_xlnet, ours, args, theirs, inputs, kept, what, tol)


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
            model = drawn(BertForMaskedLM(BertConfig(**sizes))).to(dtype)
            theirs, inner = model.cls.predictions, model.cls.predictions.transform
            norm = inner.LayerNorm
        else:
            model = drawn(RobertaForMaskedLM(RobertaConfig(**sizes, layer_norm_eps=1e-12))).to(dtype)
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


def pretrained(m: Maths, model: Any, ids: Tensor, real: Tensor) -> Iterator[Case]:
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
            yield from whole(from_bert, ours, (ids, real), theirs[name], mask, real, what, tol)
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


# --- how they are compared --------------------------------------------------------------------------------------------


def gradients(f: Any, *inputs: Tensor, **options: Any) -> list[Tensor]:
    """f's output, and the gradient of a fixed random projection of it with respect to each input."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    y = first(f(*leaves, **options))
    y.backward(projection(y))
    return [y, *(x.grad for x in leaves if x.grad is not None)]


def first(y: Any) -> Tensor:
    """The output alone, where a function returns weights with it."""
    return y[0] if isinstance(y, tuple) else y


def projection(y: Tensor) -> Tensor:
    """Random numbers of y's shape, the same for the same shape."""
    return torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(y.dtype)


def texts() -> tuple[Tensor, Tensor, Tensor]:
    """Token ids, the mask of real tokens, segments: all (3, 7)."""
    return torch.randint(2, V, (3, 7)), torch.arange(7) < torch.tensor([[7], [4], [1]]), torch.randint(0, 2, (3, 7))


def drawn(model: Any) -> Any:
    """The model with every parameter redrawn, so that biases, gains and segment embeddings matter too."""
    for name, p in model.named_parameters():
        nn.init.normal_(p, mean=float("orm.weight" in name), std=0.3)
    return model


def whole(
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
    a = stream(ours(*args)) * kept[..., None]
    b = theirs(args[0], **inputs).last_hidden_state * kept[..., None]
    yield f"{what}, output", a, b, tol
    a.backward(projection(a))
    b.backward(projection(b))
    expected = renamed(grads(theirs))
    scale = max(1.0, *(float(g.abs().max()) for g in expected.values()))
    for name, g in grads(ours).items():
        yield f"{what}, d{name}", g / scale, expected[name] / scale, tol


def trained(
    ours: Any, args: tuple[Any, ...], theirs: Any, inputs: dict[str, Any], what: str, tol: float
) -> Iterator[Case]:
    """The output in training: both draw their dropout from the same random numbers, in the same order."""
    ours.train()
    theirs.train()
    torch.manual_seed(7)
    a = ours(*args)
    torch.manual_seed(7)
    yield f"{what}, output in training", a, theirs(args[0], **inputs).last_hidden_state, tol


def stream(y: Any) -> Tensor:
    """What an encoder is read from: XLNet's query stream where there is one, else its content stream."""
    if isinstance(y, tuple):
        return y[0] if y[1] is None else y[1]
    return y


def grads(model: nn.Module) -> Mapping[str, Tensor]:
    """The gradient of each parameter, zeros where it has none."""
    return {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in model.named_parameters()}
