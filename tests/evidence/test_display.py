"""What a page shows: source, symbols and glued figures."""

import inspect
from types import SimpleNamespace

import pytest
from IPython.utils.capture import capture_output
from nbformat.v4 import new_code_cell, new_output

from pyft import evidence
from pyft.errors import PyftError
from pyft.evaluation import stats
from pyft.maths import symbols


def test_show_displays_the_source_as_markdown(shell):
    with capture_output() as captured:
        evidence.show(stats.compare)
    (output,) = captured.outputs
    assert output.data["text/markdown"] == f"```python\n{inspect.getsource(stats.compare).rstrip()}\n```"


def test_symbols_displays_its_topics_table(shell):
    with capture_output() as captured:
        evidence.symbols("attention")
    (output,) = captured.outputs
    assert output.data["text/markdown"] == symbols.markdown("attention")
    with pytest.raises(PyftError, match="unknown table of symbols 'atention'"):
        evidence.symbols("atention")


def test_glue_writes_what_myst_nb_reads(shell):
    from myst_nb.ext.glue import extract_glue_data_cell
    from myst_nb.ext.glue import glue as reference

    with capture_output() as ours:
        evidence.glue(accuracy="86.4 points", model="MiniLM's")
    with capture_output() as theirs:
        reference("accuracy", "86.4 points", display=False)
        reference("model", "MiniLM's", display=False)
    as_cell = [SimpleNamespace(data=o.data, metadata=o.metadata) for o in ours.outputs]
    assert [vars(o) for o in as_cell] == [{"data": o.data, "metadata": o.metadata} for o in theirs.outputs]
    cell = new_code_cell(outputs=[new_output("display_data", **vars(o)) for o in as_cell])
    assert {k: v["data"]["text/plain"] for k, v in extract_glue_data_cell(cell)} == {
        "accuracy": "'86.4 points'",
        "model": '"MiniLM\'s"',
    }


@pytest.mark.parametrize(
    "text,set_",
    [
        ("-0.3 (-1.2 to .5)", "−0.3 (−1.2 to .5)"),
        ("by 4.1e-07, not 2e+10", "by 4.1\xa0·\xa010⁻⁷, not 2\xa0·\xa010¹⁰"),
        ("12.5 % of 40", "12.5\xa0% of 40"),
        ("seeds 0-2, f(x)-1, BERT-2, 3e-5c", "seeds 0-2, f(x)-1, BERT-2, 3e-5c"),
    ],
)
def test_glued_figures_are_set_as_in_print(shell, text, set_):
    with capture_output() as captured:
        evidence.glue(it=text)
    assert captured.outputs[0].data["application/papermill.record/text/plain"] == repr(set_)
