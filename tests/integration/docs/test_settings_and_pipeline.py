"""The pages on trimtab.toml and on the pipeline say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from trimtab.drivers.source_snapshot import problems as source_problems
from trimtab.drivers.user_code import loading as user_code
from trimtab.pipeline import problems as pipeline_problems
from trimtab.pipeline.graph import Graph, build_graph, serving_steps
from trimtab.pipeline.signature import describe_source
from trimtab.spec import problems as spec_problems
from trimtab.spec import sections
from trimtab.spec.parse import parse_project
from trimtab.spec.project import CommandStep, Project
from trimtab.spec.table import Findings, Table
from trimtab.stats.metric_names import METRICS

DOCS = Path(__file__).parents[3] / "docs"
PROJECT_PAGE = (DOCS / "project.md").read_text(encoding="utf-8")
PIPELINE_PAGE = (DOCS / "pipeline.md").read_text(encoding="utf-8")
READERS = {
    "project": sections.read_head, "data": sections.read_data, "pipeline": sections.read_pipeline,
    "gates": sections.read_gates, "serve": sections.read_serve, "watch": sections.read_watch,
    "retrain": sections.read_retrain, "reproduce": sections.read_reproduce,
}  # fmt: skip


def settings_of(section: str) -> set[str]:
    """The keys that a section's reader asks for."""
    table = Table(Findings("trimtab.toml", {}), (section,), {})
    READERS[section](table)
    return set(table.asked)


def test_every_section_has_its_reader_here() -> None:
    assert {*READERS, "steps"} == set(sections.SECTIONS)


def test_the_settings_of_a_command_are_on_the_page_and_no_other() -> None:
    table = Table(Findings("trimtab.toml", {}), ("steps",), {"train": {"run": "python train.py"}})
    asked = {field for field in CommandStep.__struct_fields__ if field != "name"}
    assert sections.read_steps(table)[0].run == "python train.py"
    assert set(table_under(PROJECT_PAGE, "[steps.NAME]")) == asked


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def table_under(page: str, heading: str) -> list[str]:
    """The first cells, where they are code, of the tables between a heading and the next of its rank."""
    text = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)


def parse(text: str) -> Project:
    return parse_project(text, env={"DATA_URL": "https://example.org/rows.parquet"}, files=str)


@pytest.mark.parametrize("section", sorted(READERS))
def test_every_setting_is_on_the_page_and_no_other(section: str) -> None:
    listed = set(table_under(PROJECT_PAGE, f"[{section}]"))
    assert listed - set(METRICS) == settings_of(section)
    if section == "gates":
        assert listed & set(METRICS) == set(METRICS)


def test_the_page_shows_every_setting_with_the_default_that_it_has() -> None:
    smallest, whole = blocks(PROJECT_PAGE, "toml")[:2]
    assert parse(whole) == parse(smallest)
    shown = re.sub(r"^# ", "", whole, flags=re.MULTILINE)
    for section in READERS:
        body = shown.split(f"[{section}]\n", 1)[1].split("\n[", 1)[0]
        keys = set(re.findall(r"^(\w+) =", body, re.MULTILINE))
        assert keys - set(METRICS) == settings_of(section)


def test_every_example_of_a_project_file_is_right() -> None:
    required = blocks(PROJECT_PAGE, "toml")[0]
    for block in blocks(PROJECT_PAGE, "toml"):
        section = block.splitlines()[0].strip("[]")
        text = block if section == "project" else required.split(f"[{section}]")[0] + block
        project = parse(text)
        assert replace(project, name="x").name == "x"


def test_the_limits_of_the_metrics_are_the_codes_own() -> None:
    for name, tasks, better, limit in re.findall(
        r"^\| `(\w+)` \| ([\w, ]+) \| (higher|lower) \| `(\w+)` \|", PROJECT_PAGE, re.M
    ):
        metric = METRICS[name]
        assert tuple(tasks.split(", ")) == metric.tasks
        assert (better, limit) == (("higher", "min") if metric.higher_is_better else ("lower", "max"))


@pytest.mark.parametrize(
    ("page", "homes"),
    [(PROJECT_PAGE, (spec_problems,)), (PIPELINE_PAGE, (pipeline_problems, user_code, source_problems))],
)
def test_every_code_is_on_its_page_and_no_other(page: str, homes: tuple[object, ...]) -> None:
    codes = {
        value.code
        for home in homes
        for value in vars(home).values()
        if isinstance(value, type) and value.__module__ == getattr(home, "__name__", "") and hasattr(value, "code")
    }
    general = {"TT1100", "TT1300"}
    assert set(re.findall(r"^\| (TT\d{4}) \|", page, re.MULTILINE)) == codes - general


def graphs() -> list[Graph]:
    return [build_graph(describe_source(block, file="pipeline.py")) for block in blocks(PIPELINE_PAGE, "python")]


def test_every_example_of_a_pipeline_is_one() -> None:
    first, steps, decorated = graphs()
    assert [step.function for step in first.steps] == ["features", "train"]
    assert {step.function for step in serving_steps(steps)} == {"clean", "calendar", "features"}
    assert decorated.rows_as == "pandas"
