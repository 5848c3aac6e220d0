"""The letters of the formulas: one table a topic, shown on its page and held against the tensors at run time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyft.errors import PyftError, unknown

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Symbol:
    """A letter of a formula (LaTeX), its name in code, its shape (`"... T_q d_k"`; empty for a number), its meaning."""

    latex: str
    code: str
    shape: str
    meaning: str


SYMBOLS: dict[str, list[Symbol]] = {
    "attention": [
        Symbol("Q", "q", "... T_q d_k", "queries: what each token looks for"),
        Symbol("K", "k", "... T_k d_k", "keys: what each token is found by"),
        Symbol("V", "v", "... T_k d_v", "values: what each token gives"),
        Symbol("M", "mask", "* T_q T_k", "true where a query may look; broadcast over the leading dimensions"),
        Symbol("S", "scores", "... T_q T_k", r"scores, $QK^\top / \sqrt{d_k}$"),
        Symbol("A", "weights", "... T_q T_k", "attention weights, softmax of the scores"),
    ],
    "multi-head attention": [
        Symbol("Q", "q", "B T_q d", "what the queries are made from"),
        Symbol("K", "k", "B T_k d", "what the keys are made from"),
        Symbol("V", "v", "B T_k d", "what the values are made from"),
        Symbol("W^Q", "W_Q", "d d", "projection to the queries of all heads, side by side"),
        Symbol("W^K", "W_K", "d d", "projection to the keys"),
        Symbol("W^V", "W_V", "d d", "projection to the values"),
        Symbol("W^O", "W_O", "d d", "projection of the heads, side by side again, to the output"),
        Symbol("h", "num_heads", "", "number of heads; each has width $d_k = d / h$"),
    ],
    "feed-forward": [
        Symbol("x", "x", "... d", "input, one vector a token"),
        Symbol("W_1", "W_1", "d_ff d", "first layer (torch keeps its transpose)"),
        Symbol("b_1", "b_1", "d_ff", "its bias"),
        Symbol("W_2", "W_2", "d d_ff", "second layer (torch keeps its transpose)"),
        Symbol("b_2", "b_2", "d", "its bias"),
        Symbol(r"\gamma", "gamma", "d", "gain of LayerNorm"),
        Symbol(r"\beta", "beta", "d", "offset of LayerNorm"),
        Symbol(r"\mu", "mu", "... 1", "mean over the width"),
        Symbol(r"\sigma^2", "var", "... 1", "variance over the width, divided by $d$ and not by $d - 1$"),
    ],
    "encoder": [
        Symbol("w", "ids", "B T", "token ids"),
        Symbol("s", "segments", "B T", "segment ids: which of two texts a token belongs to"),
        Symbol("m", "mask", "B T", "true on real tokens, false on padding"),
        Symbol("x", "x", "B T d", "hidden states"),
    ],
    "two streams": [
        Symbol("w", "ids", "B T", "token ids"),
        Symbol("s", "segments", "B T", "segment ids"),
        Symbol("M", "visible", "B T T", "true where token $i$ may see token $j$: comes before it in the drawn order"),
        Symbol("t", "targets", "B M", "positions that the query stream predicts"),
        Symbol("h", "h", "B T d", "content stream: knows its own token"),
        Symbol("g", "g", "B M d", "query stream: knows its position, not its token"),
    ],
    "pretraining": [
        Symbol("w", "ids", "B T", "token ids"),
        Symbol("s", "special", "B T", "true on tokens that nobody predicts: `[CLS]`, `[SEP]`, padding"),
        Symbol("p", "p", "", "share of the tokens that masked language modelling chooses"),
        Symbol("K", "K", "", "one token in $K$ is a target of permutation language modelling"),
        Symbol("L", "L", "", "length of a span of targets"),
        Symbol("z", "order", "B T", "positions in the order in which they have their turn"),
        Symbol("M", "visible", "B T T", "true where token $i$ may see token $j$"),
        Symbol("t", "targets", "B M", "positions that are predicted"),
        Symbol("y", "labels", "B M", "the tokens there"),
    ],
    "cross-entropy": [
        Symbol("z", "z", "... K", "logits (argument `input`; there the classes come after the batch)"),
        Symbol("y", "y", "...", "labels, whole numbers below $K$ (argument `target`)"),
        Symbol("q", "q", "... K", "or, in place of labels, a probability for each class (argument `target`)"),
        Symbol("p", "p", "... K", "probabilities of the model, softmax of the logits"),
        Symbol("w", "weight", "K", "weight of each class"),
        Symbol(r"\varepsilon", "label_smoothing", "", "share of the target spread over all classes"),
    ],
    "squared error": [
        Symbol(r"\hat{y}", "y_hat", "...", "predicted numbers (argument `input`)"),
        Symbol("y", "y", "...", "true numbers (argument `target`)"),
    ],
    "optimiser": [
        Symbol(r"\theta", "theta", "...", "a parameter"),
        Symbol("g", "g", "...", "its gradient"),
        Symbol("m", "m", "...", "running mean of the gradient"),
        Symbol("v", "v", "...", "running mean of its square"),
        Symbol("t", "t", "", "steps taken, from 1"),
        Symbol(r"\eta", "lr", "", "learning rate"),
        Symbol(r"\beta_1, \beta_2", "beta_1, beta_2", "", "how long the two means remember"),
        Symbol(r"\epsilon", "eps", "", "keeps the quotient finite; outside the root"),
        Symbol(r"\lambda", "weight_decay", "", "weight decay"),
    ],
    "schedule": [
        Symbol("s", "step", "", "step, from 0"),
        Symbol("S", "total", "", "steps of the whole training"),
        Symbol("W", "warmup", "", "steps of the warm-up"),
    ],
}


class ShapeError(PyftError):
    """The shape of a tensor is not that of its symbol."""


def check(topic: str, **tensors: "Tensor | None") -> dict[str, int]:
    """Hold tensors against the shapes of a topic's table; return the size found for each letter. None is skipped.

    `...` stands for any leading dimensions, the same for all; `*` for a tensor that broadcasts: its leading dimensions
    are not compared, and a size of 1 fits every letter.

    Raises:
        ShapeError: a shape does not fit; names the tensor, its shape, the expected one and the sizes known so far.
    """
    shapes = {symbol.code: symbol.shape for symbol in _table(topic)}
    sizes: dict[str, int] = {}
    leading: tuple[int, ...] | None = None
    for name, tensor in tensors.items():
        if tensor is None:
            continue
        letters = shapes[name].split()
        found = tuple(tensor.shape)
        open_ended = letters[:1] in (["..."], ["*"])
        named = letters[1:] if open_ended else letters
        fits = len(found) >= len(named) if open_ended else len(found) == len(named)
        tail = found[len(found) - len(named) :]
        if fits:
            expected = dict(zip(named, tail, strict=True)) | sizes | {"1": 1}  # a letter that stands twice: its last
            fits = all(
                expected[letter] == size or (size == 1 and letters[0] == "*")
                for letter, size in zip(named, tail, strict=True)
            )
        if fits and letters[:1] == ["..."]:
            head = found[: len(found) - len(named)]
            fits = leading in (None, head)
            leading = head
        if not fits:
            known = ", ".join(f"{letter} = {size}" for letter, size in sizes.items()) or "no size known yet"
            raise ShapeError(f"{name} has shape {found}, expected ({', '.join(letters)}) with {known}")
        pairs = zip(named, tail, strict=True)
        sizes |= {letter: n for letter, n in pairs if letter != "1" and (n != 1 or letters[0] != "*")}
    return sizes


def markdown(topic: str) -> str:
    """A topic's table in Markdown, for its page."""
    rows = [
        f"| ${s.latex}$ | {', '.join(f'`{c}`' for c in s.code.split(', '))} | {_latex(s.shape)} | {s.meaning} |"
        for s in _table(topic)
    ]
    return "\n".join(["| symbol | in code | shape | meaning |", "|---|---|---|---|", *rows])


def _latex(shape: str) -> str:
    if not shape:
        return "a number"
    letters = [r"\dots" if x in {"...", "*"} else x.replace("d_ff", r"d_\text{ff}") for x in shape.split()]
    return f"$({', '.join(letters)})$"


def _table(topic: str) -> list[Symbol]:
    if topic not in SYMBOLS:
        raise unknown("table of symbols", topic, list(SYMBOLS))
    return SYMBOLS[topic]
