"""Writes docs/errors.md from the texts of ``trimtab explain``: `python -m tools.error_page`; a test compares both."""

from __future__ import annotations

from pathlib import Path

from trimtab.app.explain import Explanation, explanations

PAGE = Path(__file__).resolve().parent.parent / "docs" / "errors.md"
HEAD = """\
# Error codes

An error is one sentence that ends with its code, and below it what to do:

```
trimtab.toml:29: [serve] has no setting "prt" [TT1102]
  Did you mean "port"? Known: endpoint, host, port, rollout, min_requests, max_failures, max_score_shift, durability.
```

`trimtab explain TT1102` prints what stands here. A code keeps its meaning; `--debug` before the command adds the
traceback. This page is written by `python -m tools.error_page` from `src/trimtab/app/error_codes.toml`.

"""
PARTS = {
    "TT10": "Anywhere",
    "TT11": "trimtab.toml",
    "TT12": "Contracts, tables and profiles",
    "TT13": "The project: pipeline, source, table, scaffold, check",
    "TT14": "Judging",
    "TT16": "Releases",
    "TT18": "Answers of the router",
}


def render(codes: tuple[Explanation, ...]) -> str:
    """The page as Markdown, by the part of Trimtab that the code's first digits name."""
    parts = []
    for prefix, title in PARTS.items():
        rows = [
            f"| {each.code} | {each.ends} | {each.means} | {each.do} |"
            for each in codes
            if each.code.startswith(prefix)
        ]
        parts.append(
            "\n".join([f"## {title}", "", "| code | ends with | means | do |", "| --- | --- | --- | --- |", *rows])
        )
    return HEAD + "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render(explanations()), encoding="utf-8")
