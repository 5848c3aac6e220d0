"""The proofs of section 8.2.3: ours against `peft`, and against plain formulas where it has none, case by case."""

import copy
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import product
from types import ModuleType
from typing import Any, NamedTuple

import torch
from peft import IA3Config, LoraConfig, get_peft_model, inject_adapter_in_model
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig, BertForSequenceClassification

from pyft.course.proof_tools import TYPES, L, V, d, d_ff, gradients, h, projection, randomise, same_masks, texts
from pyft.evidence.proofs import Case
from pyft.maths.sizes import Size, own_parameters
from pyft.mutation import precision

STEPS = 50
MAPS = [  # d_in, d_out, bias, r, alpha, dropout, rank-stabilised
    (6, 4, True, 2, 4.0, 0.0, False),
    (5, 7, False, 1, 3.0, 0.0, False),
    (8, 8, True, 4, 16.0, 0.5, False),
    (6, 9, True, 4, 2.0, 0.0, True),
    (7, 5, False, 3, 5.0, 0.4, True),
]
CASES = [(row, *TYPES[0]) for row in MAPS] + [(MAPS[2], *TYPES[1])]  # double precision, and one of single


class Code(NamedTuple):
    """The modules of this page."""

    lora: ModuleType
    efficient: ModuleType


# --- one linear map ---------------------------------------------------------------------------------------------------


def pair(m: Code, kind: str, row: tuple[Any, ...], dtype: torch.dtype, seed: int = 0) -> tuple[Any, Any]:
    """Ours and peft's beside copies of one map, with the same numbers drawn for A, B and m."""
    d_in, d_out, bias, r, alpha, p, stable = row
    torch.manual_seed(seed)
    linear = nn.Linear(d_in, d_out, bias=bias).to(dtype)
    config = LoraConfig(
        r=r, lora_alpha=alpha, lora_dropout=p, use_rslora=stable, use_dora=kind == "DoRA", target_modules=["0"]
    )
    theirs = inject_adapter_in_model(config, nn.Sequential(copy.deepcopy(linear)))[0]
    ours = getattr(m.lora, kind)(linear, r, alpha, p, stable)
    given = {name: 0.5 * torch.randn(x.shape, dtype=dtype) for name, x in (("A", ours.A), ("B", ours.B))}
    with torch.no_grad():
        for one, of in zip(learnt(ours), given.values(), strict=False):
            one.copy_(of)
        for one, of in zip(learnt(theirs), given.values(), strict=False):
            one.copy_(of)
    return ours.train(), theirs.train()


def learnt(part: Any) -> list[Tensor]:
    """A, B and, of a DoRA, m: of ours or of peft's."""
    if hasattr(part, "lora_A"):
        found = [part.lora_A["default"].weight, part.lora_B["default"].weight]
        return found + [x.weight for x in part.lora_magnitude_vector.values()]
    return [part.A, part.B, *([part.m] if hasattr(part, "m") else [])]


def forward_and_gradients(m: Code) -> Iterator[Case]:
    """Output, and gradients of x and of all that learns, of LoRA and DoRA, in training: dropout drops the same."""
    for kind, (row, dtype, tol) in product(("LoRA", "DoRA"), CASES):
        ours, theirs = pair(m, kind, row, dtype)
        x = torch.randn(3, 5, row[0], dtype=dtype)
        with same_masks() if row[5] else nullcontext():
            a, b = ([*gradients(part, x), *(p.grad for p in learnt(part))] for part in (ours, theirs))
        for name, one, other in zip(("output", "dx", "dA", "dB", "dm"), a, b, strict=False):
            yield f"{kind}, {row}, {precision(dtype)}, {name}", one, other, tol


def start(m: Code) -> Iterator[Case]:
    """Before the first step the model is as it was; A is drawn as torch draws a linear map, and B has a gradient."""
    for kind, row in product(("LoRA", "DoRA"), MAPS):
        torch.manual_seed(1)
        linear, x = nn.Linear(*row[:2], bias=row[2]), torch.randn(3, row[0])
        before = linear(x).detach()
        torch.manual_seed(2)
        part = getattr(m.lora, kind)(linear, *row[3:]).eval()
        torch.manual_seed(2)
        A = nn.Linear(row[0], row[3], bias=False).weight
        yield f"{kind}, {row}, output", part(x), before, 2e-6
        yield f"{kind}, {row}, A", part.A, A, 0.0
        part(x).square().sum().backward()
        yield f"{kind}, {row}, B has a gradient", float(part.B.grad.abs().sum() > 0), 1.0, 0.0
        yield f"{kind}, {row}, W learns", float(part.linear.weight.requires_grad), 0.0, 0.0
        if kind == "DoRA":
            yield f"{kind}, {row}, m", part.m, linear.weight.norm(dim=1), 0.0


