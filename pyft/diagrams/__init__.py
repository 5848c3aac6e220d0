"""The diagrams of the book, drawn by code: `pyft diagrams` writes each to book/diagrams, where the pages find it."""

from collections.abc import Callable
from pathlib import Path

from pyft.diagrams import (
    adaptive,
    applications,
    attention,
    background,
    challenges,
    concepts,
    efficient,
    entities,
    evidence,
    few_labels,
    formats,
    hub,
    losses,
    maps,
    optimisers,
    own_data,
    pretraining,
    serving,
    training,
    transfer,
    transformer,
    trends,
    trust,
)
from pyft.diagrams.canvas import Canvas
from pyft.paths import ROOT, write_atomically

FOLDER = ROOT / "book" / "diagrams"

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
        losses.surprise,
        losses.two_losses,
        pretraining.bert_inputs,
        pretraining.roberta_recipe,
        pretraining.offsets,
        concepts.next_letter,
        concepts.pretraining_map,
        concepts.subword_cuts,
        optimisers.optimisers,
        optimisers.weight_decay,
        applications.three_tasks,
        applications.names_in_a_sentence,
        entities.tags_and_pieces,
        entities.viterbi,
        evidence.evidence,
        maps.routes,
        maps.transformer_map,
        maps.training_loop,
        maps.trainer_arguments,
        own_data.own_file,
        transfer.transplant,
        training.interrupted,
        evidence.three_rules,
        training.schedules,
        losses.squares,
        evidence.before_one_sentence,
        applications.words_or_typing,
        applications.a_threshold,
        applications.four_views,
        entities.knowing_or_reading,
        entities.which_paris,
        entities.whole_by_chance,
        efficient.low_rank,
        efficient.places,
        few_labels.compare_or_fill,
        few_labels.two_languages,
        trends.beyond,
        trends.two_towers,
        trends.names_beside,
        adaptive.reading_first,
        adaptive.four_bit_base,
        adaptive.grid_and_random,
        challenges.run_cost,
        challenges.which_words,
        formats.one_sentence,
        serving.batching,
        hub.files_and_classes,
        background.memories,
        background.three_uses,
        trust.one_name_changed,
        trust.ways_in_and_out,
    )
}


def write() -> list[Path]:
    """Draw all diagrams into their folder, remove any other file there, and return the paths."""
    FOLDER.mkdir(exist_ok=True)
    made = {FOLDER / f"{name}.svg": draw().svg() for name, draw in DIAGRAMS.items()}
    for path in set(FOLDER.iterdir()) - set(made):
        path.unlink()
    for path, text in made.items():
        write_atomically(path, text)
    return list(made)
