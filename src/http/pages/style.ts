/** The one style sheet of all pages. It asks for nothing from anywhere: system fonts, no images. */
import { accessibleColour, textOn } from './colour.ts'

const LIGHT = '#f4f6f9'
const DARK = '#1b222d'

/** Sheets by colour, for a sheet takes longer than the rest of its page; as many as there can sensibly be tenants in use. */
const sheets = new Map<string, string>()
const MOST_SHEETS = 1_000

/** The style sheet with the tenant's colour (`#rrggbb`) made readable in light and in dark (WCAG 2.2, 1.4.3). */
export function pageStyle(colour: string): string {
  const known = sheets.get(colour)
  if (known !== undefined) return known
  if (sheets.size >= MOST_SHEETS) sheets.clear()
  const sheet = writeSheet(colour)
  sheets.set(colour, sheet)
  return sheet
}

function writeSheet(colour: string): string {
  const [light, dark] = [accessibleColour(colour, LIGHT), accessibleColour(colour, DARK)]
  return `:root{color-scheme:light dark;--ground:${LIGHT};--card:#fff;--ink:#18202c;--soft:#4b5768;--line:#d6dce5;
--accent:${light};--on-accent:${textOn(light)}}
@media (prefers-color-scheme:dark){:root{--ground:#12171f;--card:${DARK};--ink:#e9edf3;--soft:#b4bfcd;--line:#36414f;
--accent:${dark};--on-accent:${textOn(dark)}}}
${SHEET}`
}

