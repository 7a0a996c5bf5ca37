"""The data page's style: calm, dense, in light and dark, on phones and on paper. Nothing is loaded from anywhere.

Blue (filled) for now and orange (outlined) for the reference are told apart with any colour vision, and by their form
in grey; a finding's colour never stands without its sign and its word.
"""

from __future__ import annotations

from typing import Final

from trimtab.generate.data_markup import Html

STYLE: Final = Html("""
:root { color-scheme: light dark; --paper: #f7f8f9; --card: #ffffff; --ink: #171b20; --soft: #56606b; --line: #e1e5e9;
  --wash: #eff2f5; --now: #2f7ed8; --then: #b04f00; --fail: #b3261e; --quarantine: #8a5600; --unsure: #6548a8;
  --note: #39607f; --pass: #1b7a48; --zone: #d5dde4; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #111417; --card: #191d21; --ink: #e8ebee;
  --soft: #a3adb7; --line: #2d343a; --wash: #22272c; --now: #4f9bee; --then: #ffb45e; --fail: #ff8d84;
  --quarantine: #f0bd55; --unsure: #c3acf7; --note: #9dc6e8; --pass: #74d49f; --zone: #363f47; } }
*, *::before, *::after { box-sizing: border-box; }
html { scroll-padding-top: 4rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
header.top, main, footer { max-width: 84rem; margin: 0 auto; padding: 0 clamp(.75rem, 2.5vw, 2rem); }
h1, h2, h3, p, dl, dd, ol, ul, figure { margin: 0; padding: 0; } ol, ul { list-style: none; }
h1 { font-size: clamp(1.35rem, 3.5vw, 1.9rem); line-height: 1.2; font-weight: 680; letter-spacing: -.015em; }
h2 { font-size: 1.15rem; font-weight: 660; letter-spacing: -.01em; margin: 2.6rem 0 .2rem; }
h3 { font-size: .95rem; font-weight: 640; line-height: 1.3; }
a { color: inherit; text-decoration-color: var(--line); text-underline-offset: .2em; }
a:hover { text-decoration-color: currentColor; } :focus-visible { outline: 2px solid var(--now); outline-offset: 2px; }
.soft, .lead { color: var(--soft); } .lead { margin-bottom: .9rem; max-width: 62rem; font-size: .9rem; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: .5rem; background: var(--card); z-index: 9; }
.icon { width: 1.05em; height: 1.05em; flex: none; vertical-align: -.16em; overflow: visible; }
.cut { stroke: var(--card); stroke-width: 1.7; stroke-linecap: round; fill: none; }
.ring { fill: none; stroke: currentColor; stroke-width: 1.5; }
.draw { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; }
.fail, .refuse { color: var(--fail); } .quarantine { color: var(--quarantine); } .unsure { color: var(--unsure); }
.note { color: var(--note); } .pass { color: var(--pass); }

header.top { padding-top: 1.6rem; } .eyebrow { color: var(--soft); font-size: .82rem; letter-spacing: .02em; }
.verdict { display: flex; gap: .8rem; align-items: flex-start; margin: 1.1rem 0 1rem; padding: .85rem 1rem;
  border-radius: .6rem; background: color-mix(in srgb, currentColor 9%, var(--card));
  border: 1px solid color-mix(in srgb, currentColor 28%, var(--card)); }
.verdict .icon { width: 1.7rem; height: 1.7rem; margin-top: .1rem; } .verdict strong { font-size: 1.15rem; }
.verdict p { color: var(--ink); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1px; background: var(--line);
  border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
.tiles div { background: var(--card); padding: .55rem .8rem; } .tiles dt { color: var(--soft); font-size: .8rem; }
.tiles dd { font-weight: 620; line-height: 1.3; } .tiles dd + dd { font-weight: 400; color: var(--soft);
  font-size: .8rem; }

nav { position: sticky; top: 0; z-index: 5; margin-top: 1rem; background: var(--paper);
  border-bottom: 1px solid var(--line); }
nav ul { display: flex; gap: .35rem; max-width: 84rem; margin: 0 auto; overflow-x: auto; scrollbar-width: none;
  mask-image: linear-gradient(to right, #000 calc(100% - 2.5rem), transparent);
  padding: .5rem clamp(.75rem, 2.5vw, 2rem); } nav li { flex: none; }
nav a { display: flex; align-items: center; gap: .35rem; padding: .2rem .6rem; border-radius: 1rem; font-size: .85rem;
  text-decoration: none; border: 1px solid var(--line); background: var(--card); white-space: nowrap; }
nav a:hover { border-color: var(--soft); } nav .part a { font-weight: 620; }
nav bdi { max-width: 12rem; overflow: hidden; text-overflow: ellipsis; } nav .bar { border-left: 1px solid var(--line);
  margin: .2rem .3rem; }

.card, .rules > li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.rules { display: grid; gap: .5rem; }
.rules > li { display: grid; grid-template-columns: auto minmax(0, 1fr) 9.5rem; gap: .1rem .8rem;
  padding: .75rem 1rem; }
.rules .icon { margin-top: .2rem; } .rules .what { min-width: 0; }
.head { display: flex; flex-wrap: wrap; gap: .1rem .6rem; align-items: baseline; }
.tag { font-size: .78rem; color: var(--soft); white-space: nowrap; } .word { font-size: .8rem; font-weight: 640; }
.because { color: var(--soft); font-size: .9rem; } .because::before { content: "because "; font-style: italic; }
.amount { text-align: right; line-height: 1.25; } .amount b { font-size: 1.05rem; font-weight: 640; }
.amount > span { display: block; color: var(--soft); font-size: .8rem; }
.share { display: block; height: .3rem; margin-top: .3rem; border-radius: .2rem; background: var(--wash);
  overflow: hidden; } .share i { display: block; height: 100%; background: currentColor; }
.chips { display: flex; flex-wrap: wrap; gap: .25rem .35rem; margin-top: .35rem; font-size: .8rem;
  align-items: center; } .chips li { background: var(--wash); border-radius: .3rem; padding: .05rem .4rem; }
.chips em { color: var(--soft);
  font-style: normal; } .chips .plain { background: none; padding: 0; color: var(--soft); }

.cards { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18.5rem), 1fr)); }
.cards.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 23rem), 1fr)); }
.card { padding: .8rem .9rem .9rem; min-width: 0; display: flex; flex-direction: column; gap: .45rem; }
.card > .head { justify-content: space-between; flex-wrap: nowrap; } .card h3 { min-width: 0; }
.card .found { font-size: .84rem; line-height: 1.35; display: grid; gap: .2rem; }
.card .found li { display: grid; grid-template-columns: auto 1fr; gap: .4rem; }
.card .found .icon { margin-top: .12rem; }
.aside { color: var(--soft); font-size: .78rem; }
.words { font-size: .95rem; line-height: 1.4; } .words.also { font-size: .86rem; color: var(--soft); }
.hist { display: block; width: 100%; height: 5.2rem; } .wide .hist { height: 6.4rem; }
.hist .now { fill: var(--now); opacity: .62; } .hist .then { fill: none; stroke: var(--then); stroke-width: 1.6;
  vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.hist .base { stroke: var(--soft); stroke-width: 1; vector-effect: non-scaling-stroke; opacity: .5; }
.axis { display: flex; justify-content: space-between; gap: .5rem; color: var(--soft); font-size: .74rem;
  margin-top: -.35rem; }
.bands { display: grid; gap: .3rem; margin-top: auto; padding-top: .3rem; }
.bands li { display: grid; grid-template-columns: 5.6rem minmax(0, 1fr) 7.2rem; gap: .5rem; align-items: center;
  font-size: .78rem; color: var(--soft); } .bands li > :last-child { text-align: right; color: var(--ink); }
.band { width: 100%; height: auto; display: block; } .zone { fill: var(--zone); } .zero { stroke: var(--soft);
  stroke-width: 1; opacity: .7; } .reach { stroke: currentColor; stroke-width: 1.8; fill: none; } .dot {
  fill: currentColor; }
.values { display: grid; gap: .22rem .6rem; font-size: .82rem;
  grid-template-columns: fit-content(9rem) minmax(0, 1fr) max-content; }
.values li { display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; align-items: center; }
.values li > :first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.values li > :last-child { text-align: right; } .values .rest { color: var(--soft); font-style: italic; }
.pair { position: relative; display: block; height: .72rem; background: var(--wash); border-radius: .15rem; }
.pair i { position: absolute; inset: 0 auto 0 0; background: var(--now); opacity: .62; border-radius: .15rem; }
.pair b { position: absolute; top: -.1rem; bottom: -.1rem; width: 2px; margin-left: -1px; background: var(--then); }
.figures { width: 100%; border-collapse: collapse; font-size: .79rem; line-height: 1.3; }
.figures th, .figures td { padding: .08rem 0; text-align: right; font-weight: 400; } .figures th { color: var(--soft); }
.figures th:first-child { text-align: left; } .figures td + td, .figures th + th + th { padding-left: .8rem;
  color: var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .82rem; color: var(--soft);
  margin-bottom: .7rem; } .legend i { display: inline-block; width: 1.1rem; height: .65rem; margin-right: .4rem; }
.key-now { background: var(--now); opacity: .62; } .key-then { border: 1.6px solid var(--then); border-bottom: 0; }
.clouds { display: grid; grid-template-columns: 1fr 1fr; gap: .7rem; } .clouds figcaption { font-size: .78rem;
  color: var(--soft); margin-top: .15rem; }
.cloud { width: 100%; display: block; } .frame { fill: var(--wash); } .points { fill: none; stroke-linecap: round;
  stroke-width: 1.9; opacity: .7; } .points.now { stroke: var(--now); } .points.then { stroke: var(--then); }
.facts { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 23rem), 1fr)); }
.facts dl { display: grid; grid-template-columns: auto 1fr; gap: .15rem .9rem; font-size: .88rem; }
.facts dt { color: var(--soft); }
details { margin-top: .8rem; } summary { cursor: pointer; color: var(--soft); font-size: .9rem; }
details[open] > summary { margin-bottom: .5rem; } .lines { display: grid; gap: .3rem; font-size: .88rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem; background: var(--card);
  max-height: 40rem; } .scroll table { border-collapse: collapse; width: 100%; font-size: .82rem; }
.scroll th, .scroll td { padding: .25rem .7rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); } .scroll thead th { position: sticky; top: 0; background: var(--card);
  color: var(--soft); font-weight: 500; } .scroll tbody th { font-weight: 500; } .scroll th:first-child,
.scroll th:nth-child(2), .scroll td:nth-child(2), .scroll td:last-child, .scroll th:last-child { text-align: left; }
footer { color: var(--soft); font-size: .8rem; margin-top: 3rem; padding-bottom: 2.5rem; }
.none { padding: .8rem 1rem; color: var(--soft); }
@media (max-width: 34rem) { .rules > li { grid-template-columns: auto minmax(0, 1fr); padding: .7rem .75rem; }
  .amount { grid-column: 2; text-align: left; margin-top: .35rem; } .amount b, .amount > span { display: inline; }
  .bands li { grid-template-columns: 1fr auto; gap: .1rem .5rem; } .bands .band { grid-area: 2 / 1 / 3 / 3; } }
@media print { body { background: #fff; font-size: 10pt; } nav, .skip { display: none; } .card, .rules > li, figure {
  break-inside: avoid; } h2 { break-after: avoid; } .scroll { max-height: none; overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
""")
