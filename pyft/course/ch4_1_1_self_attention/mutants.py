"""Plausible mistakes in the code of section 4.1.1, one line each."""

from pyft.course.ch4_1_1_self_attention import proofs
from pyft.mutation import Family, Mutant

MUTANTS: list[Mutant] = [
    Mutant("no root of d_k", "attention", "(q / math.sqrt(d_k))", "q", "the scale forgotten"),
    Mutant("divided by d_k", "attention", "q / math.sqrt(d_k)", "q / d_k", "the root forgotten"),
    Mutant(
        "softmax over queries",
        "attention",
        "(scores + bias).softmax(-1)",
        "(scores + bias).softmax(-2)",
        "the wrong axis",
    ),
    Mutant(
        "mask after softmax",
        "attention",
        "weights = (scores + bias).softmax(-1)",
        "weights = scores.softmax(-1) * mask",
        "what is hidden still takes its share, so the rest no longer sums to one",
    ),
    Mutant(
        "scores times mask",
        "attention",
        "(scores + bias)",
        "(scores * mask)",
        "a score of zero is not minus infinity: hidden keys get weight",
    ),
    Mutant("mask inverted", "attention", "closed = ~(mask | empty)", "closed = mask & ~empty", "true taken for hidden"),
    Mutant(
        "an empty row averages everything",
        "attention",
        "weights.masked_fill(empty, 0.0) if empty.any() else weights",
        "weights",
        "where nothing may be seen, everything is; XLNetModel of transformers does so",
    ),
    Mutant(
        "causal mask shows the next token", "attention", ".tril()", ".tril(1)", "the answer leaks", run="left to right"
    ),
    Mutant(
        "causal mask hides the own token",
        "attention",
        ".tril()",
        ".tril(-1)",
        "the first row sees nothing",
        run="left to right",
    ),
]

PROOFS: dict[str, Family] = {"attention": proofs.attention, "orders": proofs.orders}