const SHEET = `*{box-sizing:border-box}
[hidden]{display:none!important}
html{font-size:100%;-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;background:var(--ground);
color:var(--ink);font:1rem/1.5 -apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;
overflow-wrap:anywhere}
header,main,footer{width:100%;max-width:30rem;padding:0 1rem}
.wide header,.wide main,.wide footer{max-width:58rem}
header{display:flex;align-items:center;gap:.75rem;padding-top:1.5rem;padding-bottom:1rem;font-weight:600}
.mark{flex:none;display:grid;place-items:center;width:2.5rem;height:2.5rem;border-radius:.75rem;background:var(--accent);
color:var(--on-accent);font-size:1.125rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:1rem;padding:1.5rem;
box-shadow:0 1px 2px rgb(16 24 40/.05),0 8px 24px rgb(16 24 40/.06)}
h1{margin:0 0 .75rem;font-size:1.625rem;line-height:1.25;letter-spacing:-.01em;text-wrap:balance}
h2{margin:1.5rem 0 .5rem;font-size:1rem;line-height:1.4}
h3{margin:1.25rem 0 .25rem;font-size:1rem}
p{margin:.5rem 0}
.leave{margin:.5rem 0 0}
.soft{color:var(--soft);font-size:.9375rem}
a{color:var(--accent);text-underline-offset:.15em}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px;border-radius:.375rem}
ul.asked{list-style:none;margin:.5rem 0;padding:0;border-top:1px solid var(--line)}
ul.asked li{display:flex;gap:.625rem;padding:.4375rem 0;border-bottom:1px solid var(--line)}
ul.asked li::before{content:"";flex:none;width:.5rem;height:.5rem;margin-top:.5rem;border-radius:50%;background:var(--accent)}
.button{display:flex;align-items:center;justify-content:center;min-height:3rem;padding:.625rem 1.25rem;margin:1.25rem 0 0;
border:2px solid var(--accent);border-radius:.75rem;background:var(--accent);color:var(--on-accent);font-weight:600;
text-align:center;text-decoration:none;font:inherit;font-weight:600;width:100%;box-sizing:border-box;cursor:pointer}
.button:hover{text-decoration:underline}
.button.plain{background:transparent;color:var(--accent)}
.quiet{display:inline-flex;align-items:center;min-height:2.75rem}
button.quiet{border:0;padding:0;background:none;color:var(--accent);font:inherit;text-decoration:underline;text-underline-offset:.15em;cursor:pointer}
button.quiet:hover{text-decoration-thickness:2px}
.progress{display:flex;flex-wrap:wrap;gap:.25rem 1rem;justify-content:space-between;align-items:center;
margin-top:1.25rem;padding-top:1rem;border-top:1px solid var(--line);font-size:.9375rem}
.progress p{margin:0}
.news{display:flex;align-items:baseline;gap:.625rem}
.news::before{content:"";flex:none;width:.625rem;height:.625rem;border-radius:50%;background:var(--accent);
animation:breathe 2s ease-in-out infinite}
.progress .time{color:var(--soft);font-variant-numeric:tabular-nums}
@keyframes breathe{50%{opacity:.3}}
fieldset.accounts{margin:1.25rem 0;padding:0;border:0}
.accounts legend{padding:0;font-weight:600}
.account{display:flex;gap:.75rem;padding:.75rem 0;border-bottom:1px solid var(--line)}
.account label,.tick label{display:inline-block;min-height:1.5rem;font-weight:600;cursor:pointer}
.account input,.tick input{flex:none;width:1.5rem;height:1.5rem;margin:0;accent-color:var(--accent)}
.tick{display:flex;gap:.75rem}
p.field{margin:.75rem 0}
.field label{display:block;font-weight:600}
.field input,.field select{width:100%;min-height:2.75rem;padding:.5rem .75rem;border:1px solid var(--soft);border-radius:.5rem;
background:var(--card);color:var(--ink);font:inherit}
ul.plain{list-style:none;margin:0;padding:0}
table.counts{width:100%;border-collapse:collapse}
.counts th{padding:.375rem 0;text-align:left;font-weight:400;border-bottom:1px solid var(--line)}
.counts td{padding:.375rem 0 .375rem 1rem;text-align:right;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
dl{margin:.5rem 0}
dt{font-weight:600}
dd{margin:0 0 .5rem}
details{margin-top:1.25rem;border:1px solid var(--line);border-radius:.75rem}
summary{min-height:2.75rem;padding:.625rem 1rem;font-weight:600;cursor:pointer}
.scan{padding:0 1rem 1rem;text-align:center}
.scan img{display:block;width:100%;max-width:17rem;height:auto;margin:.75rem auto;border-radius:.5rem;background:#fff}
.scan p{text-align:left}
.away{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{margin-top:auto;padding-top:1rem;padding-bottom:1.5rem;font-size:.875rem;color:var(--soft)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.875em}
pre{margin:.5rem 0;padding:.75rem;border:1px solid var(--line);border-radius:.5rem;background:var(--ground);
white-space:pre-wrap}
.reference{margin-top:1.5rem}
.sections h2{margin-top:2rem;font-size:1.375rem}
.sections h4{margin:1.25rem 0 .25rem}
.operation{margin-top:1rem}
.operation h3{margin-top:0;font-size:1.0625rem}
.method{display:inline-block;min-width:4.5em;padding:.0625rem .5rem;margin-right:.5rem;border-radius:.375rem;
background:var(--accent);color:var(--on-accent);text-align:center}
.operation dt{margin-top:.5rem;font-weight:600}
.operation dd{margin:0 0 0 1rem}
@media (min-width:48rem){
header,main,footer{padding-left:1.5rem;padding-right:1.5rem}
header{padding-top:2rem}
.card{padding:2rem}
.with-code{display:grid;grid-template:"request code" auto "leave code" 1fr/minmax(0,1fr) 19rem;column-gap:2.5rem}
.request{grid-area:request}
.code{grid-area:code}
.leave{grid-area:leave}
.with-code details{margin-top:0}
}
@media (prefers-reduced-motion:reduce){*,::before{animation:none!important;transition:none!important;scroll-behavior:auto!important}}
@media (forced-colors:active){.news::before,ul.asked li::before{background:CanvasText}}`
