"""Commands on an endpoint: serve, up, status, promote, rollback, token."""

from __future__ import annotations

from pathlib import Path

import click

from trimtab.cli.output import as_json, document, in_project, note


@click.command()
@in_project
@click.option("--port", type=int, help="Over trimtab.toml; 0 picks a free one.")
def serve(folder: Path, port: int | None) -> int:
    """Serve the champion over HTTP, without watching or retraining."""
    from trimtab.app.doors import local_person, open_home
    from trimtab.app.up import serve as serve_endpoint

    return serve_endpoint(open_home(folder), local_person(), port=port, say=note)


@click.command()
@in_project
@click.option("--port", type=int, help="Over trimtab.toml; 0 picks a free one.")
@click.option("--replay", is_flag=True, help="Let the client step the clock: past rows, sent as live requests.")
def up(folder: Path, port: int | None, replay: bool) -> int:
    """Serve the champion, watch it, and retrain it when the project's policy says so."""
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
    """Show what is live, what is wanted, and what the loop last decided."""
    from trimtab.app.doors import open_home
    from trimtab.app.status import read_status

    view = read_status(open_home(folder))
    if json_:
        document("trimtab.status/1", view)
        return
    for name, value in view.lines():
        click.echo(f"{name:<12}{value}")


@click.command()
@in_project
@click.argument("release", required=False)
@click.option("--now", "at_once", is_flag=True, help="Skip the rollout's steps; journalled as your decision.")
@click.option("--reason", default="", help="Why; it goes into the journal.")
@as_json
def promote(folder: Path, release: str | None, at_once: bool, reason: str, json_: bool) -> None:
    """Take a release into service: the one that waits for approval, or the one that is named."""
    from trimtab.app.doors import local_person, open_home
    from trimtab.app.operate import promote as promote_release

    done = promote_release(open_home(folder), local_person(), release=release, at_once=at_once, reason=reason)
    if json_:
        document("trimtab.change/1", done)
    else:
        click.echo(done.sentence)


@click.command()
@in_project
@click.option("--reason", default="", help="Why; it goes into the journal.")
@as_json
def rollback(folder: Path, reason: str, json_: bool) -> None:
    """Put the previous champion back at once; a rollout in progress is broken off instead."""
    from trimtab.app.doors import local_person, open_home
    from trimtab.app.operate import rollback as roll_back

    done = roll_back(open_home(folder), local_person(), reason=reason)
    if json_:
        document("trimtab.change/1", done)
    else:
        click.echo(done.sentence)


@click.command()
def token() -> None:
    """Print the local user's token, which changing anything asks for; it is made on first use."""
    from trimtab.app.doors import local_token

    click.echo(local_token())


COMMANDS = (serve, up, controller, status, promote, rollback, token)
