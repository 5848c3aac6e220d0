"""What sharing costs, and a task as text: `pyft bench small-models`, kept in `book/results/bench/small-models.json`.

Three small models learn film reviews from nothing: BERT's encoder, the same encoder with one layer's weights for all
layers, as ALBERT has it, and an encoder-decoder like T5 that writes its answer. They read the same texts in the same
order for the same number of steps, each at the rate that validation texts chose. A linear model on counts of words
stands beside them.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    T5Config,
    T5ForConditionalGeneration,
)

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.evaluation import baselines
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.batches import collate, tokenize
from pyft.finetune.loop import fine_tune, set_seed, task_loss
from pyft.models.inference import in_batches
from pyft.profiles import Recipe

CORPUS, SEEDS = "movie-reviews", 5
TRIAL_SEED = 1000  # its runs choose a rate, and see no test text
RATES = (3e-4, 1e-3, 3e-3)
D, D_FF, H, L = 128, 512, 4, 4  # width, of the feed-forward network, heads, layers
OWN, SHARED, WRITES = "a layer's own weights", "shared weights", "writes its answer"
MODELS = (OWN, SHARED, WRITES)
LINEAR = "linear model"
WORDS = ("negative", "positive")  # what the third writes for each class
TESTS = Family(  # declared before any run is read
    "what sharing and writing cost, and what a baseline reaches", ((SHARED, OWN), (WRITES, OWN), (OWN, LINEAR))
)


def recipe(lr: float) -> Recipe:
    """Three epochs at this rate, of the library's models as they are."""
    return Recipe(epochs=3, batch_size=32, lr=lr, evaluations=0, max_length=64, fast_path=())


def run(name: str, seed: int, lr: float) -> dict[str, Any]:
    """One model from nothing: its accuracy, which answers are right, how many were neither word, and what it took.

    A trial of a rate is judged by validation texts.
    """
    splits, trial = data.load(CORPUS), seed == TRIAL_SEED
    if name == LINEAR:
        return linear(splits)
    asked = splits["validation" if trial else "test"]
    tokenizer = models.tokenizer("bert")
    set_seed(seed)
    model = MAKE[name](tokenizer)
    begun = time.process_time()
    objective = writing(tokenizer) if name == WRITES else task_loss
    fine_tune(model, tokenizer, splits["train"], splits["validation"], recipe(lr), seed, objective=objective)
    seconds = time.process_time() - begun
    found = answers(model, tokenizer, asked["text"][:])
    right = found == torch.tensor(asked["label"][:])
    return {
        "model": name,
        "seed": seed,
        "lr": lr,
        "trial": trial,
        "accuracy": round(right.double().mean().item(), 6),
        "neither": int((found < 0).sum()),
        "layers": sum(p.numel() for p in model.parameters()) - model.get_input_embeddings().weight.numel(),
        "seconds": round(seconds, 1),  # of the processor
        "right": "" if trial else pack_bits(right),
    }


def linear(splits: Any) -> dict[str, Any]:
    """The linear model, whose penalty validation texts choose: nothing in it is drawn."""
    model = baselines.fit_linear(splits["train"], splits["validation"])
    right = model.predict(splits["test"]["text"][:]) == splits["test"]["label"][:]
    found = {"model": LINEAR, "seed": 0, "lr": 0.0, "trial": False}
    return found | {"accuracy": round(float(right.mean()), 6), "right": pack_bits(right)}


# --- the models -------------------------------------------------------------------------------------------------------


def encoder(tokenizer: PreTrainedTokenizerBase, shared: bool = False) -> PreTrainedModel:
    """A small BERT with a new head; if `shared`, its layers are one."""
    sizes = {"hidden_size": D, "intermediate_size": D_FF, "num_attention_heads": H, "num_hidden_layers": L}
    model = BertForSequenceClassification(BertConfig(vocab_size=len(tokenizer), max_position_embeddings=64, **sizes))
    if shared:
        layers = model.bert.encoder.layer
        model.bert.encoder.layer = nn.ModuleList([layers[0]] * len(layers))
    return model


