"""The diagrams of the book, drawn by code: `pyft diagrams` writes each to book/diagrams, where the pages find it."""

from collections.abc import Callable

from pyft.diagrams import attention, transfer
from pyft.diagrams.canvas import Canvas

DIAGRAMS: dict[str, Callable[[], Canvas]] = {
    drawn.__name__: drawn
    for drawn in (
        transfer.fine_tuning,
        attention.attention,
        attention.masks,
        attention.multi_head,
        attention.two_streams,
    )
}
