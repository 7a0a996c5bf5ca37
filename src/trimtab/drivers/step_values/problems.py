"""What can go wrong with a step's value, as errors and, inside an encoder, as a refusal that gathers its place."""

from __future__ import annotations

from trimtab.base.errors import IntegrityError, TrimtabError


class UnkeepableValueError(TrimtabError):
    """A step returned something that cannot be kept as it is without running code to open it again."""

    code = "TT1353"
    exit_code = 2


class DamagedValueError(IntegrityError):
    """A kept value is not what it was when it was kept."""

    code = "TT1354"


class UnstableSerialiserError(TrimtabError):
    """A registered serialiser writes the same value in two ways, so that equal values would not have equal digests."""

    code = "TT1355"
    exit_code = 2


class RefusedError(Exception):
    """Why a part of a value cannot be kept; each container that it passes on its way out adds where it was.

    Args:
        what: the part, as it reads behind "is" or "returns": ``a Foo (of the module shapes)``.
        fix: what to do instead, a sentence.
    """

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix
        self.place: list[str] = []

    def within(self, place: str) -> RefusedError:
        """The same refusal, seen from one container further out."""
        self.place.insert(0, place)
        return self


def unkeepable(step: str, refused: RefusedError) -> UnkeepableValueError:
    """The error for people: the step, the place in its value, what is there, and what can be done."""
    where = f"step `{step}` returns "
    where += f"a value whose {''.join(refused.place)} is " if refused.place else ""
    return UnkeepableValueError(f"{where}{refused.what}, which cannot be kept", fix=refused.fix)


def a(kind: type) -> str:
    """A type with its article and its home: ``a Foo (of the module shapes)``."""
    name = kind.__qualname__
    article = "an" if name[:1].lower() in "aeiou" else "a"
    home = "" if kind.__module__ == "builtins" else f" (of the module {kind.__module__})"
    return f"{article} {name}{home}"
