"""The tasks of GLUE, SuperGLUE and SQuAD: what each asks, its metric, and how many labelled examples it has.

Numbers of examples: GLUE's and SQuAD's files as distributed; SuperGLUE's as in Table 1 of Wang et al. 2019.
"""

from typing import NamedTuple


class Task(NamedTuple):
    """One task of a benchmark; `score` is the end of the name of BERT's published figure, if it is of one metric."""

    benchmark: str
    name: str
    asks: str
    metric: str
    train: int
    development: int
    score: str = ""


TASKS = (
    Task("GLUE", "CoLA", "is this sentence good English?", "Matthews", 8_551, 1_043),
    Task("GLUE", "SST-2", "is this snippet of a review positive?", "accuracy", 67_349, 872, "sst2"),
    Task("GLUE", "MRPC", "do two sentences of news say the same?", "F1, accuracy", 3_668, 408),
    Task("GLUE", "STS-B", "how alike are two sentences, 0 to 5?", "Pearson, Spearman", 5_749, 1_500),
    Task("GLUE", "QQP", "do two questions ask the same?", "F1, accuracy", 363_846, 40_430),
    Task(
        "GLUE", "MNLI", "does the second sentence follow, contradict, or neither?", "accuracy", 392_702, 9_815, "mnli_m"
    ),
    Task("GLUE", "QNLI", "does this sentence answer the question?", "accuracy", 104_743, 5_463, "qnli"),
    Task("GLUE", "RTE", "does the second sentence follow?", "accuracy", 2_490, 277, "rte"),
    Task("GLUE", "WNLI", "whom does the pronoun mean?", "accuracy", 635, 71),
    Task("SuperGLUE", "BoolQ", "yes or no, by this passage?", "accuracy", 9_427, 3_270, "boolq"),
    Task("SuperGLUE", "CB", "does the writer hold the clause to be true?", "macro F1, accuracy", 250, 57),
    Task("SuperGLUE", "COPA", "which of two is the cause, or the effect?", "accuracy", 400, 100, "copa"),
    Task("SuperGLUE", "MultiRC", "which of these answers are right?", "F1, exact match", 5_100, 953),
    Task("SuperGLUE", "ReCoRD", "which name fills the gap?", "F1, exact match", 101_000, 10_000),
    Task("SuperGLUE", "WiC", "does the word mean the same twice?", "accuracy", 6_000, 638, "wic"),
    Task("SuperGLUE", "WSC", "does the pronoun mean this noun?", "accuracy", 554, 104, "wsc"),
    Task("SQuAD", "SQuAD 1.1", "which words of the passage answer?", "exact match, F1", 87_599, 10_570),
    Task("SQuAD", "SQuAD 2.0", "the same, or is there no answer?", "exact match, F1", 130_319, 11_873),
)
