"""Plausible mistakes in the code of section 4.2.1, one line each."""

from pyft.course.ch4_2_1_cross_entropy import proofs
from pyft.mutation import Family, Mutant

PROOFS: dict[str, Family] = {
    "labels": proofs.cross_entropy,
    "soft targets": proofs.soft_targets,
    "derived gradient": proofs.derived_gradient,
    "large logits": proofs.stable,
}
MUTANTS: list[Mutant] = [
    Mutant(
        "softmax before cross-entropy",
        "losses",
        "log_softmax(z)",
        "log_softmax(z.softmax(-1))",
        "the model's last layer is a softmax, and the loss takes another of it",
    ),
    Mutant(
        "no shift",
        "losses",
        "c = z.amax(-1, keepdim=True).detach()",
        "c = torch.zeros_like(z[..., :1])",
        "exp of the logits as they are: right until one of them overflows",
    ),
    Mutant(
        "labels off by one",
        "losses",
        "y = y.where(kept, 0)",
        "y = y.where(kept, 0).sub(1).clamp(0)",
        "labels that count from zero, taken to count from one",
    ),
    Mutant(
        "ignored positions in the mean",
        "losses",
        "share = w[y] * kept",
        "share = w[y]",
        "they add nothing above the line and are counted below it",
        run="masked LM",
    ),
    Mutant(
        "ignored positions in the loss",
        "losses",
        "loss.masked_fill(~kept, 0)",
        "loss",
        "padding is trained to be class 0",
        run="masked LM",
    ),
    Mutant(
        "weights not in the denominator",
        "losses",
        "share = w[y] * kept",
        "share = 1.0 * kept",
        "a weighted sum divided by a count: another learning rate in every batch",
        run="BERT, weighted and smoothed",
    ),
    Mutant(
        "smoothing over the wrong classes",
        "losses",
        "label_smoothing / K *",
        "label_smoothing / (K - 1) *",
        "the share spread as if the right class got none of it",
        run="BERT, weighted and smoothed",
    ),
    Mutant(
        "smoothing added on top",
        "losses",
        "(1 - label_smoothing) * loss",
        "loss",
        "targets that sum to more than one",
        run="BERT, weighted and smoothed",
    ),
    Mutant(
        "logarithm to base two",
        "losses",
        ".sum(-1, keepdim=True).log()",
        ".sum(-1, keepdim=True).log2()",
        "bits mixed with nats",
    ),
    Mutant(
        "sum instead of mean",
        "losses",
        "return loss.sum() / share.sum()",
        "return loss.sum()",
        "the sum as some texts print it: the step grows with the batch",
    ),
]
