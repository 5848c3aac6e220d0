"""A table escapes whatever a data set holds; a figure names its axes."""

import html
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import seaborn as sns

from pyft.finetune.history import History
from pyft.plots import PALETTE, confusion_matrix, growth, learning_curve, table


@pytest.fixture(autouse=True)
def clean_matplotlib():
    backend = mpl.get_backend()
    plt.switch_backend("Agg")
    with mpl.rc_context():
        yield
    plt.close("all")
    plt.switch_backend(backend)


HISTORY = History(steps=[10, 20], train_loss=[0.7, 0.5], validation_loss=[0.6, 0.55], validation_score=[0.75, 0.875])
HOSTILE = """<script>alert("x")</script> & 'so' <b>on</b>"""


def cells(made, tag="td"):
    return re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", made.data, re.DOTALL)


def alignments(made):
    return re.findall(r'<td style="text-align:(\w+)', made.data)


@pytest.mark.parametrize("place", ["cell", "column", "caption"])
def test_a_table_escapes_every_text(place):
    texts = {"cell": "text", "column": "name", "caption": "title"} | {place: HOSTILE}
    made = table([[texts["cell"]]], [texts["column"]], texts["caption"])
    assert html.escape(HOSTILE) in made.data
    assert "<script" not in made.data
    assert "<b>" not in made.data


def test_a_table_is_no_place_for_formulas():
    made = table([["costs $5 or $6"]], ["text"])
    assert made.data.startswith('<div class="tex2jax_ignore mathjax_ignore"')
    assert cells(made) == ["costs $5 or $6"]


def test_columns_of_numbers_are_aligned_right_and_others_left():
    made = table([["a", 1, 0.5, 1], ["b", 2, 0.25, "none"]], ["name", "count", "share", "mixed"])
    assert alignments(made) == ["left", "right", "right", "left"] * 2
    assert re.findall(r'<th scope="col" style="text-align:(\w+)">', made.data) == ["left", "right", "right", "left"]


def test_numbers_are_written_for_reading():
    made = table([[1234567, 0.86372, True, None]], list("abcd"))
    assert cells(made) == ["1,234,567", "0.864", "True", "None"]


def test_rows_and_columns_keep_their_order():
    made = table([["a", "b"], ["c", "d"]], ["x", "y"])
    assert (cells(made, "th"), cells(made)) == (["x", "y"], ["a", "b", "c", "d"])


def test_a_row_of_another_length_is_an_error():
    with pytest.raises((ValueError, IndexError)):
        table([["a"]], ["x", "y"])


def test_a_table_without_caption_has_no_empty_one():
    assert "<caption" not in table([["a"]], ["x"]).data


def test_learning_curve_names_its_axes_with_units():
    left, right = learning_curve(HISTORY).axes
    assert (left.get_xlabel(), left.get_ylabel()) == ("step (batches)", "cross-entropy (nats)")
    assert (right.get_xlabel(), right.get_ylabel()) == ("step (batches)", "validation accuracy (%)")


def test_learning_curve_draws_the_history():
    left, right = learning_curve(HISTORY).axes
    drawn = {line.get_label(): line.get_ydata().tolist() for line in left.lines}
    assert drawn == {"training (mean since last point)": [0.7, 0.5], "validation": [0.6, 0.55]}
    assert right.lines[0].get_xdata().tolist() == [10, 20]
    assert right.lines[0].get_ydata().tolist() == [75.0, 87.5]
    assert len(right.lines) == 1


def test_learning_curve_shows_what_must_be_beaten():
    _, right = learning_curve(HISTORY, baseline=0.7, baseline_name="TF-IDF").axes
    assert set(right.lines[1].get_ydata()) == {70.0}
    assert [t.get_text() for t in right.get_legend().get_texts()] == ["fine-tuned", "TF-IDF"]


