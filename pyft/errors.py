"""The one error that a reader is meant to see: it says what was wrong, what was expected and what to do."""


class PyftError(Exception):
    """Something the reader can correct. The command line prints its text alone, without a traceback."""


def unknown(kind: str, name: str, known: list[str] | tuple[str, ...]) -> PyftError:
    """The error for a name that is not in a table, with the names that are, nearest first."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return PyftError(f"unknown {kind} {name!r}.{hint} Known: {', '.join(known)}.")
