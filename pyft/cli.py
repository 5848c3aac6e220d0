"""The command line: `pyft --help` lists what it can do."""

import io
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from pyft import commands
from pyft.errors import PyftError

app = typer.Typer(
    help="Run, check and build the book.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
Numbers = Annotated[
    list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="Numbers such as 6.1; all if none is given.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="How many kernels at once; as many as there is room for, if not given.")
]


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(metavar="[ARTEFACT]...", help="All if none is given.")] = None,
) -> None:
    """Fetch and verify the pinned data and weights into the cache folder."""
    import time

    from pyft.data.artefacts import ARTEFACTS
    from pyft.data.fetch import problems
    from pyft.data.one_download import files
    from pyft.paths import home

    for name in names or ARTEFACTS:
        start = time.monotonic()
        absent = name not in ARTEFACTS or bool(problems(ARTEFACTS[name]))
        members = files(name)
        artefact = ARTEFACTS[name]
        done = f"fetched in {time.monotonic() - start:.1f} s" if absent else "already there, verified"
        print(
            f"[fetch] {name:15} {artefact.size / 1e6:6.1f} MB, {len(members)} files: {done}. "
            f"Licence: {artefact.licence}",
            flush=True,
        )
    print(f"[fetch] all in {home()}")


@app.command()
def run(
    chapters: Numbers = None,
    force: Annotated[bool, typer.Option(help="Run even what is up to date.")] = False,
    workers: Workers = None,
) -> None:
    """Run the chapters whose key changed, in place."""
    from pyft.book import runner

    runner.run(chapters or (), force, workers or runner.beside_each_other())


@app.command()
def book(
    run_first: Annotated[bool, typer.Option("--run/--no-run", help="Run the chapters whose key changed first.")] = True,
) -> None:
    """Run what changed, then build _build/html/index.html."""
    from pyft.book import build, runner

    if run_first:
        runner.run(workers=runner.beside_each_other())
    build.build()


@app.command()
def status() -> None:
    """Show what is fetched, which chapters are up to date and whether the book is built."""
    from pyft import paths
    from pyft.book.build import HTML
    from pyft.book.chapters import chapters
    from pyft.book.freshness import changed
    from pyft.book.imports import Package
    from pyft.data.artefacts import ARTEFACTS
    from pyft.data.fetch import problems
    from pyft.paths import home

    print(f"data and weights in {home()}")
    for artefact in ARTEFACTS.values():
        print(f"  {artefact.name:15} {'; '.join(problems(artefact)) or 'verified'}")
    print("chapters")
    package = Package(paths.ROOT / "pyft")
    for chapter in chapters().values():
        why = changed(chapter, package)
        print(f"  {chapter.number:12} {'stale: ' + ', '.join(why) if why else 'up to date'}   {chapter.name}")
    print("book")
    print(f"  {HTML / 'index.html' if (HTML / 'index.html').is_file() else 'not built: pyft book'}")


@app.command()
def calibrate(
    chapter: Annotated[str, typer.Argument(help="A number such as 6.1.")],
    reason: Annotated[str, typer.Option(help="Why the bands are made or moved; kept in the file.")],
    seeds: Annotated[int, typer.Option(min=2, help="How many seeds, from 0.")] = 5,
    workers: Workers = None,
) -> None:
    """Run a chapter with several seeds, and one as other machines would, and make its bands from their spread."""
    from pyft.book import runner

    runner.calibrate(chapter, seeds, reason, workers or runner.beside_each_other())


@app.command()
def bench(
    name: Annotated[str | None, typer.Argument(help="Which to run; a list of all if none is given.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file of runs, if not NAME.json in book/results/bench.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes of this machine that share the runs (Dask).")] = 1,
    scheduler: Annotated[str | None, typer.Option(help="A Dask cluster that runs them: tcp://HOST:PORT.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Make every run anew.")] = False,
    again_dirty: Annotated[
        bool, typer.Option("--again-dirty", help="Make those anew whose code had changes that were not committed.")
    ] = False,
) -> None:
    """Run a long measurement, from where it was interrupted; fails if what it times is above its limit."""
    from pyft.benchmarks.registry import experiment, experiments
    from pyft.data.artefacts import ARTEFACTS
    from pyft.data.fetch import problems

    if name is None:
        fetched = not any(map(problems, ARTEFACTS.values()))
        for found in map(experiment, experiments()):
            kept = "{:3} of {:3} runs kept".format(*found.count()) if fetched else "not counted: pyft fetch"
            print(f"{found.name:15} {kept}   {found.about}")
        return
    chosen = experiment(name)
    runs = chosen.measure(out, workers, scheduler, "all" if again else "dirty" if again_dirty else None)
    if slow := chosen.over_limit(runs):
        raise PyftError("\n  ".join(["too slow:", *slow]))


