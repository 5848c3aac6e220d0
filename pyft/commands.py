"""The commands that make something of a file or a model of the reader's own; `pyft.cli` lists them with the others."""

from pathlib import Path
from typing import Annotated

import typer


def convert(
    source: Annotated[Path, typer.Argument(help="CSV, TSV, JSON (lines) or columns of CoNLL, with labels.")],
    target: Annotated[Path, typer.Argument(help="A new file; its suffix says its format.")],
    tags: Annotated[str, typer.Option(help="How the source's tags are written: iob2, iob1 or bioes.")] = "iob2",
    to_tags: Annotated[str, typer.Option(help="How tags are to be written.")] = "iob2",
    by_offset: Annotated[bool, typer.Option("--by-offset", help="Write entities by where they start and end.")] = False,
    labels: Annotated[
        Path | None, typer.Option(help='New names of labels, a file of JSON: {"0": "negative", "1": "positive"}.')
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="The column of texts, if not text (or tokens).")] = None,
    label_column: Annotated[str | None, typer.Option(help="The column of labels, if not label (or tags).")] = None,
) -> None:
    """Convert labelled texts or tagged words: these are kept, or nothing is written; what else is left out is said."""
    from pyft.data.convert import convert as converted
    from pyft.data.convert import read_names
    from pyft.data.from_files import Layout

    names = read_names(labels) if labels else None
    done = converted(source, target, Layout(text_column, label_column, tags), to_tags, by_offset, names)
    print(f"{target}: {done.said()}")


def serve(
    folder: Annotated[Path, typer.Argument(help="What `pyft finetune --out` has written.")],
    host: Annotated[str, typer.Option(help="0.0.0.0 for other machines, too.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    batch: Annotated[int, typer.Option(min=1, help="Texts that the model is asked at once, at most.")] = 32,
    wait: Annotated[float, typer.Option(min=0, help="Milliseconds that a text waits for others.")] = 5.0,
) -> None:
    """Answer texts over HTTP with your own model: POST /predict, GET /health, GET /metrics."""
    from pyft.errors import PyftError

    try:
        import uvicorn

        from pyft.deployment.batching import Limits
        from pyft.deployment.service import of_folder
    except ModuleNotFoundError as error:
        raise PyftError(
            f'{error.name}: not installed. To have it, in the folder of the repository: pip install ".[serve]"'
        ) from None
    app = of_folder(folder, Limits(batch=batch, wait=wait / 1000))
    uvicorn.run(app, host=host, port=port, backlog=4096)


def check_project(
    part: Annotated[str, typer.Argument(help="The part of the book whose project it is: 2, 3, 5 or 6.")],
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="The models that you made.")],
    test: Annotated[Path, typer.Option(help="The file of labelled texts that they are tested on.")],
    notes: Annotated[Path | None, typer.Option(help="For part 6: a file of errors that you read: row,why.")] = None,
) -> None:
    """Check what you made in the project at the end of a part; its page says what is asked for."""
    from pyft.course.projects import report

    report(part, folders, test, notes)
