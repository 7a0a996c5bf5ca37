"""A command comes behind those whose files it reads: by whole paths, with globs and folders."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from trimtab.pipeline.commands import function_of
from trimtab.spec.project import CommandStep


@pytest.mark.parametrize(
    ("reads", "writes", "behind"),
    [
        pytest.param("out/a.csv", "out/a.csv", True, id="the very file"),
        pytest.param("./out//a.csv", "out/a.csv", True, id="spelt otherwise"),
        pytest.param("out/a.csv", "out/b.csv", False, id="another file"),
        pytest.param("a.csv", "out/a.csv", False, id="a file of that name in another folder"),
        pytest.param("out", "a/out", False, id="a folder of that name in another folder"),
        pytest.param("a/out", "out", False, id="a folder of that name further out"),
        pytest.param("*.csv", "out/a.csv", False, id="a glob of the project's folder"),
        pytest.param("*.csv", "a.csv", True, id="a glob"),
        pytest.param("out/*.csv", "out/a.csv", True, id="a glob in a folder"),
        pytest.param("*/a.csv", "out/a.csv", True, id="a glob of folders"),
        pytest.param("*/a.csv", "deep/out/a.csv", False, id="a glob of folders stands for one"),
        pytest.param("**/*.csv", "deep/out/a.csv", True, id="two stars stand for several"),
        pytest.param("**/*.csv", "a.csv", True, id="two stars stand for none"),
        pytest.param("**/*.csv", "model.bin", False, id="two stars do not stand for a file"),
        pytest.param("**/*.csv", "out", True, id="two stars stand for a folder that is written"),
        pytest.param("out/**", "out/deep/a.csv", True, id="two stars at the end"),
        pytest.param("out", "out/deep/a.csv", True, id="the folder around it"),
        pytest.param("out/", "out/deep/a.csv", True, id="the folder around it, with a slash"),
        pytest.param("out/deep/a.csv", "out", True, id="a file of a folder that is written"),
        pytest.param("out/*.csv", "out", True, id="a glob of a folder that is written"),
        pytest.param("out.parquet/*.parquet", "out.parquet", True, id="a named folder with a suffix"),
        pytest.param("*/a.csv", "model.bin", False, id="a file is no folder"),
        pytest.param("outer", "out", False, id="the beginning of a name"),
        pytest.param("[ab].csv", "a.csv", True, id="one of several letters"),
        pytest.param("A.csv", "a.csv", False, id="capitals count"),
        pytest.param(".", "out/a.csv", True, id="the whole project"),
    ],
)
def test_what_is_read_and_what_is_written_meet(reads: str, writes: str, behind: bool) -> None:
    reader = CommandStep(name="reader", run="r", reads=(reads,))
    writer = CommandStep(name="writer", run="w", writes=(PurePosixPath(writes),))
    parameters = function_of(reader, [reader, writer]).parameters
    assert [each.name for each in parameters] == (["writer"] if behind else [])


def test_a_command_that_reads_what_it_writes_does_not_wait_for_itself() -> None:
    command = CommandStep(name="both", run="r", reads=("a.csv",), writes=(PurePosixPath("a.csv"),))
    assert function_of(command, [command]).parameters == ()
