"""What each step follows from, read from the project's text: nothing of the user's is imported or run.

Facts come from three readers: `trimtab.pipeline.reach` for the code, `Libraries` for what is installed behind its
imports, and the file index for files that the code names. What none of them can follow makes a step run every time,
and the plan says so.
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from locale import getencoding
from pathlib import Path
from typing import Final

import msgspec

from trimtab.app.known_reach import KnownReach
from trimtab.app.project_files import ProjectFiles, is_pattern
from trimtab.app.run_settings import FIXED, hidden
from trimtab.base.digest import Digest, digest_json, short
from trimtab.drivers.environment import Libraries
from trimtab.pipeline.graph import Graph, Step
from trimtab.pipeline.parts import Part, PartKind
from trimtab.pipeline.plan import StepFacts, Unstable
from trimtab.pipeline.reach.values import Hint, HintKind, Reach, Unit, UnitKind, joined
from trimtab.records.environment import Package
from trimtab.records.run import Scalar
from trimtab.spec.project import Project

_SEEDED: Final = ("random.", "numpy.random.")
"""Global generators that each step finds seeded by the project's seed."""

_SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_SHELL_VARIABLE: Final = re.compile(r"\$\{?([A-Za-z_]\w*)")
_SHELLS_OWN: Final = frozenset({"PWD", "OLDPWD", "SHLVL", "_", "HOME", "PATH", "USER", "LOGNAME", "SHELL", "TERM"})
"""Variables that differ from terminal to terminal, and say where things are rather than what they come to."""

_LONGEST: Final = 256
"""Characters of a text that may be the name of a file."""

_SHOWN: Final = 40
"""Characters; a longer value is told by its digest."""

_NAMES: Final = {
    UnitKind.FUNCTION: "helper",
    UnitKind.CLASS: "class",
    UnitKind.CONSTANT: "constant",
    UnitKind.STATEMENT: "statement",
    UnitKind.MODULE: "module",
}
_UNSTABLE: Final = {
    HintKind.CLOCK: "it reads the clock",
    HintKind.CHANCE: "it draws by chance",
    HintKind.NETWORK: "it uses the network",
    HintKind.PROCESS: "it starts a process",
}


class Handed(msgspec.Struct, frozen=True):
    """What a step's inputs bring with them: classes of the project (``module:name``) and libraries."""

    classes: frozenset[str] = frozenset()
    libraries: frozenset[str] = frozenset()


