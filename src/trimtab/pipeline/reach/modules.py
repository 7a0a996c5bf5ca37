"""The project's modules: what each binds, and which file an import means.

An import is looked for as Python would from the project's folder. Where nothing is there, folders below it may be on
the import path without the text saying so (``src``, an editable install, ``PYTHONPATH``), so a module of that name in
one of them counts as well as a library of that name: both, since only one of them can be wrong.
"""

from __future__ import annotations

import ast
import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from trimtab.base.digest import Digest, digest_bytes, digest_parts
from trimtab.pipeline.reach.facts import Facts
from trimtab.pipeline.reach.names import facts_of
from trimtab.pipeline.reach.scopes import Imported
from trimtab.pipeline.reach.units import Statement, imported_by, is_plain, parsed, split
from trimtab.pipeline.reach.values import UnreadableCodeError

_MAY_CHANGE_PATH: Final = ("sys.path", "addsitedir")
_GLOBAL: Final = re.compile(r"\bglobal\b")


class Module:
    """One module, parsed when it is first asked for something.

    Raises:
        UnreadableCodeError: from whatever is asked first, if the text is not Python.
    """

    def __init__(self, name: str, path: str, text: str, *, script: bool = False) -> None:
        self.name = name
        self.path = path
        self.text = text
        self.is_package = path.endswith("__init__.py")
        self.script = script
        self.docstring = ""
        self._statements: list[Statement] | None = None
        self._facts: dict[Statement, Facts] = {}
        self._bindings: dict[str, list[Statement]] = {}
        self._writers: dict[str, list[Statement]] | None = None
        self._lines: list[int] = []
        self._line_starts: list[int] = []

    @property
    def statements(self) -> list[Statement]:
        """The units, in order."""
        if self._statements is None:
            try:
                tree = parsed(self.text)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                line = getattr(error, "lineno", None) or 1
                problem = f"this is not Python: {getattr(error, 'msg', None) or error}"
                raise UnreadableCodeError(problem, fix="Correct it.", at=f"{self.path}:{line}") from error
            self.docstring = ast.get_docstring(tree, clean=False) or ""
            self._statements = split(tree, home=self.name, is_package=self.is_package, script=self.script)
            self._index()
        return self._statements

    @property
    def readable(self) -> bool:
        try:
            return self.statements is not None
        except UnreadableCodeError:
            return False

    @property
    def bindings(self) -> dict[str, list[Statement]]:
        """Name → the statements that bind it at the top of the module; ``*`` for imports of all names."""
        if self._statements is None:
            _ = self.statements
        return self._bindings

    def binds(self, name: str) -> bool:
        return name in self.bindings

    def _index(self) -> None:
        walrus = ":=" in self.text
        for statement in self._statements or ():
            if walrus or not is_plain(statement.node):
                facts = self._read(statement, lambda _: False)
                names = tuple(dict.fromkeys((*statement.binds, *facts.bound)))
                statement.binds = names if statement.target is None else statement.binds
            for name in statement.binds:
                self._bindings.setdefault(name, []).append(statement)
        if walrus or self._bindings.keys() & {"getattr", "setattr", "delattr", "hasattr", "eval", "exec", "vars"}:
            self._facts.clear()  # read again, now that it is known which built-in names the module has of its own

    def facts(self, statement: Statement) -> Facts:
        """What a statement of this module mentions."""
        if statement not in self._facts:
            return self._read(statement, self.binds)
        return self._facts[statement]

    def _read(self, statement: Statement, bound: object) -> Facts:
        found = self._facts[statement] = self.facts_of_part(statement, bound)
        return found

    def facts_of_part(self, statement: Statement, bound: object = None) -> Facts:
        reader = partial(imported_by, home=self.name, is_package=self.is_package)
        return facts_of(statement.node, bound=bound or self.binds, imports=reader)  # type: ignore[arg-type]

    @property
    def writers(self) -> dict[str, list[Statement]]:
        """Name → the functions that bind it as ``global``."""
        if self._writers is None:
            self._writers = {}
            if _GLOBAL.search(self.text):
                for statement in self.statements:
                    for name in self.facts(statement).writes if statement.target is None else ():
                        self._writers.setdefault(name, []).append(statement)
        return self._writers

    def targets(self, statement: Statement, name: str) -> list[Imported]:
        """Where an import inside of a statement leads for a name that it binds."""
        if statement.target is not None:
            return [statement.target]
        if is_plain(statement.node) and not isinstance(getattr(statement.node, "value", None), ast.Call):
            return []
        return self.facts(statement).bound.get(name) or []

    def mentions(self, word: re.Pattern[str]) -> Iterator[Statement]:
        """The statements in whose lines a pattern is found, comments and texts included."""
        if not self._line_starts:
            self._line_starts = [0, *(each.end() for each in re.finditer("\n", self.text))]
            self._lines = [each.line for each in self.statements]
        for found in word.finditer(self.text):
            line = bisect_right(self._line_starts, found.start())
            stop = place = bisect_right(self._lines, line)
            while place > 0 and (place == stop or (self.statements[place - 1].node.end_lineno or 0) >= line):
                place -= 1
                yield self.statements[place]

    def at(self, statement: Statement, line: int | None = None) -> str:
        return f"{self.path}:{line or statement.line}"

    def digest(self, *, ordered: bool, docstrings: bool, raw: bool) -> Digest:
        """The digest of the whole module: in its order or not, or of the very text."""
        if raw or not self.readable:
            return digest_bytes(self.text.encode("utf-8", "surrogatepass"))
        parts = [f"{each.kind} {each.title()} {each.digest(docstrings=docstrings)}" for each in self.statements]
        return digest_parts(each.encode("utf-8", "surrogatepass") for each in (parts if ordered else sorted(parts)))


