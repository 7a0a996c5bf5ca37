"""Commands on the journal: list, verify, head."""

from __future__ import annotations

from pathlib import Path

import click

from trimtab.cli.output import as_json, document, in_project


class _ShowByDefault(click.Group):
    """A group of which `show` may be left unsaid: ``trimtab journal --all``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        said = args and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if said else ["show", *args])


@click.group(cls=_ShowByDefault)
def journal() -> None:
    """Show and verify the record of every decision and change.

    Without a command: show.
    """


@journal.command("show")
@in_project
@click.option("--all", "everything", is_flag=True, help="Also the decisions to do nothing.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the last N entries.")
@as_json
def show(folder: Path, everything: bool, last: int | None, json_: bool) -> None:
    """List the entries, the oldest first."""
    from trimtab.app.doors import open_home
    from trimtab.app.journal import read_journal, sentence

    entries = [entry for entry in read_journal(open_home(folder)) if everything or entry.draft.kind != "nothing"]
    entries = entries[-last:] if last else entries
    if json_:
        document("trimtab.journal-list/1", {"entries": entries})
        return
    for entry in entries:
        click.echo(sentence(entry))


@journal.command()
@in_project
@as_json
def verify(folder: Path, json_: bool) -> None:
    """Check that no entry was changed, removed or moved."""
    from trimtab.app.doors import open_home
    from trimtab.app.journal import verify_journal

    count, head = verify_journal(open_home(folder))
    if json_:
        document("trimtab.journal-verify/1", {"entries": count, "head": head, "holds": True})
    else:
        click.echo(f"the journal holds: {count:,} entries, head {head}")


@journal.command()
@in_project
def head(folder: Path) -> None:
    """Print the digest of the newest entry.

    Kept elsewhere, it proves that nothing before it was rewritten.
    """
    from trimtab.app.doors import open_home
    from trimtab.app.journal import verify_journal

    click.echo(verify_journal(open_home(folder))[1])


COMMANDS = (journal,)
