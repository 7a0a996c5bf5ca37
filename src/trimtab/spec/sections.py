"""One function per table of ``trimtab.toml``: what its keys are, how each is read, and what it is by default.

Defaults stand in `trimtab.spec.project` alone, with their reasons; they are taken from there.
"""

from __future__ import annotations

from math import inf
from pathlib import PurePosixPath

from trimtab.spec import phrases as p
from trimtab.spec import values as v
from trimtab.spec.problems import (
    ConflictError,
    UnknownChoiceError,
    UnknownSettingError,
    WrongValueError,
    did_you_mean,
)
from trimtab.spec.project import (
    CommandStep,
    Durability,
    Gates,
    Keep,
    MetricGate,
    Pipeline,
    Promote,
    Reproduce,
    Retrain,
    Serve,
    Source,
    Task,
    Watch,
)
from trimtab.spec.table import Table

SECTIONS = ("project", "data", "pipeline", "steps", "gates", "serve", "watch", "retrain", "reproduce")

_MOST_ROWS = 1_000_000_000
_LARGEST_SEED = 2**32 - 1
"""The largest seed that NumPy's older generators, and so scikit-learn, take."""


def read_head(table: Table) -> tuple[str, Task | None]:
    """``[project]``: the name and, where it is not to be inferred from the label, the task."""
    fix = 'Add name = "…" below [project]; it names the project in every record.'
    name = table.need("name", v.name, "unnamed", fix=fix)
    task = table.get("task", v.choice(Task), None)
    table.close()
    return name, task


def read_data(table: Table) -> Source:
    """``[data]``: where the rows are and which column is what."""
    fix = 'Add source = "data/….parquet" below [data]: a path or a glob; or [pipeline] for steps alone.'
    path = table.need("source", v.text, "", fix=fix)
    time = table.need("time", v.text, "", fix='Add time = "…": the column that says when a row happened.')
    label = table.need("label", v.text, "", fix='Add label = "…": the column that is to be predicted.')
    key = table.get("key", v.text, None)
    _refuse_label_as_input(table, label, {"time": time, "key": key})
    default = Source(path=path, time=time, label=label)
    source = Source(
        path=path,
        time=time,
        label=label,
        key=key,
        label_delay=table.get("label_delay", v.span_or_zero, default.label_delay),
        zone=table.get("zone", v.zone, None),
        contract=table.get("contract", v.file_within, default.contract),
        sql=table.get("sql", v.text, default.sql),
    )
    table.close()
    return source


def _refuse_label_as_input(table: Table, label: str, columns: dict[str, str | None]) -> None:
    """The label is not in a request, so it cannot be its time or key; time and key may be one column."""
    for setting, column in columns.items():
        if label and column == label:
            problem = f"[data] {setting} and label both name the column {v.quoted(label)}"
            fix = "The label is what is not known yet when a row is asked about; name another column."
            table.findings.add(ConflictError, (*table.path, "label"), problem, fix=fix)


def read_pipeline(table: Table) -> Pipeline:
    """``[pipeline]`` and ``[pipeline.params]``."""
    params = table.inner("params")
    found = {}
    for key in params.keys():  # noqa: SIM118 - a Table is no mapping
        value = params.get(key, v.scalar, None)
        if value is not None:
            found[key] = value
    default = Pipeline()
    pipeline = Pipeline(
        module=table.get("module", v.module, default.module),
        seed=table.get("seed", v.whole(0, _LARGEST_SEED), default.seed),
        lock=table.get("lock", v.file_within, None),
        params=found,
        secret=table.get("secret", v.several(v.text), ()),
        serialisers=table.get("serialisers", v.several(v.place_in_module), ()),
        keep=table.get("keep", v.choice(Keep), default.keep),
    )
    table.close()
    return pipeline


def read_steps(table: Table) -> tuple[CommandStep, ...]:
    """``[steps.NAME]``: the steps that are commands."""
    return tuple(_read_command(table.inner(name)) for name in table.keys())  # noqa: SIM118


def _read_command(table: Table) -> CommandStep:
    name = str(table.path[-1])
    if not name.isidentifier():
        problem = f"[steps] {v.quoted(name)} is no name that a function's parameter could have"
        table.findings.add(WrongValueError, table.path, problem, fix="Letters, digits and _ only, no digit first.")
    nothing: tuple[PurePosixPath, ...] = ()
    step = CommandStep(
        name=name,
        run=table.need("run", v.command, "", fix='Add run = "python train.py": the command that the step is.'),
        reads=table.get("reads", v.several(v.glob_within), ()),
        writes=table.get("writes", v.several(v.product_within), nothing),
        env=table.get("env", v.several(v.text), ()),
        retries=table.get("retries", v.whole(0, 100), 0),
        time_limit=table.get("time_limit", v.span, None),
    )
    table.close()
    return step