def encoder_decoder(tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """A small T5 of as many layers to read, and as many to write."""
    return T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokenizer),
            d_model=D,
            d_kv=D // H,
            d_ff=D_FF,
            num_layers=L,
            num_heads=H,
            pad_token_id=tokenizer.pad_token_id,
            decoder_start_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.sep_token_id,
        )
    )


MAKE: dict[str, Callable[[PreTrainedTokenizerBase], PreTrainedModel]] = {
    OWN: encoder,
    SHARED: lambda tokenizer: encoder(tokenizer, shared=True),
    WRITES: encoder_decoder,
}


def written(tokenizer: PreTrainedTokenizerBase) -> Tensor:
    """The tokens of each class's answer, the word and the end: (K, 2)."""
    return torch.tensor([[tokenizer.convert_tokens_to_ids(word), tokenizer.sep_token_id] for word in WORDS])


def writing(tokenizer: PreTrainedTokenizerBase) -> Callable[[PreTrainedModel, dict[str, Tensor]], Tensor]:
    """The loss of a model that is to write each text's answer: the mean over the answers' tokens."""
    targets = written(tokenizer)

    def loss(model: PreTrainedModel, x: dict[str, Tensor]) -> Tensor:
        found: Tensor = model(x["input_ids"], x["attention_mask"], labels=targets.to(model.device)[x["labels"]]).loss
        return found

    return loss


def answers(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> Tensor:
    """The class of each text (N), -1 where the model writes another word than those of the classes."""
    rows = tokenize(tokenizer, texts, recipe(0.0).max_length)
    writes, words = isinstance(model, T5ForConditionalGeneration), written(tokenizer)[:, 0]

    def found(batch: list[int]) -> list[Tensor]:
        x = {k: v.to(model.device) for k, v in collate([rows[i] for i in batch], tokenizer).items()}
        if not writes:
            return list(model(**x).logits.argmax(-1).cpu())
        start = torch.full((len(batch), 1), model.config.decoder_start_token_id, device=model.device)
        x = {k: x[k] for k in ("input_ids", "attention_mask")}
        first = model(**x, decoder_input_ids=start).logits[:, 0].argmax(-1).cpu()  # (B), of all V words
        hit = first[:, None] == words  # (B, K)
        return list(torch.where(hit.any(-1), hit.int().argmax(-1), -1))

    return torch.stack(in_batches(model, found, [len(row["input_ids"]) for row in rows], 64))


# --- the experiment ---------------------------------------------------------------------------------------------------


def chosen(done: Sequence[Run]) -> dict[str, float]:
    """Of each model whose trials are all there the rate that was right most often; of two the smaller."""
    tried = {(r["model"], r["lr"]): r["accuracy"] for r in done if r["trial"]}
    tuned = [name for name in MODELS if all((name, lr) in tried for lr in RATES)]
    return {name: max(RATES, key=lambda lr: (tried[name, lr], -lr)) for name in tuned}


def plan(done: Sequence[Run] = ()) -> list[tuple[str, int, float]]:
    """Every run, `(model, seed, learning rate)`: the linear model, trials of rates, the seeds with the best rate."""
    trials = [(name, TRIAL_SEED, lr) for name in MODELS for lr in RATES]
    return [(LINEAR, 0, 0.0), *trials] + [
        (name, seed, lr) for seed in range(SEEDS) for name, lr in chosen(done).items()
    ]


def depends(name: str, seed: int, lr: float) -> dict[str, Any]:
    """A run is that of its recipe, the sizes of its model, and the corpus."""
    if name == LINEAR:
        return {"strengths": baselines.STRENGTHS, "data": data_digests(CORPUS)}
    found = {"recipe": recipe(lr), "sizes": (D, D_FF, H, L), "data": data_digests(CORPUS)}
    return found | ({"words": WORDS} if name == WRITES else {})


EXPERIMENT = Experiment(
    "small-models", plan, run, depends, threads=1, about="shared layers and answers as text, learnt from nothing"
)
