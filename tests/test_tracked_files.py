"""What no file under git may hold."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def lines_with(pattern: str) -> list[str]:
    found = []
    for path in tracked():
        raw = path.read_bytes()
        if b"\0" not in raw:
            text = raw.decode("utf8")
            at = [text.count("\n", 0, match.start()) + 1 for match in re.finditer(pattern, text)]
            found += [f"{path.relative_to(ROOT).as_posix()}:{line}" for line in at]
    return found


THE_OTHER_PYFT = r"""pip3? install(?:\s+--?[\w=-]+)*\s+["'`]?pyft(?![\w-])"""
MACHINE_PATH = r"(?<![\w.:/)])/(?:work|root)/"


def test_nothing_says_to_install_the_other_pyft() -> None:
    command = "pip install "
    for other in ("pyft", "-q pyft", '"pyft[book]"', "--upgrade pyft==1.0", "pyft\n"):
        assert re.search(THE_OTHER_PYFT, command + other), other
    for ours in ("pyft-book", "-e .", '"pyft-book @ git+x"', "numpy\npyft fetch"):
        assert not re.search(THE_OTHER_PYFT, command + ours), ours
    assert lines_with(THE_OTHER_PYFT) == []


def test_nothing_names_the_host_of_a_package_registry() -> None:
    hosts = ["pypi" + ".org", "files.pythonhosted" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org"]
    assert lines_with("|".join(map(re.escape, hosts))) == []


def test_nothing_holds_a_path_of_the_machine_it_was_written_on() -> None:
    assert re.search(MACHINE_PATH, " /" + "work/main/x") and re.search(MACHINE_PATH, '"/' + 'root/x"')
    assert lines_with(MACHINE_PATH) == []


def test_no_tracked_file_is_large() -> None:
    assert tracked()
    assert [path.name for path in tracked() if path.stat().st_size > 8_000_000] == []
