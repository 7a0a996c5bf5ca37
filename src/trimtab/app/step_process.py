"""The process of a step that runs apart: reads its job, runs it, leaves what came of it in a file.

Run as ``python -m trimtab.app.step_process JOB ANSWER``. The answer appears whole or not at all; a process that ends
without one has failed, and whoever began it says how.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path

import msgspec
from msgspec.structs import replace

from trimtab.app.hooks import hooks_for
from trimtab.app.seeding import seed_all
from trimtab.app.step_job import Job, StepCode, Tools
from trimtab.app.step_outcome import Ran, StepJob, problem_of
from trimtab.app.step_runner import StepRunner
from trimtab.base.errors import TrimtabError
from trimtab.disk.atomic import write_bytes
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.observation import Observer
from trimtab.drivers.project_file import read_project
from trimtab.drivers.step_values import StepValues
from trimtab.drivers.user_code import load_functions
from trimtab.pipeline.graph import Shape, build_graph


def run_job(job: StepJob) -> Ran:
    """What comes of the job in this process; a problem in it is part of the answer."""
    folder, cache = Path(job.folder), Path(job.cache)
    try:
        project = read_project(folder)
        project = replace(project, pipeline=replace(project.pipeline, params=job.params))
        seed_all(project.pipeline.seed)
        loaded = load_functions(folder, project.pipeline.module, job.contents)
        graph = build_graph(
            loaded.described,
            params=job.params,
            seed=project.pipeline.seed,
            shape=Shape(model=project.data is not None, commands=project.steps),
        )
        tools = Tools(
            values=StepValues(cache, project=folder),
            index=FileIndex(cache / "files.index"),
            files=LocalBlobs(cache / "files"),
            observer=Observer(folder, ignore=(cache.parent,)),
            hooks=hooks_for(project, graph, task=job.task, rows=job.rows),
        )
    except TrimtabError as error:
        return Ran(kept=None, problem=problem_of(error), seconds=0.0, attempts=1, peak_bytes=0)
    code = StepCode(functions=lambda: loaded.callables, contents=job.contents)
    runner = StepRunner(folder, project, code, tools, logs=Path(job.logs), cache=None)
    step = next(each for each in graph.steps if each.function == job.step)
    step = replace(step, mark=replace(step.mark, retries=0))  # whoever began us counts the tries
    return runner.run_here(
        Job(
            step=step,
            opened={},
            kept=job.inputs,
            declared=frozenset(job.declared),
            named=frozenset(job.named),
            reached=None if job.reached is None else frozenset(job.reached),
            limit=None,
        )
    )


def main(asked: str, answer: str) -> None:
    """Run the job in the file ``asked`` and write what came of it to ``answer``."""
    for stream in (sys.stdout, sys.stderr):  # what a step says is seen at once, and not lost with its process
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(line_buffering=True)
    job = msgspec.msgpack.decode(Path(asked).read_bytes(), type=StepJob)
    Path(asked).unlink()  # it has the project's hyper-parameters, and they may be secrets
    write_bytes(Path(answer), msgspec.msgpack.encode(run_job(job)))


if __name__ == "__main__":
    main(*sys.argv[1:])