class Modules:
    """All modules of a project by their dotted names."""

    def __init__(self, files: Mapping[str, str], *, script: str = "") -> None:
        self.by_name: dict[str, Module] = {}
        self._first = dotted(script).rpartition(".")[0]  # a script's own folder is looked in first
        self._folders: set[str] = set()
        for path, text in files.items():
            name = dotted(path)
            if name not in self.by_name or path.endswith("__init__.py"):  # a package hides a module of its name
                self.by_name[name] = Module(name, path, text, script=path == script)
        packages = {name for name, module in self.by_name.items() if module.is_package}
        for path in files:
            parts = path.split("/")[:-1]
            self._folders.update(".".join(parts[:count]) for count in range(1, len(parts) + 1))
        anywhere = any(sign in text for text in files.values() for sign in _MAY_CHANGE_PATH)
        self._roots = sorted(folder for folder in self._folders if anywhere or folder not in packages)
        self._homes: dict[str, tuple[tuple[str, ...], bool]] = {}
        self._mentioned: dict[str, bool] = {}

    def get(self, name: str) -> Module | None:
        return self.by_name.get(name)

    def has(self, name: str) -> bool:
        """Whether a dotted name is a module or a folder of modules."""
        return name in self.by_name or name in self._folders

    def mention(self, word: str) -> bool:
        """Whether any file of the project has a word in its text."""
        if word not in self._mentioned:
            self._mentioned[word] = any(word in module.text for module in self.by_name.values())
        return self._mentioned[word]

    def homes(self, name: str) -> tuple[tuple[str, ...], bool]:
        """The modules of the project that an absolute import may mean, and whether a library may be meant."""
        if name not in self._homes:
            self._homes[name] = self._find(name)
        return self._homes[name]

    def _find(self, name: str) -> tuple[tuple[str, ...], bool]:
        top = name.partition(".")[0]
        if self._first and self.has(f"{self._first}.{top}"):
            own = (f"{self._first}.{name}", name)
            return tuple(each for each in own if self.has(each)), False
        if self.has(top) and top not in sys.builtin_module_names:
            return (((name,) if self.has(name) else ()), False)
        if top in sys.stdlib_module_names:
            return (), True
        return tuple(f"{root}.{name}" for root in self._roots if self.has(f"{root}.{name}")), True

    def chain(self, name: str) -> Iterable[Module]:
        """The modules that importing a dotted name of the project executes: the packages around it, then itself."""
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            module = self.by_name.get(".".join(parts[:count]))
            if module is not None:
                yield module


def dotted(path: str) -> str:
    """The dotted name of the module in a file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
