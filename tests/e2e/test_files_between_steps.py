"""Steps that hand a file on behind the graph's back: a run of some of them comes to what a run of all does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.pipeline_project import TOML, PipelineProject

WRITES = "from pathlib import Path\n\nV = '1'\n\n\ndef write():\n    Path('x.txt').write_text(V)\n    return 1\n\n\n"
READERS = {
    "by a text in its code": "def read(write):\n    return Path('x.txt').read_text()\n",
    "by a computed name": "def read(write):\n    return Path('x' + '.txt').read_text()\n",
    "two steps on": "def on(write):\n    return write\n\n\ndef read(on):\n    return Path('x.txt').read_text()\n",
    "without being behind it": "def zread():\n    return Path('x.txt').read_text()\n",
}


def project_of(folder: Path, source: str, settings: str = "", **files: str) -> PipelineProject:
    (folder / "project").mkdir()
    for name, text in {"trimtab.toml": TOML + settings, "pipeline.py": source, **files}.items():
        (folder / "project" / name).write_text(text)
    return PipelineProject(folder / "project", folder / "library")


def is_as_from_scratch(project: PipelineProject) -> None:
    outputs = project.run()["outputs"]
    assert project.run("--fresh")["outputs"] == outputs


@pytest.mark.parametrize("reader", READERS.values(), ids=list(READERS))
def test_a_file_that_a_step_wrote_a_moment_ago_is_seen(tmp_path: Path, reader: str) -> None:
    project = project_of(tmp_path, WRITES + reader)
    project.run()
    project.run()
    assert project.ran() == set()
    project.edit("pipeline.py", "V = '1'", "V = '2'")
    is_as_from_scratch(project)


def test_a_command_reads_what_a_function_wrote_a_moment_ago(tmp_path: Path) -> None:
    settings = '\n[steps.zread]\nrun = "cp x.txt z.txt"\nreads = ["x.txt"]\nwrites = ["z.txt"]\n'
    project = project_of(tmp_path, WRITES, settings)
    project.run()
    project.edit("pipeline.py", "V = '1'", "V = '2'")
    is_as_from_scratch(project)
    assert (project.folder / "z.txt").read_text() == "2"


@pytest.mark.parametrize(
    "writing",
    [
        "with open('report.html', 'w') as file:\n        file.write('x')",
        "Path('report.html').write_text('x')",
        "OUT.write_text('x')",
    ],
)
def test_a_file_that_a_step_only_writes_is_no_input_of_it(tmp_path: Path, writing: str) -> None:
    source = f"from pathlib import Path\n\nOUT = Path('report.html')\n\n\ndef report():\n    {writing}\n    return 1\n"
    project = project_of(tmp_path, source)
    record = project.run()
    assert record["files"] == {}
    assert project.ran() == set()
