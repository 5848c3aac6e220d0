"""What the tests of several sections share."""

import pytest


@pytest.fixture
def own_documents(monkeypatch):
    """A function: each of n made-up texts that `results` judges is a document of its own; the list, to be changed."""

    def make(results, n):
        of = [str(i) for i in range(n)]
        monkeypatch.setattr(results, "documents_of", lambda task: of)
        return of

    return make