@app.command()
def new(
    number: Annotated[str, typer.Argument(help="The section's number, such as 7.1.")],
    title: Annotated[str, typer.Argument(help="Its English title.")],
    heading: Annotated[
        str | None, typer.Option(help="Its Chinese heading; by default the one in `outline.py`.")
    ] = None,
) -> None:
    """Begin a chapter: a notebook that runs, a folder for what it alone needs, its entry in the contents."""
    from pyft.book.template import new_chapter
    from pyft.paths import ROOT

    for path in new_chapter(number, title, heading):
        print(f"[new] {path.relative_to(ROOT)}")
    print(f"[new] to run it: pyft run {number}")


@app.command()
def pretrain(
    name: Annotated[str, typer.Argument(help="xlnet, bert-continued, roberta-continued or xlnet-continued.")],
) -> None:
    """Make a prepared model again, into pyft/weights (half an hour; goes on where it was interrupted)."""
    from pyft.pretraining import prepared

    prepared.make(name)


@app.command()
def finetune(
    task: Annotated[str, typer.Option(help="sequence-classification, regression or token-classification.")],
    data: Annotated[Path, typer.Option(help="CSV, TSV, JSON lines, Parquet or columns of CoNLL: texts and labels.")],
    out: Annotated[Path, typer.Option(help="A new folder for the model, its scores, its answers and a report.")],
    validation: Annotated[
        Path | None, typer.Option(help="A file of its own; a tenth of the data if not given.")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="A file of its own; a tenth of the data if not given.")] = None,
    model: Annotated[str, typer.Option(help="bert, roberta, xlnet, a folder, or a hub's owner/name.")] = "bert",
    profile: Annotated[str, typer.Option(help="laptop or gpu.")] = "laptop",
    epochs: Annotated[
        int | None, typer.Option(min=1, help="If not given, as many as rows and classes need, up to 20.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Another seed draws another run.")] = 0,
    text_column: Annotated[str | None, typer.Option(help="The column of texts, if not text (or tokens).")] = None,
    label_column: Annotated[str | None, typer.Option(help="The column of labels, if not label (or tags).")] = None,
    tags: Annotated[str, typer.Option(help="How tags are written: iob2, iob1 or bioes.")] = "iob2",
    max_length: Annotated[int | None, typer.Option(min=3, help="Tokens of a text; what is beyond is cut.")] = None,
    lr: Annotated[float | None, typer.Option(help="The highest learning rate.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Texts a step.")] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            min=1, help="Stop after so many half epochs without a lower validation loss, and keep its weights."
        ),
    ] = None,
    method: Annotated[
        str, typer.Option(help="full, or lora: few numbers learn, and are saved as peft saves them too.")
    ] = "full",
) -> None:
    """Fine-tune a model on your own data, compare it with a baseline, save it; goes on where it was interrupted."""
    from pyft.data.from_files import Layout
    from pyft.data.unclosed_quotes import refuse_unclosed_tables
    from pyft.finetune import output_folder, pipeline
    from pyft.finetune.data_table import as_text
    from pyft.finetune.model_checks import check_model
    from pyft.finetune.output_lock import alone_in
    from pyft.finetune.report import score_lines, test_lines

    options = {"max_length": max_length, "lr": lr, "batch_size": batch_size, "patience": patience}
    changes = {name: value for name, value in options.items() if value is not None}
    layout = Layout(text_column, label_column, tags)
    refuse_unclosed_tables([data, validation, test], task, layout)
    command = " ".join(map(quoted, ["pyft", *sys.argv[1:]]))
    with interrupted_with(lambda: output_folder.kept(out)), alone_in(out):
        check_model(model, profile, max_length)
        card = pipeline.fit(
            task, data, out, validation, test, model, profile, epochs, seed, layout, changes, command, method
        )  # fmt: skip
    if not card:  # the first of several processes says it
        return
    print(as_text(score_lines(card["scores"])))
    for line in [*test_lines(task, card["scores"]), *card["advice"]]:
        print(line)
    place = quoted(str(out))
    print(f"saved in {place}. What to do next:")
    print(f"  read how it was made and where it errs: {quoted(str(out / 'report.html'))}")
    print(f"  ask it: pyft predict {place} --text {quoted('a text of yours')}")
    print(f"  ask it about a file: pyft predict {place} --data FILE --out predictions.csv")


