"""Commands on an endpoint: serve, up, status, promote, rollback, token."""

from __future__ import annotations

from pathlib import Path

import click

from trimtab.cli.output import as_json, document, in_project, note

at_port = click.option(
    "--port", type=click.IntRange(0, 65_535), help="Listen here instead of at trimtab.toml's port; 0 takes a free one."
)
because = click.option("--reason", default="", help="Why; it goes into the journal.")


@click.command()
@in_project
@at_port
def serve(folder: Path, port: int | None) -> int:
    """Serve the champion over HTTP, without watching or retraining."""
    from trimtab.app.doors import local_person, open_home
    from trimtab.app.up import serve as serve_endpoint

    return serve_endpoint(open_home(folder), local_person(), port=port, say=note)


@click.command()
@in_project
@at_port
@click.option("--replay", is_flag=True, help="Past rows, sent as live requests: the client steps the clock.")
def up(folder: Path, port: int | None, replay: bool) -> int:
    """Serve the champion, watch it, and retrain it when it is due."""
    from trimtab.app.doors import local_person, open_home
    from trimtab.app.up import up as bring_up

    return bring_up(open_home(folder), local_person(), port=port, replay=replay, say=note)


@click.command(hidden=True)
@in_project
def controller(folder: Path) -> int:
    """Turn the loop; `trimtab up` starts this as its child."""
    from trimtab.app.controller import control
    from trimtab.app.doors import open_home

    return control(open_home(folder), say=click.echo)


@click.command()
@in_project
@as_json
def status(folder: Path, json_: bool) -> None:
    """Show what is live, what is wanted, and what was decided last."""
    from trimtab.app.doors import open_home
    from trimtab.app.status import read_status

    view = read_status(open_home(folder))
    if json_:
        document("trimtab.status-view/1", view)
        return
    for name, value in view.lines():
        click.echo(f"{name:<12}{value}")


@click.command()
@in_project
@click.argument("release", required=False)
@click.option("--now", "at_once", is_flag=True, help="Skip the rollout's steps: all traffic at once.")
@because
@as_json
def promote(folder: Path, release: str | None, at_once: bool, reason: str, json_: bool) -> None:
    """Take a release into service.

    RELEASE is the beginning of its digest. Without it: the one that waits for approval, else the newest that passed
    its gates.
    """
    from trimtab.app.doors import local_person, open_home
    from trimtab.app.operate import promote as promote_release

    done = promote_release(open_home(folder), local_person(), release=release, at_once=at_once, reason=reason)
    if json_:
        document("trimtab.change/1", done)
    else:
        click.echo(done.sentence)


@click.command()
@in_project
@because
@as_json
def rollback(folder: Path, reason: str, json_: bool) -> None:
    """Put the previous champion back at once.

    During a rollout this breaks the rollout off, and the champion stays.
    """
    from trimtab.app.doors import local_person, open_home
    from trimtab.app.operate import rollback as roll_back

    done = roll_back(open_home(folder), local_person(), reason=reason)
    if json_:
        document("trimtab.change/1", done)
    else:
        click.echo(done.sentence)


@click.command()
def token() -> None:
    """Print the local user's token; it is made on first use.

    Whatever changes something over HTTP (labels, a replay's clock) asks for it.
    """
    from trimtab.app.doors import local_token

    click.echo(local_token())


COMMANDS = (serve, up, controller, status, promote, rollback, token)
