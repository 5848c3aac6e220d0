"""Neither a time nor a trained figure is compared as text or asserted, however it gets there; what is stored may be."""

import pytest

from pyft.book import stability

FILES = {
    "__init__.py": "",
    "finetune/__init__.py": "",
    "finetune/__init__.pyi": "from .loop import fine_tune, predict, score\n",
    "finetune/loop.py": (
        "import time\n\ndef fine_tune(model, rows):\n    optimizer.step()\n\n"
        "def predict(model, rows):\n    return model(rows)\n\n"
        "def score(rows):\n    return made(rows)\n\ndef made(rows):\n    return fine_tune(rows, rows)\n\n"
        "def seconds(f):\n    return time.perf_counter()\n\ndef names(seconds):\n    return seconds(1)\n"
    ),
    "evidence/__init__.py": "def bench(name):\n    return fine_tune(name)\ndef expect(name, x): ...\n",
}
IMPORTS = (
    "from pyft import finetune\nfrom pyft.evidence import bench, expect\n"
    "from pyft.finetune import loop, predict, score\n"
)


@pytest.fixture
def problems(house):
    """A function: what is wrong with a page of these cells."""
    for name, text in FILES.items():
        house.write(f"pyft/{name}", text)

    def of(*cells):
        house.chapter("1_1_a", "# 1.1 Title 题目", IMPORTS, *cells)
        return stability.unstable()

    return of


TRAINED = {
    "printed": ["finetune.fine_tune(model, rows)\nprint(predict(model, rows))"],
    "the last value": ["model.fit(X, y)\nmodel.coef_"],
    "of a fitted pipeline": ["model = make().fit(X, y)\nx = model.predict(X)", "print(f'{100 * x.mean():.1f}')"],
    "through a function of the package": ["print(score(rows))"],
    "through a function of the page": ["def f(seed):\n    finetune.fine_tune(model, rows)\n    return model.x", "f(0)"],
    "stepwise": [
        "optimizer = SGD(p, lr=1)\nfor _ in range(9):\n    p = p - 1\n    optimizer.step()\n    loss = score(p)",
        "print(loss)",
    ],
    "through a list": ["found = []\nfor seed in range(3):\n    found.append(score(seed))", "print(min(found))"],
    "through a dictionary": ["accuracy = {}\naccuracy['a'] = score(1)", "print(accuracy)"],
    "under its key": ["accuracy = {}\naccuracy['a'] = score(1)\nprint(accuracy['a'])"],
    "through a comprehension": ["print([x for x in [score(n) for n in range(3)]])"],
    "in a loop that is read before it is written": ["x = 0\nfor _ in range(3):\n    print(x)\n    x = score(1)"],
    "in a table": ["plots.table([[score(1)]], ['x'])"],
    "glued": ["glue(x=f'{score(1)}')"],
    "in a with": ["with open(1) as f:\n    print(score(1))"],
    "as a part of a pair": ["a, b = 1, score(1)\nprint(b)"],
    "with :=": ["if (x := score(1)) > 0:\n    pass\nprint(x)"],
}
CALM = {
    "held": ["expect('a', score(1))\nfinetune.fine_tune(model, rows)"],
    "its size": ["x = score(1)\nprint(x.shape, len(x))"],
    "stored": ["print(bench('models'))"],
    "drawn": ["plt.plot(score(1))\nplt.show()"],
    "another key": ["accuracy = {}\naccuracy['a'] = score(1)\naccuracy['b'] = 2\nprint(accuracy['b'])"],
    "the other of a pair": ["a, b = 1, score(1)\nprint(a)"],
    "a name that is taken anew": ["x = score(1)\nx = 2\nprint(x)"],
    "a loop's name that is taken anew": [
        "for name, x in [(1, score(1))]:\n    pass\nfor name, x in enumerate('ab'):\n    print(name, x)"
    ],
    "a name of a comprehension": ["y = [x for x in score(1)]\nx = 3\nprint([x for x in 'ab'], x)"],
    "no training": ["print(predict(model, rows))"],
    "a step that is no optimiser's": ["print(env.step())"],
    "a function whose argument has a clock's name": ["print(loop.names(len))"],
}


@pytest.mark.parametrize("how", TRAINED)
def test_a_trained_figure_is_not_compared_as_text(problems, how):
    (problem,) = problems(*TRAINED[how])
    assert "chapters/1_part/1_1_a.ipynb, cell" in problem and "a trained figure is compared as text" in problem
    *cells, last = TRAINED[how]
    assert problems(*cells, (last, ["nbval-ignore-output"])) == []


@pytest.mark.parametrize("how", CALM)
def test_what_is_stable_may_be_shown(problems, how):
    assert problems(*CALM[how]) == []


@pytest.mark.parametrize(
    "cells",
    [
        ["start = time.perf_counter()\nwork()\nseconds = time.perf_counter() - start", "assert seconds < 3"],
        [
            "def clock(f):\n    start = time.perf_counter()\n    return time.perf_counter() - start",
            "assert clock(a) < clock(b)",
        ],
        ["assert loop.seconds(f) < loop.seconds(g)"],
        ["print(timeit.timeit(f))"],
    ],
)
def test_a_time_is_neither_asserted_nor_compared(problems, cells):
    (problem,) = problems(*cells)
    assert "a time" in problem
    *before, last = cells
    assert (problems(*before, (last, ["nbval-ignore-output"])) == []) == last.startswith("print")


def test_a_trained_figure_is_not_asserted_even_where_the_output_is_ignored(problems):
    (problem,) = problems(("assert score(1) > 2", ["nbval-ignore-output"]))
    assert "a trained figure in 'assert score(1) > 2'" in problem


def test_a_magic_is_passed_over(problems):
    assert problems("%matplotlib inline", "x = 1\nx") == []


def test_no_page_of_the_book_compares_or_asserts_what_moves():
    assert stability.unstable() == []
