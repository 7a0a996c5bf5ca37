"""Commands that carry contracts to and from other tools: data import, data export."""

from __future__ import annotations

from pathlib import Path

import click

from trimtab.cli.data_inputs import FILE
from trimtab.cli.output import as_json, document

_TOOLS = ("great-expectations", "tfdv", "pandera")


@click.command("import")
@click.argument("rules")
@click.option("--from", "tool", type=click.Choice(_TOOLS), help="Whose rules they are; else the name tells.")
@click.option("--output", "-o", type=FILE, required=True, help="Write the contract here.")
@click.option("--force", is_flag=True, help="Replace a contract that is there.")
@as_json
def import_(rules: str, tool: str | None, output: Path, force: bool, json_: bool) -> None:
    """Make a contract of another tool's rules.

    RULES is a Great Expectations suite (JSON), a TFDV schema (schema.pbtxt) or a Pandera schema (module:Name). What
    cannot be carried over is listed by name.
    """
    from trimtab.app.data_exchange import import_contract, tool_of

    found = import_contract(rules, tool or tool_of(rules), output, replace=force)
    if json_:
        document("trimtab.contract-exchange/1", found)
    else:
        click.echo("\n".join(found.lines()))


@click.command()
@click.argument("contract", type=FILE)
@click.option("--to", "tool", type=click.Choice(_TOOLS), required=True, help="Whose rules to write.")
@click.option("--output", "-o", type=FILE, required=True, help="Write them here.")
@as_json
def export(contract: Path, tool: str, output: Path, json_: bool) -> None:
    """Write a contract as another tool's rules.

    What that tool cannot say is listed by name.
    """
    from trimtab.app.data_exchange import export_contract

    found = export_contract(contract, tool, output)
    if json_:
        document("trimtab.contract-exchange/1", found)
    else:
        click.echo("\n".join(found.lines()))


COMMANDS = (import_, export)
