"""The diagrams of the book, drawn by code: `pyft diagrams` writes each to book/diagrams, where the pages find it."""

from collections.abc import Callable

from pyft.diagrams import attention, entities, evidence, optimisers, pretraining, transfer, transformer
from pyft.diagrams.canvas import Canvas

DIAGRAMS: dict[str, Callable[[], Canvas]] = {
    drawn.__name__: drawn
    for drawn in (
        transfer.fine_tuning,
        transfer.output_heads,
        transfer.freezing,
        transfer.padding,
        transformer.encoder,
        transformer.layer,
        transformer.norms,
        attention.attention,
        attention.masks,
        attention.multi_head,
        attention.two_streams,
        pretraining.masked_lm,
        pretraining.next_sentence,
        pretraining.permutation_lm,
        pretraining.architectures,
        optimisers.optimisers,
        optimisers.weight_decay,
        entities.tags_and_pieces,
        entities.viterbi,
        evidence.evidence,
    )
}
