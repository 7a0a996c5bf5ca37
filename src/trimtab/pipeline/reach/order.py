"""Where the order of statements decides what a name is bound to, the order is part of the code.

Functions may stand in any order, and so may constants that have nothing to do with each other. But ``A = 1`` before
``A = 2``, two registrations in one table, or a constant that is computed before a table is filled are other programs
the other way round. For each name that several statements bind or change, their sequence is a unit of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from trimtab.base.digest import digest_parts
from trimtab.pipeline.reach.closure import Closure
from trimtab.pipeline.reach.effects import Effects
from trimtab.pipeline.reach.facts import Use
from trimtab.pipeline.reach.modules import Module
from trimtab.pipeline.reach.resolve import ALL_NAMES, Slot
from trimtab.pipeline.reach.units import Statement
from trimtab.pipeline.reach.values import Unit, UnitKind


def order_units(
    reached: Mapping[Statement, Module], slots: Mapping[Slot, bool], closure: Closure, effects: Effects
) -> Iterator[Unit]:
    """The sequences that matter among reached statements, one unit for each name.

    Args:
        slots: the names that are reached; False for those that are only written into.
    """
    made = {slot: _makers(slot, reached, closure, effects) for slot in slots}
    early = _early_readers(reached, made, closure, effects)
    for slot in sorted(slots):
        makers = made[slot] if slots[slot] or slot in early else []
        binders = sum(1 for _, _, binds in makers if binds)
        readers = early.get(slot, [])
        sequence = sorted([*((moment, each) for moment, each, _ in makers), *((m, each) for m, each in readers)],
                          key=lambda pair: pair[0])  # fmt: skip
        usual = len(sequence) < 2 or (not readers and len(makers) == 2 and binders == 1 and makers[0][2])
        if usual:
            continue
        parts = (f"{each.kind} {reached[each].name} {each.title()}" for _, each in sequence)
        first = sequence[0][1]
        module = reached[first]
        name = slot.name if slot.name != ALL_NAMES else "the surroundings"
        yield Unit(
            kind=UnitKind.STATEMENT,
            name=f"the order of what makes {name}",
            module=slot.module or module.name,
            digest=digest_parts(part.encode("utf-8", "surrogatepass") for part in parts),
            at=module.at(first),
        )


Made = tuple[int, Statement, bool]


def _makers(slot: Slot, reached: Mapping[Statement, Module], closure: Closure, effects: Effects) -> list[Made]:
    """The reached statements that bind a name or change what it leads to, when they are executed."""
    home = effects.modules.get(slot.module)
    found: dict[Statement, bool] = {}
    for statement in home.bindings.get(slot.name, ()) if home is not None and home.readable else ():
        found[statement] = True
    for _, statement in (*closure.changed.get(slot, ()), *closure.changed.get(Slot(slot.module, ALL_NAMES), ())):
        found.setdefault(statement, False)
    listed = [(closure.moments[each], each, binds) for each, binds in found.items() if _counts(each, reached, closure)]
    return sorted(listed, key=lambda made: made[0])


def _counts(statement: Statement, reached: Mapping[Statement, Module], closure: Closure) -> bool:
    return statement in reached and statement in closure.moments


def _early_readers(
    reached: Mapping[Statement, Module], made: Mapping[Slot, list[Made]], closure: Closure, effects: Effects
) -> dict[Slot, list[tuple[int, Statement]]]:
    """Statements that are executed before all is there that they look at."""
    found: dict[Slot, list[tuple[int, Statement]]] = {}
    for statement, module in reached.items():
        if statement not in closure.moments or statement.target is not None or not statement.executed:
            continue
        moment = closure.moments[statement]
        for slot in _looks_at(module, statement, effects):
            makers = made.get(slot, ())
            if makers and makers[-1][0] > moment and all(each is not statement for _, each, _ in makers):
                found.setdefault(slot, []).append((moment, statement))
    return found


def _looks_at(module: Module, statement: Statement, effects: Effects) -> Iterable[Slot]:
    facts = module.facts(statement)
    found = {
        slot
        for ref in facts.refs
        if not ref.later and ref.use is not Use.ANNOTATION
        for slot, _ in effects.resolver.ref(module, ref).slots
    }
    if facts.runs:
        for home, each in effects.called(module, statement):
            found.update(effects.edges.of(home, each).slots)
    return found