def read_reproduce(table: Table) -> Reproduce:
    """``[reproduce]``: how exactly a run must repeat."""
    reproduce = Reproduce(tolerance=table.get("tolerance", v.number(0, 1), Reproduce().tolerance))
    table.close()
    return reproduce


def read_gates(table: Table) -> Gates:
    """``[gates]``: how candidates are judged, and one key per metric."""
    from trimtab.stats.metric_names import METRICS

    default = Gates()
    gates = Gates(
        metrics=tuple(_read_gate(table.inner(key)) for key in table.keys() if key in METRICS),  # noqa: SIM118
        judging=table.get("judge_on", p.judging, default.judging),
        level=table.get("level", v.number(0.5, 1, inclusive=False), default.level),
        block=table.get("block", v.span, default.block),
        latency_p99=table.get("latency_p99", v.span, default.latency_p99),
    )
    table.close(also=METRICS, what="setting or metric")
    return gates


def _read_gate(table: Table) -> MetricGate:
    from trimtab.stats.metric_names import METRICS

    name = str(table.path[-1])
    metric = METRICS[name]
    right, wrong, better = ("min", "max", "higher") if metric.higher_is_better else ("max", "min", "lower")
    low = -inf if metric.higher_is_better and not metric.bounded else 0.0
    high = 1.0 if metric.bounded or metric.higher_is_better else inf
    if table.has(wrong):
        problem = f"[gates] {name} has no {wrong}: a {better} {name} is better"
        table.findings.add(UnknownSettingError, (*table.path, wrong), problem, fix=f"Say {right} = …")
    gate = MetricGate(
        metric=name,
        floor=table.get(right, v.number(low, high), None),
        tolerance=table.get("against_champion", p.comparison, None),
    )
    if not table.keys() and not table.findings.spoilt(table.path):
        fix = f'Say {name} = {{ {right} = …, against_champion = "not worse by 0.02" }}, or one of the two.'
        table.findings.add(ConflictError, table.path, f"[gates] {name} limits nothing", fix=fix)
    table.close()
    return gate


def read_serve(table: Table) -> Serve:
    """``[serve]``: the endpoint, and how a release comes into it."""
    default = Serve()
    serve = Serve(
        endpoint=table.get("endpoint", v.name, default.endpoint),
        host=table.get("host", v.text, default.host),
        port=table.get("port", v.whole(0, 65_535), default.port),
        rollout=table.get("rollout", p.steps, default.rollout),
        min_requests=table.get("min_requests", v.whole(1, _MOST_ROWS), default.min_requests),
        max_failures=table.get("max_failures", v.number(0, 1, inclusive=False), default.max_failures),
        max_score_shift=table.get("max_score_shift", v.number(0, 1), default.max_score_shift),
        durability=table.get("durability", v.choice(Durability), default.durability),
    )
    table.close()
    return serve


def read_watch(table: Table) -> Watch:
    """``[watch]``: what is watched, over how long, and how large a change matters."""
    default = Watch()
    watch = Watch(
        window=table.get("window", v.span, default.window),
        memory=table.get("memory", v.span, default.memory),
        metric=table.get("metric", _metric, default.metric),
        decay=table.get("decay", v.number(0, inclusive=False), default.decay),
        drift=table.get("drift", v.number(0, 1, inclusive=False), default.drift),
        false_alarms=table.get("false_alarms", v.number(0, 1, inclusive=False), default.false_alarms),
    )
    table.close()
    return watch


def _metric(raw: object) -> str:
    from trimtab.stats.metric_names import METRICS

    if v.text(raw) not in METRICS:
        raise v.Unfit("be the name of a metric", kind=UnknownChoiceError, fix=did_you_mean(str(raw), METRICS))
    return str(raw)


def read_retrain(table: Table) -> Retrain:
    """``[retrain]``: when the loop trains by itself, on what, and who lets the result into service."""
    default = Retrain()
    instead = (default.on_decay, default.on_drift, default.every)
    on_decay, on_drift, every = table.get("when", p.occasions, instead)
    needs = table.inner("needs")
    retrain = Retrain(
        on_decay=on_decay,
        on_drift=on_drift,
        every=every,
        span=table.get("data", p.training_span, None),
        min_labels=needs.get("labels", v.whole(1, _MOST_ROWS), default.min_labels),
        cooldown=table.get("cooldown", v.span, default.cooldown),
        budget=table.get("budget", p.budget, default.budget),
        promote=table.get("promote", v.choice(Promote), default.promote),
        lag=table.get("lag", v.span, default.lag),
        route_lag=table.get("route_lag", v.span, default.route_lag),
    )
    needs.close()
    table.close()
    return retrain
