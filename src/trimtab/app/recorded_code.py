"""The project's Python files as a run recorded them, held against what lies on the disk: a command is a program of its
own, which reads its code from there, and a step may write what is code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trimtab.app.places import name_of
from trimtab.app.project_code import ChangedMeanwhileError, changed_since
from trimtab.drivers.observation import Observed
from trimtab.drivers.user_code import forget_byte_code
from trimtab.pipeline.graph import Step
from trimtab.spec.project import Project

_LISTS: Final = re.compile(rb"\b(?:listdir|scandir|iterdir|i?glob|rglob|f?walk)\b")
"""Names by which Python code lists a folder."""

_HERE: Final = re.compile(
    rb"""(?:listdir|scandir|Path|cwd|getcwd)\(\)|__file__|(?:listdir|scandir|walk|Path)\(["']\./?["']"""
    rb"""|\bglob\.i?glob\(["'][^/"']*["']"""
)
"""How it names the folder that it lies in, or that it runs in."""


@dataclass(frozen=True, slots=True)
class RecordedCode:
    """``contents`` are those of the project's Python files by path, as the run recorded them."""

    folder: Path
    project: Project
    contents: Mapping[str, bytes]

    def refuse_changed(self, step: Step, declared: frozenset[str]) -> None:
        """Before a command runs and behind it: its code, among the ``declared`` files, must be as recorded.

        Raises:
            ChangedMeanwhileError: it is not.
        """
        if changed := changed_since(self.folder, self._of(step, declared)):
            raise ChangedMeanwhileError(
                f"{', '.join(changed)} was changed while the run was going on, so that nobody can tell which code the "
                f"command {step.function} ran",
                fix="Run it again, and edit the code of commands in another copy of the project meanwhile.",
            )

    def refuse_rewritten(self, step: Step, observed: Observed) -> None:
        """Behind a step: a run executes the source that it recorded, so that code which the step wrote into it is not
        what runs.

        Raises:
            ChangedMeanwhileError: the step did.
        """
        wrote = {name_of(path, self.folder) for path in observed.written_here}
        code = {name: content for name, content in self.contents.items() if name in wrote}
        if changed := changed_since(self.folder, code):
            raise ChangedMeanwhileError(
                f"the step {step.function} writes {', '.join(changed)}, which is part of the project's source, and "
                "a run executes that as it was when it began",
                fix="Let a command write it ([steps.NAME] with writes in trimtab.toml), or write it elsewhere.",
            )

    def lists_its_folder(self, step: Step, declared: frozenset[str]) -> bool:
        """Whether a command's own code lists the folder that it lies in, as to import from it does: a watch cannot tell
        for what a program of its own listed one."""
        return any(_LISTS.search(text) and _HERE.search(text) for text in self._of(step, declared).values())

    def forget_byte_code(self) -> None:
        """Of the source, and of the modules that commands write: a command believes it, as any Python does."""
        products = [self.folder / path for command in self.project.steps for path in command.writes]
        written = [each for path in products for each in (path.rglob("*.py") if path.is_dir() else [path])]
        made = [name_of(path, self.folder) for path in written if path.suffix == ".py"]
        forget_byte_code(self.folder, [*self.contents, *made])

    def _of(self, step: Step, declared: frozenset[str]) -> dict[str, bytes]:
        """A command's code; a function's is imported as recorded, and needs no look."""
        if step.command is None:
            return {}
        return {name: content for name, content in self.contents.items() if name in declared}
