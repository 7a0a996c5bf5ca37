"""Serve an endpoint, with the loop (`up`) or without it (`serve`)."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable

from trimtab.app.doors import local_token, token_file
from trimtab.app.home import Home
from trimtab.app.operate import first_champion
from trimtab.app.route_change import carry_out
from trimtab.app.runs import newest_release
from trimtab.base.errors import InputError
from trimtab.drivers.signing_keys import trusted_keys
from trimtab.records.journal import Actor
from trimtab.serve.supervisor import TICK, Serving, Supervisor
from trimtab.spec.project import Durability

Say = Callable[[str], None]


def serve(home: Home, actor: Actor, *, port: int | None, say: Say) -> int:
    """Serve the champion until a signal; the first time, the newest release that passed becomes champion.

    Raises:
        InputError: no release has passed its gates, or the endpoint belongs to a replay.
        BusyError: the endpoint is served already.
    """
    return _bring_up(home, actor, port=port, replay=False, loop=False, say=say)


def up(home: Home, actor: Actor, *, port: int | None, replay: bool, say: Say) -> int:
    """Serve the champion and turn the loop until a signal. Raises as `serve` does."""
    return _bring_up(home, actor, port=port, replay=replay, loop=True, say=say)


def _bring_up(home: Home, actor: Actor, *, port: int | None, replay: bool, loop: bool, say: Say) -> int:
    _make_sure_of_a_champion(home, actor, replay, say)
    local_token()
    carry_out(home)
    settings = home.project.serve
    controller = (sys.executable, "-m", "trimtab", "controller", "--project", str(home.root))
    supervisor = Supervisor(
        Serving(
            state=home.state,
            endpoint=home.endpoint,
            trusted=trusted_keys(),
            host=settings.host,
            port=settings.port if port is None else port,
            token_file=token_file(),
            replay=replay,
            sync=settings.durability is Durability.FSYNC,
            children={"controller": controller} if loop else {},
        )
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.ask_to_stop)
    supervisor.start()
    try:
        supervisor.ready()
        host, bound = supervisor.address
        sys.stdout.write(f"ready: http://{host}:{bound} endpoint {home.endpoint}\n")
        sys.stdout.flush()
        while not supervisor.stopping:
            supervisor.tick()
            time.sleep(TICK)
    finally:
        supervisor.stop()
    return 0


def _make_sure_of_a_champion(home: Home, actor: Actor, replay: bool, say: Say) -> None:
    desired = home.desired()
    if desired is None:
        release = newest_release(home.records)
        if release is None:
            raise InputError("no release has passed its gates yet", fix="Make one with `trimtab run`.")
        home.bundles.verify(release, trusted_keys())
        say(first_champion(home, actor, release, replayed=replay).sentence)
    elif desired.replayed != replay:
        was, now = ("a replay", "real traffic") if desired.replayed else ("real traffic", "a replay")
        raise InputError(
            f"the endpoint {home.endpoint!r} lives in the time of {was}, so {now} would mix two clocks",
            fix="Give the other its own endpoint: set [serve] endpoint, or TRIMTAB_STATE to another folder.",
        )
