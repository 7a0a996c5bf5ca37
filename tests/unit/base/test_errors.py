"""An error says where, what, and what to do."""

from trimtab.base.errors import InputError, ProblemsError, TrimtabError


def test_an_error_reads_as_place_problem_code_and_next_step() -> None:
    error = InputError("gate 'quality' asks for metric 'aucc'", fix='Did you mean "auc"?', at="trimtab.toml:41")
    assert str(error) == "trimtab.toml:41: gate 'quality' asks for metric 'aucc' [TT1001]\n  Did you mean \"auc\"?"


def test_several_problems_are_shown_together() -> None:
    both = ProblemsError((InputError("one"), InputError("two")))
    assert str(both) == "one [TT1001]\ntwo [TT1001]"
    assert both.problem == "2 problems found"


def test_every_error_of_the_tree_has_a_code_of_its_own() -> None:
    seen: dict[str, type[TrimtabError]] = {}
    tree: list[type[TrimtabError]] = [TrimtabError, *TrimtabError.__subclasses__()]
    for kind in tree:
        assert seen.setdefault(kind.code, kind) is kind
