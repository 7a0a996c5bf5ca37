"""The style of the page that has runs side by side: light and dark, on phones and on paper; nothing is loaded.

Each run has a letter, a colour and a kind of line, so that two curves are told apart in grey as well.
"""

from __future__ import annotations

from typing import Final

from trimtab.generate.data_markup import Html

COLOURS: Final = (
    ("#1f6fc4", "#5aa7f2"), ("#b04f00", "#ffb35c"), ("#1b7a48", "#6fd39a"), ("#8b3fa8", "#d59af0"),
    ("#a3123a", "#ff8fa8"), ("#00727a", "#5fd0d8"), ("#6b5d00", "#d9c84a"), ("#4a4fb5", "#a6aaff"),
    ("#7a3b1d", "#e0a585"), ("#3d6b00", "#a9d763"), ("#5b5f66", "#b3b9c2"), ("#b0006f", "#ff86cf"),
)  # fmt: skip
"""For each run in order: its colour in light and in dark."""

DASHES: Final = ("none", "7 3", "2 3", "10 3 2 3")
"""For each run in turns: how its line is broken."""


def _colours(place: int) -> str:
    return "".join(f"--r{number}:{pair[place]};" for number, pair in enumerate(COLOURS))


STYLE: Final = Html(
    """
:root { color-scheme: light dark; --paper: #f7f8f9; --card: #ffffff; --ink: #171b20; --soft: #56606b; --line: #e1e5e9;
  --wash: #eff2f5; --add: #e3f4e8; --cut: #fbe6e4; --fail: #b3261e; --pass: #1b7a48; --unsure: #6548a8; LIGHT }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #111417; --card: #191d21; --ink: #e8ebee;
  --soft: #a3adb7; --line: #2d343a; --wash: #22272c; --add: #16321f; --cut: #3b1d1b; --fail: #ff8d84;
  --pass: #74d49f; --unsure: #c3acf7; DARK } }
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
header, main, footer { max-width: 80rem; margin: 0 auto; padding: 0 clamp(.75rem, 2.5vw, 2rem); }
h1, h2, h3, p, ol, ul, dl, dd, figure { margin: 0; padding: 0; } ol, ul { list-style: none; }
h1 { font-size: clamp(1.35rem, 3.5vw, 1.9rem); line-height: 1.2; font-weight: 680; letter-spacing: -.015em; }
h2 { font-size: 1.15rem; font-weight: 660; margin: 2.4rem 0 .6rem; } h2 small { font-weight: 400; color: var(--soft); }
h3 { font-size: .95rem; font-weight: 640; line-height: 1.3; }
:focus-visible { outline: 2px solid var(--r0); outline-offset: 2px; }
header { padding-top: 1.6rem; } .eyebrow { color: var(--soft); font-size: .82rem; }
.lead { color: var(--soft); margin: .5rem 0 1.1rem; max-width: 60rem; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: .5rem; background: var(--card); }
.letter { display: inline-grid; place-items: center; min-width: 1.45em; height: 1.45em; border-radius: .3em;
  background: var(--run); color: var(--card); font-size: .82em; font-weight: 700; flex: none; }
.runs { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.runs li, .card, .table, details, .none { background: var(--card); border: 1px solid var(--line);
  border-radius: .6rem; }
.runs li { padding: .7rem .9rem; border-top: 3px solid var(--run); }
.runs strong { display: flex; gap: .5rem; align-items: baseline; font-weight: 640; }
.runs dl { display: grid; grid-template-columns: auto 1fr; gap: 0 .7rem; font-size: .85rem; margin-top: .35rem; }
.runs dt { color: var(--soft); }
.FAIL, .failed { color: var(--fail); } .PASS { color: var(--pass); } .UNSURE { color: var(--unsure); }
.cards { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); }
.card { padding: .8rem .9rem; min-width: 0; }
.plot { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 .4rem; margin-top: .5rem; }
.plot .y { display: flex; flex-direction: column; justify-content: space-between; text-align: right; }
.y, .x { color: var(--soft); font-size: .74rem; line-height: 1; }
.plot .x { grid-column: 2; display: flex; justify-content: space-between; margin-top: .25rem; }
.plot svg { display: block; width: 100%; height: 11rem; background: var(--wash); border-radius: .3rem; }
.plot path { fill: none; stroke: var(--run); stroke-width: 1.8; stroke-linejoin: round; vector-effect:
  non-scaling-stroke; } .plot path.one { stroke-width: 8; stroke-linecap: round; }
.plot line { stroke: var(--line); vector-effect: non-scaling-stroke; }
.ends { display: flex; flex-wrap: wrap; gap: .25rem .9rem; margin-top: .5rem; font-size: .84rem; }
.ends li { display: flex; gap: .35rem; align-items: center; } .ends svg { width: 1.6rem; height: .5rem; flex: none; }
.ends path { fill: none; stroke: var(--run); stroke-width: 2; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; table-layout: fixed;
  font-size: .88rem; } thead th:first-child { width: clamp(9rem, 22%, 17rem); }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem; border-top: 1px solid var(--line); }
thead th { border-top: 0; } tbody th { font-weight: 560; }
td.nothing, .soft, .change { color: var(--soft); }
.change { margin-left: .45em; font-size: .9em; }
code, pre, td.digest { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .82rem; }
details { margin-top: .6rem; } summary { padding: .55rem .9rem; cursor: pointer; font-weight: 560; }
pre { margin: 0; padding: .5rem 0; overflow-x: auto; border-top: 1px solid var(--line); overflow-wrap: normal; }
pre span { display: block; padding: 0 .9rem; white-space: pre; width: max-content; min-width: 100%; }
pre .add { background: var(--add); } pre .cut { background: var(--cut); } pre .at { color: var(--soft); }
.none, .notes { padding: .7rem .9rem; color: var(--soft); } .notes li::before { content: "note: "; }
footer { color: var(--soft); font-size: .8rem; margin-top: 2.5rem; padding-bottom: 2.5rem; }
@media (max-width: 40rem) { thead { position: absolute; left: -99rem; } table, tbody, tr, th, td { display: block;
  min-width: 0 !important; }
  tbody tr { border-top: 1px solid var(--line); padding: .45rem .8rem; } tbody tr:first-child { border-top: 0; }
  tbody th, td { border: 0; padding: .05rem 0; } td { display: flex; gap: .5rem; } }
@media (min-width: 40.01rem) { td .letter { display: none; } }
@media print { body { background: #fff; font-size: 10pt; } .card, .runs li { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
""".replace("LIGHT", _colours(0)).replace("DARK", _colours(1))
)
