"""What the first page shows from the book's evidence: a figure and a table, made when the book is built.

A Sphinx extension with two directives, `labels-figure` and `results-at-a-glance`.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from pyft.errors import PyftError
from pyft.evaluation.stats import mean_interval
from pyft.evidence.records import results
from pyft.paths import read_json, results_folder

FIGURE, CARD = "labels.svg", "card.png"
METHODS = {  # of the stored runs of section 2.2, as the figure names them
    "fine-tuned": "fine-tuned, from pretrained weights",
    "TF-IDF": "a linear model on words",
    "scratch": "the same network, from random weights",
}
ALT = (
    "Test accuracy on film reviews against the number of labelled examples, on a logarithmic axis, with intervals over "
    "seeds: one curve for the fine-tuned model, one for a linear model on words, and points for the same network "
    "trained from random weights."
)


def stored_sources() -> list[float]:
    """Accuracy of section 6.2.1's stored runs of BERT, which learnt from as many texts as its linear model did."""
    from pyft import data

    y = data.load("text-source")["test"]["label"][:]  # (N,)
    runs = read_json(results_folder() / "bench" / "classification.json")["runs"]
    answers = {run["seed"]: run["guess"] for run in runs if (run["task"], run["model"]) == ("topics", "bert")}
    return [
        sum(int(k) == label for k, label in zip(answers[seed], y, strict=True)) / len(y) for seed in sorted(answers)
    ]


UNIT = "\N{NO-BREAK SPACE}%"
Row = tuple[str, str, str, str, str | Callable[[], list[float]]]
GLANCE: tuple[Row, ...] = (
    # Task, section, measure, metric of the linear baseline, and metric of the fine-tuned model or how it is found.
    # Where two models differ in more than their kind, the task says in what.
    ("film reviews: good or bad?", "6.1", "accuracy", "tfidf.accuracy", "bert.accuracy"),
    ("product reviews: how good?", "6.1.1", "correlation", "ridge.r", "bert.r"),
    ("which source, of four; both from 3,000 texts", "6.2.1", "accuracy", "tfidf.same.accuracy", stored_sources),
    ("spam in text messages", "6.2.2", "accuracy", "tfidf.accuracy", "bert.accuracy"),
    (
        "names in news; linear with capitals, fine-tuned in lower case for one epoch",
        "6.3",
        "F1",
        "linear.f1",
        "constrained.f1",
    ),
)
Curves = Mapping[str, Mapping[int, Sequence[float]]]  # accuracies by method and number of labels


def setup(app: Any) -> dict[str, Any]:
    """Be called by Sphinx, which reads the extension's name in `_config.yml`."""
    app.add_directive("labels-figure", LabelsFigure)
    app.add_directive("results-at-a-glance", ResultsAtAGlance)
    app.connect("build-finished", draw_on_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class LabelsFigure(SphinxDirective):
    """The figure, whose caption is the directive's content."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The figure as HTML; its file is drawn when all pages are written."""
        caption = nodes.inline()
        children, _ = self.state.inline_text(" ".join(self.content), self.lineno)
        caption += children
        before = f'<figure class="align-default"><img src="../_static/{FIGURE}" alt="{ALT}"><figcaption><p>'
        return [
            nodes.raw("", before, format="html"),
            caption,
            nodes.raw("", "</p></figcaption></figure>", format="html"),
        ]


class ResultsAtAGlance(SphinxDirective):
    """A table: each task, what a baseline reaches and what the fine-tuned model does."""

    def run(self) -> list[nodes.Node]:
        """The table, parsed from Markdown, so that its links are the book's."""
        from docutils.statemachine import StringList

        holder = nodes.container()
        self.state.nested_parse(StringList(glance().splitlines(), "results"), 0, holder)
        return holder.children


def glance() -> str:
    """The table in Markdown: means over the seeds that are stored, the model's with its interval.

    A figure is set off where the baseline's lies outside that interval.
    """
    lines = ["| task | measure | linear | fine-tuned | interval over seeds |", "|---|---|--:|--:|--:|"]
    for task, section, measure, low, high in GLANCE:
        records = results(section)
        mean, *interval = mean_interval(_values(records, section, high) if isinstance(high, str) else high())
        base = _values(records, section, low)
        values = (sum(base) / len(base), mean, *interval)
        cells = [f"{value:.2f}" if measure == "correlation" else f"{100 * value:.1f}{UNIT}" for value in values]
        for best in [0] * (values[0] > interval[1]) + [1] * (
            values[0] < interval[0]
        ):  # neither, if within the interval
            cells[best] = f"**{cells[best]}**"
        cells[2:] = [f"{cells[2].removesuffix(UNIT)} to {cells[3]}"]
        lines.append(f"| [{task}]({_page(section)}) | {measure} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _values(records: Sequence[Mapping[str, Any]], section: str, metric: str) -> list[float]:
    found = [run["metrics"][f"{section}/{metric}"] for run in records if f"{section}/{metric}" in run["metrics"]]
    if not found:
        raise PyftError(
            f"no record of section {section} holds {metric!r}, which the first page shows: pyft/book/landing.py"
        )
    return found


def _page(section: str) -> str:
    from pyft import paths
    from pyft.book.chapters import chapters

    return f"../{chapters()[section].path.relative_to(paths.ROOT).as_posix()}"


def curves() -> Curves:
    """Test accuracies of section 2.2's stored runs, by method and number of labels."""
    found: dict[str, dict[int, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for run in read_json(results_folder() / "bench" / "transfer.json")["runs"]:
        if run["split"] == "test" and run["method"] in METHODS:
            found[run["method"]][run["n"]][run["seed"]] = run["accuracy"]  # a later run of a seed replaces it
    return {name: {n: list(found[name][n].values()) for n in sorted(found[name])} for name in METHODS if name in found}


def draw(found: Curves) -> Any:
    """The figure of what fine-tuning is worth: accuracy over the number of labels, with intervals over seeds."""
    import matplotlib.pyplot as plt

    from pyft.plots import PALETTE, style

    style()
    fig, axes = plt.subplots(figsize=(5.4, 3.4))
    for (name, points), colour, marker in zip(found.items(), PALETTE, "osD", strict=False):
        n = list(points)
        spans = [mean_interval(points[m]) for m in n]
        means = [100 * mean for mean, _, _ in spans]
        below = [100 * (mean - low) for mean, low, _ in spans]
        above = [100 * (high - mean) for mean, _, high in spans]
        axes.errorbar(n, means, yerr=(below, above), color=colour, marker=marker, capsize=3, label=METHODS[name])
    ticks = sorted({n for points in found.values() for n in points})
    axes.set(xscale="log", xlabel="labelled film reviews to learn from", ylabel="accuracy on new reviews (%)")
    axes.set_xticks(ticks, labels=[f"{n:,}" for n in ticks])
    axes.minorticks_off()
    axes.legend(loc="upper left")
    return fig


def draw_on_pages(app: Any, error: Exception | None) -> None:
    """Draw the figure beside the pages, and the card that other sites show for a link to one."""
    if error is None and app.builder.name == "html":
        import matplotlib as mpl
        import matplotlib.pyplot as plt

        with mpl.rc_context():
            mpl.use("agg")
            fig = draw(curves())
            static = Path(app.outdir, "_static")
            fig.savefig(static / FIGURE, metadata={"Date": None})
            fig.set_size_inches(12, 6.3)
            fig.suptitle("Fine-tuning language models, from theory to practice", fontsize=22)
            fig.savefig(static / CARD, dpi=100)
            plt.close(fig)
