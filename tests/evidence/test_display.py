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
        evidence.glue(accuracy="86.4 %", model="MiniLM's")
    with capture_output() as theirs:
        reference("accuracy", "86.4 %", display=False)
        reference("model", "MiniLM's", display=False)
    as_cell = [SimpleNamespace(data=o.data, metadata=o.metadata) for o in ours.outputs]
    assert [vars(o) for o in as_cell] == [{"data": o.data, "metadata": o.metadata} for o in theirs.outputs]
    cell = new_code_cell(outputs=[new_output("display_data", **vars(o)) for o in as_cell])
    assert {k: v["data"]["text/plain"] for k, v in extract_glue_data_cell(cell)} == {
        "accuracy": "'86.4 %'",
        "model": '"MiniLM\'s"',
    }
