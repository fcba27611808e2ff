/**
 * The component's own style, as a constructed sheet: a strict content security policy needs no exception for it.
 *
 * A shop themes it by custom properties (`--why-ink`, `--why-soft`, `--why-line`, `--why-surface`, `--why-accent`,
 * `--why-radius`, `--why-gap`) and by parts: `sentence`, `actions`, `toggle`, `thumb`, `panel`, `reason`,
 * `bar`, `refuse`, `instead`, `note`, `status`.
 */
export const sheet = new CSSStyleSheet();

sheet.replaceSync(`
:host {
  --ink: var(--why-ink, light-dark(#1d211c, #ecefe8));
  --soft: var(--why-soft, light-dark(#5b6158, #a9b0a4));
  --line: var(--why-line, light-dark(#dfe2da, #363b34));
  --surface: var(--why-surface, light-dark(#f4f5f0, #232822));
  --accent: var(--why-accent, light-dark(#1f6b4a, #7fcfa6));
  --radius: var(--why-radius, 8px);
  --gap: var(--why-gap, .5rem);
  display: block; color: var(--ink); overflow-wrap: anywhere;
}
:host([hidden]), [hidden] { display: none !important; }
:host([state="empty"]:not([empty="show"])), :host([state="idle"]) { display: none; }
* { box-sizing: border-box; }
p, ul { margin: 0; padding: 0; }
ul { list-style: none; }
button, select { font: inherit; color: inherit; }
button {
  background: none; border: 0; padding: 0; cursor: pointer; border-radius: calc(var(--radius) * .75);
  min-height: 2rem; min-width: 2rem;
}
button:disabled { cursor: progress; opacity: .6; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.sentence { text-wrap: pretty; line-height: 1.45; }
:host([state="empty"]) .sentence, :host([state="error"]) .sentence { color: var(--soft); }
.ghost { display: grid; gap: .45rem; padding: .35rem 0; }
.ghost i { height: .7rem; border-radius: 99px; background: var(--line); animation: breathe 1.4s ease-in-out infinite alternate; }
.ghost i:nth-child(2) { width: 68%; animation-delay: .2s; }
@keyframes breathe { from { opacity: 1 } to { opacity: .45 } }
.actions { display: flex; align-items: center; gap: .15rem; margin-top: .2rem; color: var(--soft); font-size: .875em; }
.toggle { display: inline-flex; align-items: center; gap: .2rem; padding: 0 .5rem 0 0; margin-inline-end: auto; font-weight: 550; }
.toggle .icon { width: 1rem; transition: transform .18s ease; }
.toggle[aria-expanded="true"] .icon { transform: rotate(180deg); }
.toggle:hover, .thumb:hover, .plain:hover { color: var(--ink); }
.thumbs { display: flex; }
.thumb { display: grid; place-items: center; }
.thumb .icon { width: 1.15rem; height: 1.15rem; }
.thumb:hover { background: var(--surface); }
.thumb[aria-pressed="true"] { color: var(--accent); }
.thumb[aria-pressed="true"] path { fill: color-mix(in srgb, var(--accent) 22%, transparent); }
.panel { margin-top: var(--gap); padding: .85rem .9rem; background: var(--surface); border-radius: var(--radius); font-size: .9em; display: grid; gap: .9rem; }
.label { color: var(--soft); font-size: .92em; margin-bottom: .5rem; }
.reasons { display: grid; gap: .75rem; }
.reason { display: grid; gap: .2rem .75rem; grid-template-columns: 1fr auto; line-height: 1.4; }
.bar { grid-column: 1 / -1; height: 4px; border-radius: 99px; background: var(--line); overflow: hidden; }
.bar i { display: block; height: 100%; width: calc(var(--share) * 100%); min-width: 3px; border-radius: inherit; background: var(--accent); }
.told { min-width: 0; }
.told::first-letter { text-transform: uppercase; }
.weight { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.under { grid-column: 1 / -1; display: flex; flex-wrap: wrap; align-items: center; gap: 0 .75rem; color: var(--soft); font-size: .92em; min-height: 2rem; }
.plain { text-decoration: underline; text-decoration-color: var(--line); text-underline-offset: .22em; min-height: 1.75rem; text-align: start; }
.plain:hover { text-decoration-color: currentColor; }
.reason.off .told { text-decoration: line-through; color: var(--soft); }
.instead { border-top: 1px solid var(--line); padding-top: .85rem; display: grid; gap: .6rem; }
.instead label { display: grid; gap: .35rem; }
select { width: 100%; min-height: 2.25rem; padding: .3rem .5rem; border: 1px solid color-mix(in srgb, var(--soft) 65%, var(--line)); border-radius: calc(var(--radius) * .75); background: light-dark(#fff, #191d18); }
.verdict { font-weight: 550; line-height: 1.4; }
.sides { display: grid; gap: .75rem; }
.side li { display: grid; grid-template-columns: 1fr auto; gap: .1rem .75rem; padding: .15rem 0; line-height: 1.35; }
.side.other .bar i { background: var(--soft); }
.note { color: var(--soft); font-size: .92em; line-height: 1.4; display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: center; border-top: 1px solid var(--line); padding-top: .6rem; }
.status { color: var(--soft); font-size: .875em; min-height: 0; line-height: 1.4; }
.status:not(:empty) { margin-top: .35rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .bar { border: 1px solid CanvasText; } .bar i { background: CanvasText; } }
`);
