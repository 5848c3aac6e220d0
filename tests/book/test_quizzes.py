"""The quiz and the project at each part's end: five questions, one right answer each, and commands that there are."""

import math
import re
import shlex

import pytest
import typer
from own_files import reviews, table

from pyft import paths
from pyft.book.chapters import read_yaml
from pyft.cli import app
from pyft.errors import PyftError

PAGES = {part: paths.ROOT / "book" / f"{part}_quiz.md" for part in "23456"}
ANSWER = re.compile(r"^:::\{dropdown\} ([^\n]+)\n(.*?)^:::$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\{(?:eq|numref)\}`[\w-]+`|\]\(\.\./chapters/[\w/]+\.ipynb\)")
MADE_BY_HAND = {  # what a page says, and what it comes to
    "2": {"5.9": math.log2(60), "118": 20 * math.log2(60), "173": 40 * math.log2(20)},
    "3": {"1.39": math.log(4), r"3 \cdot 10^{-5}": 3e-5},
    "4": {"1.5": (30 * 1 + 10 * 3) / 40, "0.75": (30 * 1 + 10 * 3) / 80, "8": math.sqrt(64)},
    "5": {"300": 3 * 1600 / 16},
    "6": {"65": 100 * 0.9 * 0.01 / (0.9 * 0.01 + 0.005 * 0.99), "0.8": 2 * (2 / 3) / (1 + 2 / 3)},
}


def text(part):
    return PAGES[part].read_text(encoding="utf8")


def questions(part):
    """The questions of a part: title, and answers with the explanation of each."""
    quiz = text(part).partition("\n## Quiz\n")[2].partition("\n## Project")[0]
    return [(q.partition("\n")[0], ANSWER.findall(q)) for q in re.split(r"^### ", quiz, flags=re.MULTILINE)[1:]]


def blocks(part, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text(part), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("part", PAGES)
def test_a_part_ends_with_its_quiz(part):
    (listed,) = [p["chapters"] for p in read_yaml("_toc.yml")["parts"] if p["caption"].startswith(part)]
    assert listed[-1] == {"file": f"book/{part}_quiz"}


@pytest.mark.parametrize("part", PAGES)
def test_five_questions_have_one_right_answer_each_and_a_reason_for_every_one(part):
    found = questions(part)
    assert len(found) == 5
    for title, answers in found:
        assert 3 <= len(answers) <= 4, title
        verdicts = [explained.partition("\n")[0] for _, explained in answers]
        assert set(verdicts) == {"**Right.**", "**No.**"} and verdicts.count("**Right.**") == 1, title
        for answer, explained in answers:
            assert LINK.search(explained), answer
            assert len(explained.split()) > 12, answer
    places = {[e.startswith("**Right") for _, e in answers].index(True) for _, answers in found}
    assert len(places) > 1  # nobody learns the place


@pytest.mark.parametrize("part", PAGES)
def test_what_a_quiz_refers_to_is_there(part):
    sources = [
        path.read_text(encoding="utf8")
        for path in (*paths.ROOT.glob("book/*.md"), *paths.ROOT.glob("chapters/*/*.ipynb"))
    ]
    for kind, name in re.findall(r"\{(eq|numref)\}`([\w-]+)`", text(part)):
        wanted = (f"({name})",) if kind == "eq" else (f"{{figure-md}} {name}", f'"name": "{name}"')
        assert any(w in source for source in sources for w in wanted), name
    for link in re.findall(r"\]\(([\w./]+)\)", text(part)):
        assert (PAGES[part].parent / link).is_file(), link


@pytest.mark.parametrize("part", PAGES)
def test_what_was_reckoned_by_hand_comes_out(part):
    formulas = " ".join(re.findall(r"\$[^$\n]+\$", text(part)))
    for said, value in MADE_BY_HAND[part].items():
        assert said in formulas
        number = float(said.replace(r" \cdot 10^{", "e").rstrip("}"))
        digits = len(said.partition(".")[2])
        assert number == pytest.approx(value, abs=0 if "cdot" in said else 0.5 * 10**-digits)


def test_a_decay_leaves_what_the_quiz_says():
    left = math.prod(1 - 2e-5 * (1 - t / 300) * 0.01 for t in range(300))
    assert 1 - left == pytest.approx(3e-5, rel=0.01)


def commands():
    for part in PAGES:
        for block in blocks(part, "bash"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip().startswith("pyft "):
                    yield line.strip().replace("$seed", "0")


def parsed(line):
    """The command line as the program reads it, without running it; raises for an option that there is not."""
    command = typer.main.get_command(app)
    name, *arguments = shlex.split(line)[1:]
    return name, command.commands[name].make_context(name, arguments).params


@pytest.mark.parametrize("line", list(commands()))
def test_each_command_of_a_project_is_one_that_pyft_has(line):
    assert parsed(line)[1]


def test_an_option_that_there_is_not_would_be_noticed():
    with pytest.raises(Exception, match="No such option"):
        parsed("pyft finetune --data a.csv --out b --task regression --speed 3")


def test_the_parts_with_a_command_are_those_that_it_knows():
    asked = {params["part"] for name, params in map(parsed, commands()) if name == "check-project"}
    assert asked == {"2", "3", "5", "6"}


def test_the_file_is_cut_as_part_2_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text(table(reviews(500)))
    (cut,) = blocks("2", "python")
    exec(cut, {})  # noqa: S102 - the page's own code
    rows = {name: (tmp_path / f"{name}.csv").read_text().splitlines()[1:] for name in ("test", "all", "few")}
    assert [len(rows[name]) for name in rows] == [200, 300, 100]
    assert set(rows["few"]) <= set(rows["all"]) and not set(rows["all"]) & set(rows["test"])


def test_the_program_of_part_5_begins_as_the_page_says(tiny_minilm, monkeypatch, same_torch_afterwards):
    monkeypatch.chdir(tiny_minilm)
    for name, n in (("train", 20), ("validation", 3)):  # the second lacks no class, and has them in another order
        (tiny_minilm / f"{name}.csv").write_text(table(reviews(n, ("praise", "blame"))))
    (begin,) = blocks("5", "python")
    made: dict = {}
    exec(begin, made)  # noqa: S102 - the page's own code
    assert made["names"] == ["blame", "praise"]
    assert made["dataset"]["validation"]["label"][:] == [1, 0, 1]
    assert made["model"].config.num_labels == 2


def test_the_stub_of_part_4_is_one_that_the_check_answers(tmp_path, monkeypatch, capsys):
    from pyft.course.projects import by_hand

    (stub,) = blocks("4", "python")
    called = []
    monkeypatch.setattr(by_hand, "weights", lambda folder: {})
    monkeypatch.setattr(by_hand, "check", lambda *arguments: called.append(arguments))
    exec(stub, {})  # noqa: S102 - the page's own code
    ((folder, texts, logits),) = called
    assert folder == "my-model" and len(set(map(len, texts))) > 1
    with pytest.raises(NotImplementedError):
        logits({}, None, None, 1)
    with pytest.raises(PyftError, match="no finished model"):
        by_hand.read_card(tmp_path)