def training(m: Code) -> Iterator[Case]:
    """A, B, m and W after fifty steps of AdamW towards another map."""
    for kind, row in product(("LoRA", "DoRA"), (MAPS[0], MAPS[3])):
        ours, theirs = pair(m, kind, row, torch.float64)
        x, y = torch.randn(16, row[0], dtype=torch.float64), torch.randn(16, row[1], dtype=torch.float64)
        for part in (ours, theirs):
            optimiser = torch.optim.AdamW([p for p in part.parameters() if p.requires_grad], lr=0.02)
            for _ in range(STEPS):
                optimiser.zero_grad()
                F.mse_loss(part(x), y).backward()
                optimiser.step()
        for name, one, other in zip(("A", "B", "m"), learnt(ours), learnt(theirs), strict=False):
            yield f"{kind}, {row}, {name}", one, other, 1e-9
        yield f"{kind}, {row}, W", ours.linear.weight, theirs.base_layer.weight, 0.0


def merging(m: Code) -> Iterator[Case]:
    """The merged map is peft's, does what the two did, once and twice, and leaves what it was made of as it was."""
    for kind, (row, dtype, tol) in product(("LoRA", "DoRA"), CASES):
        ours, theirs = (part.eval() for part in pair(m, kind, row, dtype))
        x, what = torch.randn(3, row[0], dtype=dtype), f"{kind}, {row}, {precision(dtype)}"
        apart, W = ours(x).detach(), ours.linear.weight.clone()
        merged, again = ours.merged(), ours.merged()
        theirs.merge()
        yield f"{what}, weight", merged.weight, theirs.base_layer.weight, tol
        yield f"{what}, output", merged(x), apart, tol
        yield f"{what}, twice", again.weight, merged.weight, 0.0
        yield f"{what}, W stays", ours.linear.weight, W, 0.0


# --- a whole encoder --------------------------------------------------------------------------------------------------


def classifier(seed: int = 0) -> BertForSequenceClassification:
    """A small BERT with a head, all of its numbers drawn, so that biases and gains matter too."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=V, hidden_size=d, num_attention_heads=h, intermediate_size=d_ff, num_hidden_layers=L,
        max_position_embeddings=16, num_labels=3,
    )  # fmt: skip
    return randomise(BertForSequenceClassification(config)).eval()


def of_peft(config: Any) -> Any:
    """That BERT as peft prepares it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a name that it is to lose
        return get_peft_model(classifier(), config).eval()


def inputs(seed: int = 3) -> dict[str, Tensor]:
    """Three texts of unequal length, as the library reads them."""
    torch.manual_seed(seed)
    ids, real, segments = texts()
    return {"input_ids": ids, "attention_mask": real.long(), "token_type_ids": segments}


def body_gradients(model: Any, names: list[str]) -> list[Tensor]:
    """Logits, and the gradients of some parameters for a fixed random projection of them."""
    model.zero_grad()
    z = model(**inputs()).logits
    z.backward(projection(z))
    of = dict(model.named_parameters())
    return [z, *(of[name].grad for name in names)]


def lora_in_bert(m: Code) -> Iterator[Case]:
    """A whole BERT with LoRA against peft's: logits, gradients, number of parameters; merged, it is one BERT again."""
    config = LoraConfig(r=2, lora_alpha=6, target_modules=["query", "value"], modules_to_save=["classifier", "pooler"])
    for kind in ("LoRA", "DoRA"):
        config.use_dora = kind == "DoRA"
        ours = m.efficient.lora(classifier(), 2, 6, kind=getattr(m.lora, kind))
        theirs = of_peft(config)
        yield f"{kind}, parameters that learn", _learning(ours), _learning(theirs), 0.0
        beside = {name: part for name, part in theirs.named_modules() if hasattr(part, "lora_A")}
        torch.manual_seed(4)
        for name, part in m.efficient.loras(ours).items():
            with torch.no_grad():
                for one, other in zip(learnt(part), learnt(beside[f"base_model.model.{name}"]), strict=True):
                    one.add_(0.3 * torch.randn(one.shape))
                    other.copy_(one)
        first, *others = m.efficient.loras(ours)
        a = body_gradients(ours, [f"{first}.A", f"{first}.B", "classifier.weight"])
        prefix, default = f"base_model.model.{first}", "default.weight"
        head = "base_model.model.classifier.modules_to_save.default.weight"
        b = body_gradients(theirs, [f"{prefix}.lora_A.{default}", f"{prefix}.lora_B.{default}", head])
        for what, one, other in zip(("logits", "dA", "dB", "the head's"), a, b, strict=True):
            yield f"{kind} in BERT, {what}", one, other, 1e-4
        yield f"{kind}, maps", float(len(others) + 1), float(len(beside)), 0.0
        with torch.no_grad():
            for turn in ("merged", "merged twice"):
                one = m.efficient.merge(ours)(**inputs()).logits
                yield f"{kind}, {turn}", one, a[0], 2e-5
        names = [name for name, _ in ours.named_parameters()]
        yield f"{kind}, names", float(names == [name for name, _ in classifier().named_parameters()]), 1.0, 0.0


