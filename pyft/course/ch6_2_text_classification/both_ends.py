"""The linear model beside the stored runs on both ends of long reviews, in the opening page's table."""

import numpy as np

from pyft import models
from pyft.course.ch6_2_text_classification import long_documents, recipes
from pyft.course.ch6_2_text_classification.linear_by_folds import fit_linear_by_folds


def linear_accuracies() -> list[float]:
    """Accuracy on each part of the cross-validation of a linear model that reads what the stored runs read."""
    documents = long_documents.documents()
    room = recipes.RECIPES["laptop"]["documents"].max_length  # as in the stored runs
    _, tokenizer = models.load("bert", "sequence-classification")
    ends = [long_documents.views(tokenizer, text, "both", room)[0] for text in documents["text"][:]]
    y = np.array(documents["label"])  # (D,)
    accuracies = []
    for train, test in long_documents.folds(documents["label"][:]):
        linear = fit_linear_by_folds({"text": [ends[i] for i in train], "label": y[train]})
        accuracies.append(float(linear.score([ends[i] for i in test], y[test])))
    return accuracies