@app.command()
def predict(
    folder: Annotated[Path, typer.Argument(help="What `pyft finetune --out` has written.")],
    text: Annotated[list[str] | None, typer.Option(help="May be given more than once.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="A file of texts: of the kinds that finetune reads, or .txt.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A new .csv or .jsonl file for answers and probabilities.")] = None,
    text_column: Annotated[str | None, typer.Option(help="The column of texts, if not text (or tokens).")] = None,
) -> None:
    """Predict the class or rating of texts, or the tags of their words, with your own model."""
    from pyft.finetune import hardware, predictions
    from pyft.finetune.saved import SavedModel

    saved = SavedModel(folder.absolute())  # a relative one may have the name of a pretrained model
    if out:
        predictions.check_place(out)
    texts = [*(text or []), *(predictions.read_texts(data, saved.card["task"], text_column) if data else [])]
    if not texts:
        raise PyftError("nothing to predict: give --text 'a text', or --data FILE.")
    saved.loaded[0].to(hardware.device())
    given = saved.answer(texts)
    for line in predictions.cut_texts(saved, texts):
        print(line, file=sys.stderr)
    if out:
        predictions.write(out, saved, texts, given)
        print(f"{len(texts):,} answers in {quoted(str(out))}")
        return
    for one, found in zip(texts, given.found, strict=True):
        shown = one if isinstance(one, str) else " ".join(one)
        print(f"{shown}\t{' '.join(found) if isinstance(found, list) else found}")


app.command()(commands.convert)
app.command()(commands.serve)
app.command()(commands.check_project)


@app.command()
def pdf() -> None:
    """Print the built book into _build/book.pdf, with the Chromium of this machine."""
    from pyft.book.printing import write

    write()


@app.command()
def colab(out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("_build/colab")) -> None:
    """Write the Colab edition of all chapters."""
    from pyft.book.colab import write

    for path in write(out):
        print(f"[colab] {path}")


@app.command()
def diagrams() -> None:
    """Draw the diagrams of the book into book/diagrams."""
    from pyft.diagrams import write
    from pyft.paths import ROOT

    for path in write():
        print(f"[diagrams] {path.relative_to(ROOT)}")


@app.command()
def cards(
    check: Annotated[bool, typer.Option(help="Compare with the committed page instead of writing it.")] = False,
) -> None:
    """Generate the page of data cards, book/data_cards.md."""
    from pyft import paths
    from pyft.data.cards import cards as made_cards
    from pyft.paths import write_atomically

    page = paths.ROOT / "book" / "data_cards.md"
    text = made_cards()
    if not check:
        write_atomically(page, text)
        print(f"[cards] {page.relative_to(paths.ROOT)}")
    elif page.read_text(encoding="utf8") != text:
        raise PyftError("book/data_cards.md is not what the data give. To remake it: pyft cards")


def quoted(text: str) -> str:
    """A text as one argument of a command line, in quotes if it needs them."""
    return subprocess.list2cmdline([text]) if sys.platform == "win32" else shlex.quote(text)


@contextmanager
def interrupted_with(kept: Callable[[], str]) -> Iterator[None]:
    """Say, if the reader presses Ctrl-C within, what is `kept`."""

    def stop(*_: object) -> None:
        print(f"\ninterrupted: {kept()}", file=sys.stderr)
        sys.exit(130)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def main() -> None:
    """Run the command line; an error that the reader can correct is printed without a traceback."""
    for stream in (sys.stdout, sys.stderr):  # a console of another encoding shows what it lacks as \\u2764
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with interrupted_with(lambda: "what had finished is kept, and the same command goes on from here"):
        try:
            app()
        except PyftError as error:
            print(f"\nerror: {error}", file=sys.stderr)
            sys.exit(1)


if __name__ == "__main__":
    main()