def ia3_in_bert(m: Code) -> Iterator[Case]:
    """A whole BERT with (IA)^3 against peft's: logits, gradients, number of parameters."""
    inner = r".*layer\.\d+\.output\.dense"
    config = IA3Config(
        target_modules=rf"{inner}|.*attention\.self\.(key|value)",
        feedforward_modules=inner,
        modules_to_save=["classifier", "pooler"],
    )
    ours, theirs = m.efficient.ia3(classifier()), of_peft(config)
    yield "parameters that learn", _learning(ours), _learning(theirs), 0.0
    of = dict(theirs.named_parameters())
    names = [name for name, _ in ours.named_parameters() if name.endswith(".l")]
    twins = [f"base_model.model.{name.removesuffix('.l')}.ia3_l.default" for name in names]
    torch.manual_seed(5)
    with torch.no_grad():
        for name, twin in zip(names, twins, strict=True):
            ours.get_parameter(name).copy_(1 + 0.3 * torch.randn(ours.get_parameter(name).shape))
            of[twin].copy_(ours.get_parameter(name).view(of[twin].shape))
    a, b = body_gradients(ours, names), body_gradients(theirs, twins)
    for name, one, other in zip(["logits", *names], a, b, strict=True):
        yield name, one, other.view(one.shape), 1e-4


def adapters_in_bert(m: Code) -> Iterator[Case]:
    """A whole BERT with adapters, and their gradients, against its layers, written out with the library's own parts."""
    for both in (True, False):
        plain, ours = classifier(), m.efficient.adapters(classifier(), 5, both)
        of, x = dict(ours.named_parameters()), inputs()
        names = [name for name in of if ".dropout.1." in name]
        torch.manual_seed(6)
        for name in names:
            nn.init.normal_(of[name], std=0.3)
        z = plain.bert.embeddings(x["input_ids"], token_type_ids=x["token_type_ids"])  # (B, T, d)
        mask = x["attention_mask"][:, None, None].bool().expand(-1, -1, z.shape[1], -1)
        for i, layer in enumerate(plain.bert.encoder.layer):
            part = layer.attention.output
            y = part.dense(layer.attention.self(z, mask)[0])
            z = part.LayerNorm((_bottleneck(of, f"{i}.attention.output", y) if both else y) + z)
            y = layer.output.dense(layer.intermediate(z))
            z = layer.output.LayerNorm(_bottleneck(of, f"{i}.output", y) + z)
        logits = (ours(**x).logits, plain.classifier(plain.bert.pooler(z)))
        a, b = ([y, *torch.autograd.grad(y, [of[name] for name in names], projection(y))] for y in logits)
        for name, one, other in zip(["logits", *names], a, b, strict=True):
            yield f"both places: {both}, {name}", one, other, 2e-5


def _bottleneck(of: dict[str, Any], where: str, y: Tensor) -> Tensor:
    names = ("D.weight", "D.bias", "U.weight", "U.bias")
    D, b, U, c = (of[f"bert.encoder.layer.{where}.dropout.1.{name}"] for name in names)
    return y + F.gelu(y @ D.T + b) @ U.T + c


def prefixes(m: Code) -> Iterator[Case]:
    """Attention with a prefix is a mixture of that to the text and that to the prefix (He et al. 2022, section 3.1).

    The share of the prefix is what it has of the sum of exponentials.
    """
    model = m.efficient.prefix_tuning(classifier(), 4)
    attention = model.bert.encoder.layer[0].attention.self
    torch.manual_seed(7)
    x = torch.randn(1, 5, d)
    P_K, P_V = (nn.init.normal_(part.P) for part in (attention.key, attention.value))

    def heads(y: Tensor) -> Tensor:  # (T, d) -> (h, T, d_k)
        return y.view(len(y), h, -1).transpose(0, 1)

    q, k, v, p_k, p_v = map(
        heads, (attention.query(x)[0], attention.key.linear(x)[0], attention.value.linear(x)[0], P_K, P_V)
    )
    of_text, of_prefix = (torch.exp(q @ keys.mT / (d / h) ** 0.5) for keys in (k, p_k))  # (h, T, T), (h, T, m)
    share = of_prefix.sum(-1, keepdim=True) / (of_text.sum(-1, keepdim=True) + of_prefix.sum(-1, keepdim=True))
    mixed = (1 - share) * (of_text / of_text.sum(-1, keepdim=True) @ v)
    mixed = mixed + share * (of_prefix / of_prefix.sum(-1, keepdim=True) @ p_v)  # (h, T, d_k)
    yield "one layer", attention(x)[0], mixed.transpose(0, 1).reshape(1, 5, d), 2e-5
    yield from _padding(model, "prefix")


