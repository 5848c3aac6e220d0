"""The command line: `pyft --help` lists what it can do."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from pyft.errors import PyftError

app = typer.Typer(
    help="Run, check and build the book.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
bench = typer.Typer(help="Measure what our code costs beside the library's.", no_args_is_help=True)
app.add_typer(bench, name="bench")
Numbers = Annotated[
    list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="Numbers such as 6.1; all if none is given.")
]
Out = Annotated[
    Path | None, typer.Option(help="The file to write; the measurement's own in book/results/bench if not given.")
]


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(metavar="[ARTEFACT]...", help="All if none is given.")] = None,
) -> None:
    """Fetch and verify the pinned data and weights into the cache folder."""
    import time

    from pyft.artefacts import ARTEFACTS
    from pyft.fetch import files, home, problems

    for name in names or ARTEFACTS:
        start = time.monotonic()
        absent = name not in ARTEFACTS or bool(problems(ARTEFACTS[name]))
        members = files(name)
        artefact = ARTEFACTS[name]
        done = f"fetched in {time.monotonic() - start:.1f} s" if absent else "already there, verified"
        print(
            f"[fetch] {name:10} {artefact.size / 1e6:6.1f} MB, {len(members)} files: {done}. "
            f"Licence: {artefact.licence}",
            flush=True,
        )
    print(f"[fetch] all in {home()}")


@app.command()
def run(
    chapters: Numbers = None, force: Annotated[bool, typer.Option(help="Run even what is up to date.")] = False
) -> None:
    """Run the chapters whose key changed, in place."""
    from pyft import notebooks

    notebooks.run(chapters or (), force)


@app.command()
def book(
    run_first: Annotated[bool, typer.Option("--run/--no-run", help="Run the chapters whose key changed first.")] = True,
) -> None:
    """Run what changed, then build _build/html/index.html."""
    from pyft import book as builder
    from pyft import notebooks

    if run_first:
        notebooks.run()
    builder.build()


@app.command()
def status() -> None:
    """Say what is fetched, which chapters are up to date and whether the book is built."""
    from pyft.artefacts import ARTEFACTS
    from pyft.book import HTML
    from pyft.fetch import home, problems
    from pyft.freshness import changed
    from pyft.notebooks import chapters

    print(f"data and weights in {home()}")
    for artefact in ARTEFACTS.values():
        print(f"  {artefact.name:12} {'; '.join(problems(artefact)) or 'verified'}")
    print("chapters")
    for chapter in chapters().values():
        why = changed(chapter)
        print(f"  {chapter.number:12} {'stale: ' + ', '.join(why) if why else 'up to date'}   {chapter.name}")
    print("book")
    print(f"  {HTML / 'index.html' if (HTML / 'index.html').is_file() else 'not built: pyft book'}")


@app.command()
def calibrate(
    chapter: Annotated[str, typer.Argument(help="A number such as 6.1.")],
    reason: Annotated[str, typer.Option(help="Why the bands are made or moved; kept in the file.")],
    seeds: Annotated[int, typer.Option(min=2, help="How many seeds, from 0.")] = 5,
) -> None:
    """Run a chapter with several seeds and make its bands from their spread."""
    from pyft import notebooks

    notebooks.calibrate(chapter, seeds, reason)


@bench.command()
def maths(out: Out = None) -> None:
    """Time and memory of the hand-written mathematics (about a minute); fails if a ratio is above its limit."""
    from pyft import bench

    if slow := bench.breaches(bench.maths(out)):
        raise PyftError("\n  ".join(["too slow:", *slow]))


@bench.command()
def mutants(out: Out = None) -> None:
    """What each mistake of Part 4 costs in a short training (about an hour; goes on where it was interrupted)."""
    from pyft import costs

    costs.measure(out)


@bench.command("finetune")
def loops(out: Out = None) -> None:
    """Our training loop beside Trainer, as often set and as well set (a quarter of an hour on a quiet machine)."""
    from pyft import throughput

    if slow := throughput.breaches(throughput.measure(out)):
        raise PyftError("\n  ".join(["too slow:", *slow]))


@bench.command()
def sentiment(out: Out = None) -> None:
    """Ratings learnt on one kind of text, tested on all (an hour and a half; goes on where it was interrupted)."""
    from pyft import sentiment

    sentiment.measure(out)


@bench.command()
def reviews(out: Out = None) -> None:
    """Film reviews learnt for one epoch to three (three hours; goes on where it was interrupted)."""
    from pyft import reviews

    reviews.measure(out)


@bench.command()
def tricks(out: Out = None) -> None:
    """Tricks of fine-tuning on few labels, over seeds (two hours; goes on where it was interrupted)."""
    from pyft import tricks

    tricks.measure(out)


@bench.command()
def models(out: Out = None) -> None:
    """Fine-tune every laptop model on two tasks over seeds (three hours; goes on where it was interrupted)."""
    from pyft import architectures

    architectures.measure(out=out)


@bench.command()
def ner(out: Out = None) -> None:
    """Entities with and without the rest of the document (two hours; goes on where it was interrupted)."""
    from pyft import ner

    ner.measure(out)


@bench.command()
def transfer(out: Out = None) -> None:
    """Random against pretrained weights by number of labels, and what freezing costs (goes on where interrupted)."""
    from pyft import transfer

    transfer.measure(out)


@bench.command()
def classification(out: Out = None) -> None:
    """Spam, topics and long documents with three models over seeds (goes on where it was interrupted)."""
    from pyft import classification

    classification.measure(out)


@app.command()
def pretrain(
    name: Annotated[str, typer.Argument(help="xlnet, bert-continued, roberta-continued or xlnet-continued.")],
) -> None:
    """Make a prepared model anew, into pyft/weights (half an hour; goes on where it was interrupted)."""
    from pyft import pretrain as made

    made.prepare(name)


@app.command()
def finetune(
    task: Annotated[str, typer.Option(help="sequence-classification, regression or token-classification.")],
    data: Annotated[Path, typer.Option(help="A .csv or .jsonl file: text and label, or tokens and tags.")],
    out: Annotated[Path, typer.Option(help="The folder for the model, its scores and its answers.")],
    validation: Annotated[
        Path | None, typer.Option(help="A file of its own; a tenth of the data if not given.")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="A file of its own; a tenth of the data if not given.")] = None,
    model: Annotated[str, typer.Option(help="bert, roberta, xlnet, a folder, or a hub's owner/name.")] = "bert",
    profile: Annotated[str, typer.Option(help="laptop or gpu.")] = "laptop",
    epochs: Annotated[int | None, typer.Option(min=1, help="The profile's, three, if not given.")] = None,
    seed: int = 0,
) -> None:
    """Fine-tune a model on your own data, score it beside a baseline, save it; goes on where it was interrupted."""
    from pyft import own_model

    card = own_model.fit(task, data, out, validation, test, model, profile, epochs, seed)
    if not card:  # the first of several processes says it
        return
    for name, scores in card["scores"].items():
        print(f"{name:16} " + ", ".join(f"{metric} {value}" for metric, value in scores.items()))
    print(f"saved in {out}; to use it: pyft predict {out} --text 'a text of yours'")


@app.command()
def predict(
    folder: Annotated[Path, typer.Argument(help="What `pyft finetune --out` has written.")],
    text: Annotated[list[str], typer.Option(help="May be given more than once.")],
) -> None:
    """What a model of your own says of a text (of a sentence's words, if it tags them)."""
    from pyft import own_model

    for one, found in zip(text, own_model.say(folder, text), strict=True):
        print(f"{one}\t{' '.join(found) if isinstance(found, list) else found}")


@app.command()
def colab(out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("_build/colab")) -> None:
    """Write the Colab edition of all chapters."""
    from pyft.colab import write

    for path in write(out):
        print(f"[colab] {path}")


@app.command()
def cards(
    check: Annotated[bool, typer.Option(help="Compare with the committed page instead of writing it.")] = False,
) -> None:
    """Generate the page of data cards, book/data_cards.md."""
    from pyft.data import cards as made
    from pyft.evidence import ROOT, write_atomically

    page = ROOT / "book" / "data_cards.md"
    text = made()
    if not check:
        write_atomically(page, text)
        print(f"[cards] {page.relative_to(ROOT)}")
    elif page.read_text(encoding="utf8") != text:
        raise PyftError("book/data_cards.md is not what the data give. To remake it: pyft cards")


def main() -> None:
    """Run the command line; an error that the reader can mend is printed without a traceback."""
    signal.signal(signal.SIGINT, _interrupted)
    try:
        app()
    except PyftError as error:
        print(f"\nerror: {error}", file=sys.stderr)
        sys.exit(1)


def _interrupted(*_: object) -> None:
    print("\ninterrupted: what had finished is kept, and the same command goes on from here", file=sys.stderr)
    sys.exit(130)


if __name__ == "__main__":
    main()
