"""Plausible mistakes in the code of section 8.2.3, one line each."""

import sys

from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning import proofs
from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning.proofs import Code
from pyft.maths import lora
from pyft.models import efficient
from pyft.mutation import Family, Mutant, broken_copy

PROOFS: dict[str, Family] = {  # what takes longest comes last
    "start": proofs.start,
    "prefixes": proofs.prefixes,
    "prompts": proofs.prompts,
    "(IA)³ in BERT": proofs.ia3_in_bert,
    "forward and gradients": proofs.forward_and_gradients,
    "merging": proofs.merging,
    "adapters in BERT": proofs.adapters_in_bert,
    "what learns": proofs.what_learns,
    "LoRA in BERT": proofs.lora_in_bert,
    "fifty steps": proofs.training,
}


def code() -> Code:
    """The modules as they are."""
    return Code(lora, efficient)


def mutate(module: str, old: str, new: str) -> Code:
    """Fresh copies of both modules, one of them broken; the real ones are not touched."""
    name, copies = lora.__name__, {}
    try:
        for real in (lora, efficient):
            broken = real.__name__.endswith(f".{module}")
            copies[real.__name__] = sys.modules[real.__name__] = broken_copy(
                real, *((old, new) if broken else ("", ""))
            )
    finally:
        sys.modules.update({real.__name__: real for real in (lora, efficient)})
    return Code(copies[name], copies[efficient.__name__])


_FORWARD = "return self.linear(x) + self.s * (self.dropout(x) @ self.A.T @ self.B.T)"


def _lora(name: str, old: str, new: str, note: str) -> Mutant:
    return Mutant(name, "lora", old, new, note)


def _placed(name: str, old: str, new: str, note: str) -> Mutant:
    return Mutant(name, "efficient", old, new, note)


MUTANTS: list[Mutant] = [
    _lora("no scale", _FORWARD, _FORWARD.replace("self.s * ", ""), "alpha and r have no effect"),
    _lora(
        "the root by default",
        "(math.sqrt(r) if rank_stabilised else r)",
        "(r if rank_stabilised else math.sqrt(r))",
        "the two scales exchanged",
    ),
    _lora("factors transposed", "(self.B @ self.A)", "(self.A.T @ self.B.T)", "A and B as some papers write them"),
    _lora(
        "both factors zero",
        "nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))",
        "nn.init.zeros_(self.A)",
        "neither has a gradient, and nothing is ever learnt",
    ),
    _lora(
        "no factor zero",
        "nn.Parameter(W.new_zeros(W.shape[0], r))",
        "nn.Parameter(0.02 * torch.randn(W.shape[0], r, dtype=W.dtype))",
        "training begins with another model than the pretrained one",
    ),
    _lora(
        "A like torch's default for weights of one",
        "nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))",
        "nn.init.normal_(self.A)",
        "the first steps of B are many times too long",
    ),
    _lora("bias lost", _FORWARD, _FORWARD.replace("self.linear(x)", "x @ self.linear.weight.T"), "W alone is kept"),
    _lora("dropout on all of x", _FORWARD, f"x = self.dropout(x)\n        {_FORWARD}", "what is frozen gets noise too"),
    _lora(
        "dropout behind A",
        "self.dropout(x) @ self.A.T @ self.B.T",
        "self.dropout(x @ self.A.T) @ self.B.T",
        "a whole rank goes at once",
    ),
    _lora(
        "W learns too",
        "self.linear = linear.requires_grad_(False)\n        self.A",
        "self.linear = linear\n        self.A",
        "as expensive as full fine-tuning, and nobody sees it from the outputs",
    ),
    _lora(
        "merged in place",
        "linear = copy.deepcopy(self.linear)",
        "linear = self.linear",
        "merged twice, the update counts twice",
    ),
    _lora("merged without s", "return self.s * (self.B @ self.A)", "return self.B @ self.A", "the scale forgotten"),
    _lora("DoRA: lengths of columns", "self.m / V.norm(dim=1)", "self.m / V.norm(dim=0)", "the wrong axis"),
    _lora("DoRA: |V| learns", "V.norm(dim=1).detach()", "V.norm(dim=1)", "the paper holds it constant"),
    _lora("DoRA: |W| for |V|", "self.m / V.norm(dim=1)", "self.m / self.linear.weight.norm(dim=1)", "the old length"),
    _lora(
        "DoRA: m begins at one",
        "nn.Parameter(linear.weight.norm(dim=1))",
        "nn.Parameter(linear.weight.new_ones(len(linear.weight)))",
        "training begins with another model than the pretrained one",
    ),
    _lora(
        "(IA)³: bias not rescaled",
        "else self.l * self.linear(x)",
        "else self.l * (x @ self.linear.weight.T) + self.linear.bias",
        "right for maps without a bias",
    ),
    _lora("an adapter without its sum", "return x + self.U(", "return self.U(", "it begins as zero"),
    _placed(
        "an adapter behind the norm",
        "part.dropout = nn.Sequential(part.dropout, Adapter(",
        "part.LayerNorm = nn.Sequential(part.LayerNorm, Adapter(",
        "before the sum is where the papers have it",
    ),
    _placed("(IA)³ on the output", "inputs=True", "inputs=False", "the inner layer is what is rescaled"),
    _placed("queries and keys", '("query", "value", ', '("query", "key", ', "the paper adapts queries and values"),
    _placed("the head frozen too", "body.requires_grad_(False)", "model.requires_grad_(False)", "it was never trained"),
    _placed(
        "BitFit without the norms",
        'name.endswith("bias")',
        'name.endswith("dense.bias")',
        "queries, keys, values and norms have biases as well",
    ),
    _placed(
        "not merged back", "_replace(model, name, part.merged())", "part.merged()", "the merged maps are thrown away"
    ),
    _placed(
        "learnt vectors hidden", "value=mask.dtype == torch.bool", "value=mask.dtype != torch.bool", "masked as padding"
    ),
    _placed("prompts not cut off", "[:, :T]\n", "[:, :]\n", "tags would be read of words that are not there"),
]