def prompts(m: Code) -> Iterator[Case]:
    """Prompts that are what the encoder reads of words at the end of a text do what these words do there."""
    model, plain, n = m.efficient.prompt_tuning(classifier(), 4), classifier(), 5
    torch.manual_seed(8)
    ids, words = torch.randint(2, V, (1, n)), torch.randint(2, V, (4,))
    longer = torch.cat([ids, words[None]], 1)
    with torch.no_grad():
        model.bert.encoder.P.copy_(plain.bert.embeddings(longer)[0, n:])
    yield "words as prompts", model(input_ids=ids).logits, plain(input_ids=longer).logits, 2e-5
    yield "hidden states", float(model.bert(input_ids=ids).last_hidden_state.shape[1]), float(n), 0.0
    yield from _padding(model, "prompt")


def _padding(model: Any, what: str) -> Iterator[Case]:
    """A text in a padded batch has the logits that it has alone."""
    x = inputs()
    together = model(**x).logits
    for i, length in enumerate(x["attention_mask"].sum(1).tolist()):
        alone = model(**{name: y[i : i + 1, :length] for name, y in x.items()}).logits
        yield f"{what}, padded text {i}", together[i : i + 1], alone, 2e-5
    z = model(input_ids=x["input_ids"]).logits
    model.zero_grad()
    z.sum().backward()
    touched = [p.grad.abs().sum() > 0 for name, p in model.named_parameters() if name.endswith(".P")]
    yield f"{what}, learnt vectors have a gradient", float(all(touched)), 1.0, 0.0


# --- what learns ------------------------------------------------------------------------------------------------------


def what_learns(m: Code) -> Iterator[Case]:
    """Parameters by formula and counted; and after two steps exactly these are others than they were."""
    for name, prepare in methods(m).items():
        model = prepare(classifier())
        before = {k: p.detach().clone() for k, p in model.named_parameters()}
        head = _count(m.efficient.head_modules(model))
        yield f"{name}, parameters", _learning(model) - head, own_parameters(name, TINY), 0.0
        optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.01, weight_decay=0.0)
        for _ in range(2):
            optimiser.zero_grad()
            F.cross_entropy(model(**inputs()).logits, torch.tensor([0, 1, 2])).backward()
            optimiser.step()
        moved = {k for k, p in model.named_parameters() if not torch.equal(p, before[k])}
        learns = {k for k, p in model.named_parameters() if p.requires_grad}
        yield f"{name}, what moved", float(moved <= learns), 1.0, 0.0
        of_head = {k for k in before if k.startswith("classifier") or ".pooler." in k}
        yield f"{name}, the head moved", float(of_head <= moved), 1.0, 0.0


TINY = Size(V=V, d=d, d_ff=d_ff, L=L, h=h, positions=16, r=2, bottleneck=5, vectors=4)


def methods(m: Code) -> dict[str, Any]:
    """What is made of a model by each method, at the size of `TINY`."""
    e = m.efficient
    return {
        "full": lambda model: model,
        "head alone": e.head_alone,
        "BitFit": e.biases_alone,
        "LayerNorm": e.layer_norms_alone,
        "LoRA": lambda model: e.lora(model, TINY.r, 4),
        "LoRA, all matrices": lambda model: e.lora(model, TINY.r, 4, targets=e.ALL_MATRICES),
        "DoRA": lambda model: e.lora(model, TINY.r, 4, kind=m.lora.DoRA),
        "Houlsby adapters": lambda model: e.adapters(model, TINY.bottleneck),
        "Pfeiffer adapters": lambda model: e.adapters(model, TINY.bottleneck, both=False),
        "(IA)³": e.ia3,
        "prefix": lambda model: e.prefix_tuning(model, TINY.vectors),
        "prompt": lambda model: e.prompt_tuning(model, TINY.vectors),
    }


def _learning(model: nn.Module) -> float:
    return float(sum(p.numel() for p in model.parameters() if p.requires_grad))


def _count(modules: dict[str, nn.Module]) -> float:
    return float(sum(p.numel() for part in modules.values() for p in part.parameters()))
