"""The command on error codes: explain."""

from __future__ import annotations

import click

from trimtab.cli.output import as_json, document, table


@click.command()
@click.argument("code", required=False)
@as_json
def explain(code: str | None, json_: bool) -> None:
    """Say what an error code means and what to do about it.

    CODE is what an error's first line ends with, such as TT1305. Without it every code is listed.
    """
    from trimtab.app.explain import explain_code, explanations

    if code is None:
        found = explanations()
        if json_:
            document("trimtab.error-codes/1", {"codes": found})
        else:
            click.echo(table(("code", "means"), [(each.code, each.means) for each in found]))
        return
    one = explain_code(code)
    if json_:
        document("trimtab.error-code/1", one)
        return
    click.echo(f"{one.code}  {one.means}")
    click.echo(f"  What to do: {one.do}")
    click.echo(f"  It ends with {one.ends}{f'; in Python it is {one.name}' if one.name else ''}.")


COMMANDS = (explain,)
