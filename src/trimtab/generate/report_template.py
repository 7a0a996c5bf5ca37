"""The report page's template; it fetches nothing and needs no script."""

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ report.project }}: the loop's report</title>
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5c6670; --line: #d9dee3; --paper: #ffffff; --card: #f5f7f9;
  --still: #9a6a00; --loop: #0b6bcb; --mark: #8a93a0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebee; --soft: #a0a9b3; --line: #343b43; --paper: #14171a;
  --card: #1d2126; --still: #e0a83c; --loop: #5cabff; --mark: #77818c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p, .soft { color: var(--soft); margin: .2rem 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .6rem; margin: 1.2rem 0; padding: 0; }
.tiles div { background: var(--card); border-radius: .5rem; padding: .6rem .8rem; }
.tiles dt { color: var(--soft); font-size: .82rem; } .tiles dd { margin: 0; font-size: .98rem; line-height: 1.35; font-weight: 600; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; font-size: .85rem; } th:nth-child(-n+3), td:nth-child(-n+3) { text-align: left; }
svg { width: 100%; height: auto; min-width: 34rem; } svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
.grid { stroke: var(--line); } .mark { stroke: var(--mark); stroke-dasharray: 2 3; }
.still { stroke: var(--still); fill: none; stroke-width: 1.6; } .looped { stroke: var(--loop); fill: none; stroke-width: 2.2; }
circle.still { fill: var(--still); } circle.looped { fill: var(--loop); } circle { opacity: 0; } circle:hover { opacity: 1; }
.key { display: inline-flex; align-items: center; gap: .4rem; margin-right: 1.2rem; font-size: .9rem; }
.key i { width: 1.4rem; height: 0; border-top: 3px solid; display: inline-block; }
ol.journal { list-style: none; margin: 0; padding: 0; } ol.journal li { padding: .45rem 0; border-bottom: 1px solid var(--line); }
.at { color: var(--soft); font-size: .85rem; font-variant-numeric: tabular-nums; margin-right: .6rem; }
.kind { font-size: .75rem; background: var(--card); border-radius: .3rem; padding: .1rem .4rem; margin-right: .4rem; }
details ul { margin: .3rem 0 .3rem 1.2rem; padding: 0; color: var(--soft); font-size: .88rem; } summary { cursor: pointer; }
code { font-size: .85em; overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>{{ report.project }}</h1>
<p>What the loop did on endpoint <b>{{ report.endpoint }}</b>, beside the first release kept for ever.</p>
<dl class="tiles">
{% for name, text in report.summary %}
<div><dt>{{ name }}</dt><dd>{{ text }}</dd></div>
{% endfor %}
</dl>
<h2>{{ report.metric }} over time, in windows of {{ report.point_span }}</h2>
<p><span class="key"><i style="color: var(--loop)"></i>the loop</span><span class="key"><i style="color: var(--still)"></i>never
 retrained</span><span class="key"><i style="color: var(--mark); border-top-style: dashed"></i>a release became champion</span></p>
{% if chart %}
<div class="scroll">
<svg viewBox="0 0 {{ chart.width }} {{ chart.height }}" role="img" aria-label="{{ report.metric }} over time for both">
{% for tick in chart.y_ticks %}
<line class="grid" x1="{{ chart.left }}" x2="{{ chart.right }}" y1="{{ tick.place }}" y2="{{ tick.place }}"/>
<text x="{{ chart.left - 8 }}" y="{{ tick.place + 4 }}" text-anchor="end">{{ tick.text }}</text>
{% endfor %}
{% for tick in chart.x_ticks %}
<text x="{{ tick.place }}" y="{{ chart.height - 10 }}" text-anchor="middle">{{ tick.text }}</text>
{% endfor %}
{% for mark in chart.marks %}
<line class="mark" x1="{{ mark.place }}" x2="{{ mark.place }}" y1="{{ chart.top }}" y2="{{ chart.bottom }}"><title>{{ mark.title }}</title></line>
{% if mark.number %}
<text x="{{ mark.place }}" y="{{ chart.top - 8 }}" text-anchor="middle">{{ mark.number }}<title>{{ mark.title }}</title></text>
{% endif %}
{% endfor %}
{% for line in chart.lines %}
{% set style = "still" if loop.first else "looped" %}
<path class="{{ style }}" d="{{ line.path }}"/>
{% for dot in line.dots %}
<circle class="{{ style }}" cx="{{ dot.x }}" cy="{{ dot.y }}" r="4"><title>{{ dot.title }}</title></circle>
{% endfor %}
{% endfor %}
</svg>
</div>
{% else %}
<p>No labelled rows yet.</p>
{% endif %}
{% if report.marks %}
<details><summary>{{ report.marks | length }} releases</summary><ul>
{% for mark in report.marks %}
<li>{{ loop.index }}: {{ mark.label }}</li>
{% endfor %}
</ul></details>
{% endif %}
<h2>Blocks</h2>
<div class="scroll">
<table>
<thead><tr><th>block</th><th>from</th><th>to</th><th>rows</th><th>never retrained</th><th>the loop</th><th>gain</th></tr></thead>
<tbody>
{% for block in report.blocks %}
<tr><td>{{ block.number }}</td><td>{{ block.first[:10] }}</td><td>{{ block.last[:10] }}</td><td>{{ "{:,}".format(block.rows) }}</td>
<td>{{ "%.3f" | format(block.first_release) }}</td><td>{{ "%.3f" | format(block.loop) }}</td><td>{{ "%+.3f" | format(block.loop - block.first_release) }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
<h2>Journal</h2>
<p>{{ acted | length }} entries on what was done and why; {{ idle | length }} decisions to do nothing are folded below.</p>
<ol class="journal">
{% for line in acted %}
<li><span class="at">{{ line.at }}</span><span class="kind">{{ line.kind }} {{ line.phase }}</span>
{% if line.evidence %}
<details><summary>{{ line.sentence }}</summary><ul>{% for item in line.evidence %}<li>{{ item }}</li>{% endfor %}</ul></details>
{% else %}
{{ line.sentence }}
{% endif %}
</li>
{% endfor %}
</ol>
<details><summary>Nothing done, because … ({{ idle | length }})</summary>
<ol class="journal">
{% for line in idle %}
<li><span class="at">{{ line.at }}</span>{{ line.sentence }}</li>
{% endfor %}
</ol>
</details>
<p>Digest of decisions, data and figures: <code>{{ report.digest }}</code></p>
</body>
</html>
"""
