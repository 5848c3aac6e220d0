"""Runs are read as they were written."""

import json

import own_runs

from pyft.finetune.own_runs import read_run


def test_a_line_of_answers_may_hold_other_ends_of_lines(tmp_path):
    folder = own_runs.run(tmp_path / "run", own_runs.labelled_rows(tmp_path, 4))
    rows = [{"id": i, "found": f"a{end}b"} for i, end in enumerate("\u2028\u2029\u0085")]
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (folder / "test.jsonl").write_text("".join(lines), encoding="utf8")
    assert read_run(folder).found == {str(row["id"]): row["found"] for row in rows}