_NOTHING: Final = Handed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What is asked about a project: its code, the libraries behind it, and its files."""

    project: Project
    code: KnownReach
    libraries: Libraries
    files: ProjectFiles

    def facts(self, graph: Graph) -> dict[str, StepFacts]:
        """Step → what is known of it before its inputs are."""
        return {step.function: self.of(step, graph) for step in graph.steps}

    def of(self, step: Step, graph: Graph) -> StepFacts:
        """What is known of a step of the graph now: files are looked at."""
        return self._of(step, {str(path) for each in graph.steps if each.command for path in each.command.writes})

    def with_handed(self, step: Step, facts: StepFacts, handed: Handed) -> StepFacts:
        """The facts of a step that is given objects of these classes and libraries: it calls their code, unnamed."""
        if step.command is not None or (not handed.classes and handed.libraries <= self._reach(step).externals):
            return facts
        return self._of(step, set(), handed)

    def imports(self, graph: Graph) -> frozenset[str]:
        """The modules from outside the project that any step reaches."""
        reached = (self._reach(step) for step in graph.steps if step.command is None)
        return frozenset(name for each in reached for name in each.externals)

    def _of(self, step: Step, written: set[str], handed: Handed = _NOTHING) -> StepFacts:
        always = [
            Part(kind=PartKind.PYTHON, name="itself", value=platform.python_version()),
            Part(kind=PartKind.SETTING, name="text encoding", value=getencoding()),
            Part(kind=PartKind.SETTING, name="optimisation", value=str(sys.flags.optimize)),
            Part(kind=PartKind.SETTING, name="warnings", value=" ".join(sys.warnoptions)),
            *(Part(kind=PartKind.SETTING, name=name, value=os.environ.get(name, "none")) for name in FIXED),
        ]
        if step.command is not None:
            return self._of_command(step, written, always)
        reach = self._with_classes(self._reach(step), handed.classes)
        always += _code_parts(reach, self.project.pipeline.module)
        always += _library_parts(self.libraries.behind(sorted(reach.externals | handed.libraries)))
        absent = self.libraries.absent(sorted(reach.needed))  # it may be found elsewhere, by code that says where
        always += [Part(kind=PartKind.LIBRARY, name=name, value="not installed here") for name in absent]
        always += [self._parameter(name, value) for name, value in sorted(step.params.items())]
        always += [self._variable(name) for name in sorted({*step.mark.env, *_variables(reach)})]
        always += self.files.parts(_files(reach))
        if any(hint.kind is HintKind.CHANCE and hint.what.startswith(_SEEDED) for hint in reach.hints):
            always.append(Part(kind=PartKind.SETTING, name="seed", value=str(self.project.pipeline.seed)))
        always += self._serialisers()
        return StepFacts(
            step=step.function,
            inputs=step.inputs,
            parts=tuple(always),
            unstable=_unstable(step, reach),
            notes=(*_notes(step, reach), *_said(step, reach)),
            named=_named(reach),
            reached=frozenset(unit.at.rpartition(":")[0] for unit in reach.units) if reach.unfollowed else None,
        )

    def _reach(self, step: Step) -> Reach:
        return self.code.reach(self.project.pipeline.module, step.function)

    def _with_classes(self, reach: Reach, classes: frozenset[str]) -> Reach:
        reached = [self.code.reach(*each.split(":")) for each in sorted(classes)]
        return joined(reach, reached) if reached else reach

    def _of_command(self, step: Step, written: set[str], always: list[Part]) -> StepFacts:
        command = step.command
        assert command is not None
        always.append(Part(kind=PartKind.COMMAND, name=step.function, value=command.run))
        always.append(Part(kind=PartKind.SETTING, name="writes", value=digest_json([str(p) for p in command.writes])))
        always.append(Part(kind=PartKind.SETTING, name="seed", value=str(self.project.pipeline.seed)))
        always += [self._variable(name) for name in sorted(command.env)]
        paths = {path for pattern in command.reads for path in self.files.matches(pattern)}
        words = shlex.split(command.run)
        files = [name for word in words if (name := self.files.named_by(word))]
        scripts = [name for name in files if name.endswith(".py")]
        notes: list[str] = []
        code: set[str] = set()
        named: set[str] = set()
        always += self.files.parts(path for path in paths if path not in written and path not in scripts)
        for script in scripts:
            reach = self.code.reach_file(script)
            always += _code_parts(reach, script.removesuffix(".py").replace("/", "."))
            always += _library_parts(self.libraries.behind(sorted(reach.externals)))
            always += [self._variable(name) for name in _variables(reach)]
            always += self.files.parts(name for name in _files(reach) if name not in written)
            notes += [*_notes(step, reach), *_kept_all_the_same(reach, "a command's result is kept all the same")]
            named |= _named(reach)
            code |= {unit.at.rpartition(":")[0] for unit in reach.units}
        for_shell = _for_shell(words)
        script = next((name for word in for_shell if (name := self.files.named_by(word))), "")
        always += self.files.parts([script])
        always += [self._variable(name) for name in self._shell_variables(for_shell, script)]
        return StepFacts(
            step=step.function,
            inputs=step.inputs,
            parts=tuple(_once(always)),
            notes=tuple(dict.fromkeys(notes)),
            code=frozenset(code),
            named=frozenset(named),
        )

    def _shell_variables(self, words: Sequence[str], script: str) -> list[str]:
        """Variables that a shell script, or a text given to a shell, names, as far as they are set here."""
        texts = [*words]
        if script:
            with suppress(OSError, ValueError):
                texts.append((self.files.root / script).read_text(encoding="utf-8"))
        named = {name for text in texts for name in _SHELL_VARIABLE.findall(text)}
        return sorted(name for name in named if name in os.environ and name not in _SHELLS_OWN)

    def _parameter(self, name: str, value: Scalar) -> Part:
        shown = hidden(self.project, name, value)  # a plan tells it, and so does the record
        text = repr(shown) if len(repr(shown)) < _SHOWN or shown != value else digest_json(value)
        return Part(kind=PartKind.PARAMETER, name=name, value=text)

    def _variable(self, name: str) -> Part:
        return Part(kind=PartKind.VARIABLE, name=name, value=digest_json([name, os.environ.get(name)]))

    def _serialisers(self) -> Iterator[Part]:
        for place in self.project.pipeline.serialisers:
            module, _, name = place.partition(":")
            yield from _code_parts(self.code.reach(module, name), module)


def _for_shell(words: Sequence[str]) -> list[str]:
    """The words of a command that a shell carries out, a script or a text; none where there is no shell."""
    if words[0].endswith(".sh"):
        return [words[0]]
    return [word for word in words[1:] if not word.startswith("-")] if Path(words[0]).name in _SHELLS else []


def variables_of(facts: StepFacts, seen: Iterable[str], project: Project) -> dict[str, str | None]:
    """The environment variables that a step follows from and those that it was ``seen`` to read, as they may be
    recorded; None for one that is not set."""
    names = {part.name for part in facts.parts if part.kind is PartKind.VARIABLE}.union(seen)
    set_here = {name: os.environ.get(name) for name in sorted(names)}
    return {name: None if value is None else str(hidden(project, name, value)) for name, value in set_here.items()}


def files_of(facts: StepFacts) -> list[str]:
    """The files that a step is known to read before it runs."""
    return list(file_digests(facts))


def file_digests(facts: StepFacts) -> dict[str, Digest]:
    """The same, with the digest of each."""
    return {part.name: Digest(part.value) for part in facts.parts if part.kind is PartKind.FILE}


def _code_parts(reach: Reach, module: str) -> Iterator[Part]:
    """One part for each name; several definitions of one name (for two systems, say) are one part."""
    together: dict[tuple[UnitKind, str, str], list[Unit]] = {}
    for unit in reach.units:
        together.setdefault((unit.kind, unit.module, unit.name), []).append(unit)
    for place, ((kind, home, name), units) in enumerate(together.items()):
        full = name if home == module or kind is UnitKind.MODULE else f"{home}.{name}"
        title = f"its function {full}" if place == 0 and kind is UnitKind.FUNCTION else f"{_NAMES[kind]} {full}"
        value = units[0].digest if len(units) == 1 else digest_json([unit.digest for unit in units])
        yield Part(kind=PartKind.CODE, name=title, value=value, at=units[0].at)


def _library_parts(packages: Mapping[str, Package]) -> Iterator[Part]:
    for name, package in sorted(packages.items()):
        record = f" ({short(package.record, length=8)})" if package.record else ""
        yield Part(kind=PartKind.LIBRARY, name=name, value=f"{package.version}{record}")


def _once(parts: Iterable[Part]) -> Iterator[Part]:
    seen: set[tuple[PartKind, str]] = set()
    for part in parts:
        if (part.kind, part.name) not in seen:
            seen.add((part.kind, part.name))
            yield part


def _unstable(step: Step, reach: Reach) -> tuple[Unstable, ...]:
    if step.mark.cache is True:
        return ()
    if step.mark.cache is False:
        return (Unstable(what="it is declared so, @step(cache=False)", at=step.at),)
    return tuple(Unstable(what=f"{_UNSTABLE[hint.kind]}, {hint.what}", at=hint.at) for hint in _moving(reach.hints))


def _moving(hints: Iterable[Hint]) -> Iterator[Hint]:
    for hint in hints:
        seeded = hint.kind is HintKind.CHANCE and hint.what.startswith(_SEEDED)
        if hint.kind in _UNSTABLE and not seeded:
            yield hint


def _notes(step: Step, reach: Reach) -> Iterator[str]:
    for lost in reach.unfollowed:
        yield f"{lost.what} cannot be followed ({lost.at}), so {lost.counted} counts"
    for hint in reach.hints:
        if hint.kind is HintKind.VARIABLE and hint.name not in step.mark.env:
            counts = "it counts as declared" if hint.name else "the variables that the step is seen to read count"
            yield f"{hint.what} is read without being declared ({hint.at}); {counts}"


def _said(step: Step, reach: Reach) -> Iterator[str]:
    """What a result that is kept all the same follows from."""
    if step.mark.cache is True:
        yield from _kept_all_the_same(reach, "@step(cache=True) keeps its result")


def _kept_all_the_same(reach: Reach, why: str) -> Iterator[str]:
    for hint in _moving(reach.hints):
        yield f"{_UNSTABLE[hint.kind]}, {hint.what} ({hint.at}), and {why}"


def _variables(reach: Reach) -> list[str]:
    """The environment variables that the code names."""
    return sorted({hint.name for hint in reach.hints if hint.kind is HintKind.VARIABLE and hint.name})


def _files(reach: Reach) -> set[str]:
    """Files that the code is seen to read by name, and patterns."""
    read = {hint.name for hint in reach.hints if hint.kind is HintKind.FILE and hint.name}
    return read | {text for text in reach.literals if is_pattern(text)}


def _named(reach: Reach) -> frozenset[str]:
    """Other texts in the code that may be names of files: whether they are read or written is seen when it runs."""
    return frozenset(text for text in reach.literals if text and not is_pattern(text) and len(text) < _LONGEST)
