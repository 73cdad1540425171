"""The report's style sheet: light and dark, wide and narrow, screen and paper."""

STYLE = """
:root {
  --page: #f5f6f8; --card: #ffffff; --ink: #20242c; --soft: #5f6673; --rule: #e1e4ea; --accent: #086abe;
  --warn: #8a4b00; --warn-page: #fff5e6; --warn-rule: #f0d3a6; --code: #eef1f5;
  --shadow: 0 1px 2px rgb(20 30 50 / 5%), 0 4px 16px rgb(20 30 50 / 5%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c; --card: #1c2027; --ink: #e7eaf0; --soft: #a0a8b6; --rule: #2d333d; --accent: #6db3f2;
    --warn: #f3c37d; --warn-page: #2b2214; --warn-rule: #594522; --code: #252a33;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif;
}
main { max-width: 1160px; margin: 0 auto; padding: 48px 24px 40px; }
h1, h2, h3, p, dl, dd, figure, ul { margin: 0; }
h1 { font-size: clamp(28px, 5vw, 42px); line-height: 1.15; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h2 { font-size: 20px; letter-spacing: -0.01em; margin: 0 0 14px; }
h3 { font-size: 16px; font-weight: 600; margin: 0 0 12px; overflow-wrap: anywhere; }
.brand {
  font-size: 13px; font-weight: 600; letter-spacing: 0.14em; text-transform: uppercase; color: var(--accent);
  margin-bottom: 6px;
}
.subtitle { color: var(--soft); font-size: 18px; margin-top: 8px; overflow-wrap: anywhere; }
section, .opening, footer { margin-top: 40px; }

.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(158px, 1fr)); gap: 16px; margin-top: 28px; }
.number {
  display: flex; flex-direction: column-reverse; justify-content: flex-end;
  background: var(--card); border-radius: 12px; padding: 16px 18px; box-shadow: var(--shadow);
}
.number dt { color: var(--soft); font-size: 14px; line-height: 1.4; overflow-wrap: anywhere; }
.number dd { font-size: 28px; font-weight: 600; line-height: 1.25; letter-spacing: -0.02em; overflow-wrap: anywhere; }
.number dd, td.value { font-variant-numeric: tabular-nums; }

.warnings {
  background: var(--warn-page); border: 1px solid var(--warn-rule); border-radius: 12px; padding: 16px 20px;
}
.warnings h2 { font-size: 16px; color: var(--warn); margin-bottom: 6px; }
.warnings ul { padding-left: 20px; }

.opening { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 24px; align-items: stretch; }
.opening section { margin: 0; }
figure, .facts, .table {
  background: var(--card); border-radius: 16px; padding: 20px; box-shadow: var(--shadow); overflow: hidden;
}
figure { display: flex; flex-direction: column; }
.paper {
  background: #ffffff; border-radius: 10px; overflow-x: auto; padding: 6px; flex: 1; display: flex; align-items: center;
}
figure img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.film img { width: 100%; }
figcaption, .caption { color: var(--soft); font-size: 14px; margin-top: 12px; overflow-wrap: anywhere; }
.gallery { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 24px; grid-auto-flow: row dense; }
.gallery .wide { grid-column: 1 / -1; }
.beside { display: grid; grid-template-columns: repeat(var(--columns), minmax(260px, 1fr)); gap: 24px; }
.beside img { width: 100%; }

a { color: var(--accent); }
.contents { list-style: none; display: flex; flex-wrap: wrap; gap: 10px; margin: 24px 0 0; padding: 0; }
.contents a {
  display: block; padding: 6px 14px; border: 1px solid var(--rule); border-radius: 999px; background: var(--card);
  color: var(--ink); font-size: 14px; text-decoration: none;
}
.contents a:hover, .contents a:focus { border-color: var(--accent); }
.exhibit { border-top: 1px solid var(--rule); padding-top: 40px; }
.exhibit h2 { font-size: clamp(22px, 3.5vw, 30px); letter-spacing: -0.015em; margin-bottom: 8px; }
.about { font-size: 17px; max-width: 76ch; margin-bottom: 22px; }
.makers { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 24px; margin-top: 24px; }
.makers h3 { font-size: 14px; color: var(--soft); margin-bottom: 0; }

.facts dl > div {
  display: flex; justify-content: space-between; gap: 20px; padding: 9px 0; border-top: 1px solid var(--rule);
}
.facts dl > div:first-child { border-top: 0; padding-top: 0; }
.facts dt { color: var(--soft); flex: 0 0 auto; max-width: 45%; overflow-wrap: anywhere; }
.facts dd { text-align: right; overflow-wrap: anywhere; min-width: 0; }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 15px; }
th { font-size: 14px; font-weight: 600; color: var(--soft); text-align: left; }
th, td { padding: 9px 18px 9px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child td { border-bottom: 0; }
th.value, td.value { text-align: right; }
td.value { white-space: nowrap; }

footer { border-top: 1px solid var(--rule); padding-top: 28px; }
footer h2 { font-size: 16px; margin: 0 0 8px; }
footer pre + h2 { margin-top: 24px; }
footer p { font-size: 14px; color: var(--soft); }
pre {
  background: var(--code); border-radius: 8px; padding: 10px 14px; margin: 6px 0 14px;
  white-space: pre-wrap; overflow-wrap: anywhere;
  font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
.version { margin-top: 24px; }

@media screen and (max-width: 760px) {
  main { padding: 28px 16px; }
  section, .opening, footer { margin-top: 28px; }
  .opening, .gallery, .makers { grid-template-columns: minmax(0, 1fr); gap: 16px; }
  .numbers { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; }
  .number dd { font-size: 22px; }
  figure, .facts, .table { padding: 16px; border-radius: 12px; }
  .wide .paper { justify-content: flex-start; }
  .wide img { max-width: none; width: 640px; } /* wide pictures scroll, so that their type stays readable */
}
@media print {
  :root {
    --page: #ffffff; --card: #ffffff; --ink: #000000; --soft: #444444; --rule: #cccccc; --accent: #086abe;
    --warn: #8a4b00; --warn-page: #ffffff; --warn-rule: #cccccc; --code: #f2f2f2; --shadow: none;
  }
  body { font-size: 12px; }
  h1 { font-size: 28px; }
  h2 { font-size: 16px; }
  h3 { font-size: 13px; }
  section, .opening, footer { margin-top: 20px; }
  .numbers, .opening, .gallery { gap: 12px; }
  .number dd { font-size: 20px; }
  .number dt, figcaption, .caption, table, th, footer p, pre { font-size: 11px; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  figure, .facts, .table, .number { border: 1px solid var(--rule); break-inside: avoid; }
  h2 { break-after: avoid; }
}
"""
