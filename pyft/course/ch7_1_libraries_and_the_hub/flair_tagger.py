"""Fine-tune a tagger with Flair, in Flair's own environment: `python flair_tagger.py FOLDER`.

The folder holds `settings.json`, a model under `model/`, `train.txt` with a word and its tag a line, and `test.txt`
with words alone: no tag of the test reaches Flair. Written is `found.json`: tags, seconds of training, versions.
"""

import json
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any


def train(folder: Path, settings: dict[str, Any]) -> tuple[Any, float]:
    """A tagger that was fine-tuned on `train.txt`, and the processor seconds that this took."""
    import flair
    import torch
    from flair.datasets import ColumnCorpus
    from flair.embeddings import TransformerWordEmbeddings
    from flair.models import SequenceTagger
    from flair.trainers import ModelTrainer

    torch.set_num_threads(settings["threads"])
    flair.device = torch.device("cpu")
    flair.set_seed(settings["seed"])
    corpus = ColumnCorpus(
        folder,
        {0: "text", 1: "ner"},
        train_file="train.txt",
        autofind_splits=False,
        sample_missing_splits=False,  # else a tenth of the sentences would be held back
    )
    embeddings = TransformerWordEmbeddings(str(folder / "model"), fine_tune=True)
    tagger = SequenceTagger(
        embeddings=embeddings,
        tag_dictionary=corpus.make_label_dictionary("ner", add_unk=False),
        tag_type="ner",
        use_rnn=False,
        use_crf=False,
        reproject_embeddings=False,
        **settings["tagger"],
    )
    start = time.process_time()
    ModelTrainer(tagger, corpus).fine_tune(
        folder / "work",
        max_epochs=settings["epochs"],
        mini_batch_size=settings["batch_size"],
        learning_rate=settings["lr"],
        warmup_fraction=settings["warmup"],
        save_final_model=False,
        create_file_logs=False,
        create_loss_file=False,
    )
    return tagger, time.process_time() - start


def tag(tagger: Any, lines: list[list[str]]) -> list[list[str]]:
    """The entities that the tagger finds in some sentences, as IOB2 tags of their words."""
    from flair.data import Sentence

    sentences = [Sentence(words) for words in lines]
    tagger.predict(sentences, mini_batch_size=64)
    found = [["O"] * len(words) for words in lines]
    for tags, sentence in zip(found, sentences, strict=True):
        for label in sentence.get_labels("ner"):
            places = [token.idx - 1 for token in label.data_point.tokens]
            for place in places:
                tags[place] = f"{'B' if place == places[0] else 'I'}-{label.value}"
    return found


def main(folder: Path) -> None:
    settings = json.loads((folder / "settings.json").read_text(encoding="utf8"))
    tagger, seconds = train(folder, settings)
    sentences = (folder / "test.txt").read_text(encoding="utf8").strip("\n").split("\n\n")
    found = {
        "tags": tag(tagger, [sentence.split("\n") for sentence in sentences]),
        "seconds": round(seconds, 1),
        "versions": {name: metadata.version(name) for name in ("flair", "torch", "transformers")},
    }
    (folder / "found.json").write_text(json.dumps(found), encoding="utf8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
