"""A project's code as a run needs it: its text, its graph, and its functions once they are called.

The graph comes from the text, so that a run in which nothing has changed imports nothing of the user's. Where the text
does not tell (`trimtab.pipeline.described`), and where the loaded module turns out to say something else, the loaded
one is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import InputError
from trimtab.pipeline.described import describe_project, file_of
from trimtab.pipeline.graph import Graph, Shape, build_graph
from trimtab.pipeline.signature import Function
from trimtab.spec.project import Project


class UnkeptCodeError(InputError):
    """The pipeline imports a file of the project that its source snapshot leaves out."""

    code = "TT1012"


class ChangedMeanwhileError(InputError):
    """Files of the project changed while a run was going on, and its record would not be what it says."""

    code = "TT1399"


class GraphDiffersError(Exception):
    """The loaded module has another graph than its text told; the run is planned anew from the loaded one."""


@dataclass(slots=True, kw_only=True)
class SourceCode:
    """The source that is executed.

    Attributes:
        folder: where it lies.
        kept: the files of its snapshot; what runs and is not among them could not be run again.
        contents: path → content of its Python files, as they were recorded and as they are imported.
        texts: the same, as far as they are text.
    """

    folder: Path
    project: Project
    kept: frozenset[str]
    contents: Mapping[str, bytes]
    texts: Mapping[str, str]
    graph: Graph
    _loaded: Mapping[str, Callable[..., Any]] | None = field(default=None)

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """The project's functions, imported when they are first asked for.

        Raises:
            UserCodeError: importing them raised.
            UnkeptCodeError: a file that was imported is not part of the snapshot.
            GraphDiffersError: they hang together in another way than the text told.
        """
        if self._loaded is None:
            if file_of(self.texts, self.project.pipeline.module) is None and not self._needs_module():
                self._loaded = {}
                return self._loaded
            from trimtab.app.seeding import seed_all
            from trimtab.app.serialisers import load_serialisers
            from trimtab.drivers.user_code import load_functions

            seed_all(self.project.pipeline.seed)  # modules may draw when they are imported
            loaded = load_functions(self.folder, self.project.pipeline.module, self.contents)
            load_serialisers(self.folder, self.project)
            self._refuse_unkept()
            if _shape_of(_graph(self.project, loaded.described)) != _shape_of(self.graph):
                raise GraphDiffersError
            self._loaded = loaded.callables
        return self._loaded

    def _needs_module(self) -> bool:
        return any(step.command is None for step in self.graph.steps)

    def _refuse_unkept(self) -> None:
        """Refuse code that runs and is not kept: the release would lack it, and nobody could run it again."""
        from trimtab.drivers.user_code import loaded_files

        missing = sorted(set(loaded_files(self.folder)) - self.kept)
        if missing:
            raise UnkeptCodeError(
                f"the pipeline imports {', '.join(missing)}, which is not part of the project's source",
                fix="Take it out of .gitignore, or move what is needed into a module that is kept.",
            )


def read_contents(folder: Path, files: Mapping[str, Digest]) -> dict[str, bytes]:
    """The Python files among those of a snapshot, as it has them.

    Raises:
        ChangedMeanwhileError: one of them is not any more what the snapshot has.
    """
    contents = {name: _content(folder / name) for name in files if name.endswith(".py")}
    for name, content in contents.items():
        if content is None or digest_bytes(content) != files[name]:
            raise ChangedMeanwhileError(f"{name} was changed while the run began", fix="Run it again.")
    return {name: content for name, content in contents.items() if content is not None}


def changed_since(folder: Path, contents: Mapping[str, bytes]) -> list[str]:
    """The files that are not any more as they were read."""
    return [name for name, content in contents.items() if _content(folder / name) != content]


def read_code(
    folder: Path, project: Project, kept: frozenset[str], contents: Mapping[str, bytes], *, load: bool = False
) -> SourceCode:
    """The project's code, from its text, or, with ``load`` or where the text does not tell, from the loaded module.

    Args:
        kept: the files of its snapshot.
        contents: the Python files among them.

    Raises:
        ProblemsError: the functions do not fit together, each mistake at its place.
        ModuleProblemError: there is no such module.
        UserCodeError: the module had to be imported, and that raised.
    """
    texts = {name: text for name, content in contents.items() if (text := _text(content)) is not None}
    module = project.pipeline.module
    if project.data is None and project.steps and file_of(texts, module) is None:
        described: tuple[Function, ...] | None = ()  # commands alone need no module
    else:
        described = None if load else describe_project(texts, module, alone=project.data is None)
    if described is None:
        from trimtab.drivers.user_code import load_functions

        described = load_functions(folder, module, contents).described
    graph = _graph(project, described)
    return SourceCode(folder=folder, project=project, kept=kept, contents=contents, texts=texts, graph=graph)


def _graph(project: Project, described: tuple[Function, ...]) -> Graph:
    return build_graph(
        described,
        params=project.pipeline.params,
        seed=project.pipeline.seed,
        module_at=f"{project.pipeline.module}.py",
        shape=Shape(model=project.data is not None, commands=project.steps),
    )


def _shape_of(graph: Graph) -> object:
    steps = [(step.function, step.inputs, sorted(step.params.items()), step.mark) for step in graph.steps]
    return graph.rows_as, sorted(steps, key=lambda step: step[0])


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _text(content: bytes) -> str | None:
    """A file's text with its lines ended as Python's parser has them; None if it is not UTF-8."""
    try:
        return content.decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return None
