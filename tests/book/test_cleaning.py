"""Of a run, the outputs that readers need are kept, and nothing of the machine."""

import nbformat
import pytest
from nbformat import v4

from pyft.book import cleaning
from pyft.errors import PyftError


def code(*outputs, **metadata):
    return v4.new_code_cell("x", outputs=list(outputs), metadata=metadata)


def stream(text, name="stdout"):
    return v4.new_output("stream", text=text, name=name)


def shown(**data):
    return v4.new_output("display_data", data={mime.replace("__", "/"): value for mime, value in data.items()})


def test_clean_keeps_tags_and_figures_texts_and_drops_the_tools_metadata():
    mystnb = {"image": {"alt": "a curve"}}
    cell = code(stream("x"), tags=["a"], mystnb=mystnb, papermill={"duration": 1}, execution={"iopub.status.busy": "t"})
    untagged = code(tags=[])
    notebook = v4.new_notebook(
        cells=[cell, untagged, v4.new_markdown_cell("text", metadata={"papermill": {}})],
        metadata={
            "papermill": {"start_time": "now"},
            "widgets": {"state": {}},
            "language_info": {"name": "python", "version": "3.11.7"},
            "kernelspec": {"name": "python3", "display_name": "mine", "language": "python"},
            "pyft": {"key": {"code": "abc"}},
        },
    )
    made = cleaning.clean(notebook)
    assert [dict(c.metadata) for c in made.cells] == [{"tags": ["a"], "mystnb": mystnb}, {}, {}]
    assert made.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "pyft": {"key": {"code": "abc"}},
    }
    assert made.cells[0].outputs[0].text == "x"
    nbformat.validate(made)
    assert cell.metadata["papermill"] == {"duration": 1}  # a copy was cleaned


@pytest.mark.parametrize(
    "output,kept",
    [
        (stream(" 40%|████      | 4/10 [00:01<00:02]", "stderr"), False),
        (stream("\n  \n"), False),
        (shown(**{"application__vnd.jupyter.widget-view+json": {"model_id": "a"}, "text__plain": "bar"}), False),
        (stream("40% of them | 4/10"), True),
        (shown(text__plain="a", image__png="b"), True),
    ],
)
def test_clean_drops_progress_bars_and_nothing_else(output, kept):
    assert len(cleaning.clean(v4.new_notebook(cells=[code(output)])).cells[0].outputs) == kept


def test_clean_keeps_a_newline_that_came_apart_from_its_line():
    bar = stream("40%|███", "stderr")
    cell = code(stream("solved"), stream("\n"), shown(text__plain="a"), stream("b"), stream("c", "stderr"), bar)
    outputs = cleaning.clean(v4.new_notebook(cells=[cell])).cells[0].outputs
    assert [o.get("text") for o in outputs] == ["solved\n", None, "b", "c"]


@pytest.mark.parametrize(
    "text",
    [
        "saved to /home/someone/book",
        "/wo" + "rk/x",  # in parts: no file of ours names a machine's folder whole
        "saved to:\n/roo" + "t/x",
        "a\t/roo" + "t/x",
        "'/Users/me/a'",
        "(/content/drive)",
        r"C:\Users\me",
    ],
)
@pytest.mark.parametrize("kind", [stream, lambda text: shown(text__plain=text), lambda text: shown(text__html=text)])
def test_clean_refuses_a_path_of_this_machine(text, kind):
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("text"), code(kind(text))])
    with pytest.raises(PyftError, match=r"a\.ipynb, cell 1: its output holds the path"):
        cleaning.clean(notebook, "a.ipynb")


@pytest.mark.parametrize(
    "output",
    [
        stream("https://example.org/home/page"),
        stream("chapters/tmp/x and ../tmp/x"),
        stream("</root> and 1/home/2"),
        shown(image__png="AAA /tmp/abc", text__plain="<Figure>"),
    ],
)
def test_clean_takes_nothing_else_for_a_path(output):
    notebook = v4.new_notebook(cells=[code(output)])
    assert cleaning.clean(notebook).cells[0].outputs == [output]
