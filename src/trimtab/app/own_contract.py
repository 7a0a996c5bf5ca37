"""The project's own contract, and whether it and ``trimtab.toml`` say the same."""

from __future__ import annotations

from pathlib import Path

from trimtab.base.errors import InputError, ProblemsError, TrimtabError
from trimtab.data.contract import parse_contract
from trimtab.data.schema import Contract
from trimtab.spec.project import Project


class ContractDisagreesError(InputError):
    """The contract and the project file, or the contract and the rows, say different things."""

    code = "TT1361"


def own_contract(root: Path, project: Project) -> Contract:
    """The project's contract, as its file says.

    Raises:
        ProblemsError: every mistake in it, and every place where it and ``trimtab.toml`` disagree.
    """
    name = str(project.source.contract)
    contract = parse_contract((root / name).read_text(encoding="utf-8"), at=name)
    disagreements = contract_disagreements(project, contract)
    if disagreements:
        raise ProblemsError(disagreements, at=name)
    return contract


def contract_disagreements(project: Project, contract: Contract) -> tuple[TrimtabError, ...]:
    """Where the contract's header and ``[data]`` name different columns, zones or tasks."""
    file = str(project.source.contract)
    said = {
        "time": (project.source.time, contract.time),
        "label": (project.source.label, contract.label),
        "key": (project.source.key, contract.key),
        "zone": (project.source.zone, contract.zone),
        "task": (project.task.value if project.task else None, contract.task.value if contract.task else None),
    }
    unsaid = {name for name, (ours, _) in said.items() if not ours and name in ("time", "label", "task")}
    fix = f"Correct the one that is wrong; without {file} the next run infers a new contract."
    return tuple(
        ContractDisagreesError(
            f"the contract's {name} is {theirs or 'not said'}, and trimtab.toml says {ours or 'nothing'}",
            fix=fix,
            at=file,
        )
        for name, (ours, theirs) in said.items()
        if ours != theirs and name not in unsaid
    )