def test_growth_has_points_that_were_measured_on_lines_that_were_derived():
    T, seconds = [64, 128], {"attention": ([0.5, 2.5], [0.5, 2.0]), "feed-forward": ([1.0, 2.0], [1.0, 2.0])}
    kept = {"attention": ([2**20, 2**22], [2**20, 2**22]), "feed-forward": ([2**21, 2**22], [2**21, 2**22])}
    top, bottom = growth(T, seconds, kept).axes
    for axes in (top, bottom):
        assert (axes.get_xlabel(), axes.get_xscale(), axes.get_yscale()) == ("length T (tokens)", "log", "log")
        assert [t.get_text() for t in axes.get_xticklabels()] == ["64", "128"]
        assert [line.get_linestyle() for line in axes.lines] == ["-", "None"] * 2
        assert len({line.get_marker() for line in axes.lines[1::2]}) == 2  # told apart without colour
        assert [line.get_xdata().tolist() for line in axes.lines] == [T] * 4
    assert (top.get_ylabel(), bottom.get_ylabel()) == ("time (s)", "kept for backward (MiB)")
    assert [line.get_ydata().tolist() for line in top.lines] == [[0.5, 2.0], [0.5, 2.5], [1.0, 2.0], [1.0, 2.0]]
    assert [line.get_ydata().tolist() for line in bottom.lines] == [[1, 4], [1, 4], [2, 4], [2, 4]]
    names = [t.get_text() for t in top.get_legend().get_texts()]
    assert names == [f"{m}, {how}" for m in ("attention", "feed-forward") for how in ("by formula", "measured")]


def test_confusion_matrix_names_axes_and_labels_and_counts_by_row():
    axes = confusion_matrix(np.array([[30, 10], [5, 15]]), ["negative", "positive"]).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted label", "true label")
    assert [t.get_text() for t in axes.get_xticklabels()] == ["negative", "positive"]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["negative", "positive"]
    assert [t.get_text() for t in axes.texts] == ["30\n75%", "10\n25%", "5\n25%", "15\n75%"]


def test_figures_in_a_heatmap_have_contrast_with_their_cells():
    shares = np.linspace(0, 100, 49).reshape(7, 7).round().astype(int)
    axes = confusion_matrix(np.stack([shares.ravel(), 100 - shares.ravel()], 1), ["a", "b"]).axes[0]
    light = sns.utils.relative_luminance
    pairs = zip(axes.texts, axes.collections[0].get_facecolors(), strict=True)
    contrasts = [sorted((light(t.get_color()), light(c))) for t, c in pairs]
    assert len(contrasts) == 98 and min((b + 0.05) / (a + 0.05) for a, b in contrasts) >= 4.5


def test_an_interval_stays_on_its_line_and_a_sentence_does_not():
    made = table([["+20.5 (+17.4 to +23.7)", "four of them, from 1 to 4"]], "ab").data
    assert re.findall(r'<td style="text-align:left(;white-space:nowrap)?">', made) == [";white-space:nowrap", ""]


def test_a_label_that_never_occurs_is_drawn_without_a_warning(recwarn):
    axes = confusion_matrix([[3, 1], [0, 0]], ["negative", "positive"]).axes[0]
    assert [t.get_text() for t in axes.texts] == ["3\n75%", "1\n25%", "0\n0%", "0\n0%"]
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def test_the_palette_is_of_distinct_colours():
    assert len(set(PALETTE)) == len(PALETTE) == 7


def test_a_column_of_code_keeps_its_lines_and_is_escaped():
    made = table([["a mistake", "- x < 1\n+ x > 1"]], ["what", "change"], code=[1]).data
    assert "- x &lt; 1\n+ x &gt; 1</td>" in made
    assert made.count("monospace") == made.count("pre-wrap") == 1


def test_figures_that_are_written_out_stand_on_the_right_and_intervals_on_the_left():
    made = table([["1,000", "+0.3 (-0.7 to 1.4)", "-0.5 %"], ["50", "-2.0 (-3.0 to -1.0)", ""]], list("abc"))
    assert alignments(made) == ["right", "left", "right"] * 2
    assert cells(made)[:3] == ["1,000", "+0.3 (\N{MINUS SIGN}0.7 to 1.4)", "\N{MINUS SIGN}0.5 %"]


def test_powers_of_ten_are_raised_and_what_a_data_set_holds_stays():
    assert cells(table([["2.8e+19", "3.6e-05", "well-known", "e-5"]], list("abcd"))) == [
        "2.8&nbsp;·&nbsp;10<sup>19</sup>",
        "3.6&nbsp;·&nbsp;10<sup>\N{MINUS SIGN}5</sup>",
        "well-known",
        "e-5",
    ]


def test_a_long_name_may_go_on_in_the_next_line_after_an_underscore():
    made = table([["eval_strategy <b>", "adamw_torch_fused"]], ["a_b", "b"], code=(0,)).data
    assert "eval_<wbr>strategy &lt;b&gt;</td>" in made and "adamw_<wbr>torch_<wbr>fused</td>" in made
    assert cells(table([["adamw_torch", "d_k"]], "ab")) == ["adamw_torch", "d_k"]  # short ones are not torn
