/** The component's own style, as a constructed sheet: a strict content security policy needs no exception for it. */
export const sheet = new CSSStyleSheet();

sheet.replaceSync(`
:host {
  --ink: var(--why-ink, light-dark(#1d211c, #ecefe8));
  --soft: var(--why-soft, light-dark(#5b6158, #a9b0a4));
  --line: var(--why-line, light-dark(#dfe2da, #363b34));
  --surface: var(--why-surface, light-dark(#fff, #1f241e));
  --accent: var(--why-accent, light-dark(#1f6b4a, #7fcfa6));
  --radius: var(--why-radius, 12px);
  display: block; color: var(--ink); overflow-wrap: anywhere;
}
:host([hidden]), [hidden] { display: none !important; }
:host(:is([state="idle"], [state="unknown"], [state="error"])), :host([state="empty"]:not([empty="show"], [undo])) { display: none; }
* { box-sizing: border-box; }
p, ul { margin: 0; padding: 0; }
ul { list-style: none; }
button, select { font: inherit; color: inherit; }
button { background: none; border: 0; padding: 0; cursor: pointer; border-radius: var(--radius); min-height: 44px; min-width: 44px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.icon { width: 1.15rem; height: 1.15rem; }
.box { display: flex; flex-wrap: wrap; align-items: flex-start; min-height: 44px; }
.noted { flex-basis: 100%; display: flex; align-items: center; gap: .75rem; }
.sentence { flex: 1; min-width: 0; text-wrap: pretty; line-height: 1.4; padding-block: .67rem; }
:host([state="empty"]) .sentence { color: var(--soft); }
.ghost { flex: 1; display: grid; gap: .4rem; padding: .42rem 0; }
.ghost i { height: .7rem; border-radius: 99px; background: var(--line); animation: breathe 1.4s ease-in-out infinite alternate; }
.ghost i:nth-child(2) { width: 68%; animation-delay: .2s; }
@keyframes breathe { from { opacity: 1 } to { opacity: .45 } }
.toggle, .icon-button { flex: none; display: grid; place-items: center; color: var(--soft); }
.toggle { justify-items: end; }
.toggle:hover, .icon-button:hover, .plain:hover, .toggle[aria-expanded="true"] { color: var(--ink); }
.panel {
  position: absolute; inset: auto; margin: 0; width: min(23rem, calc(100vw - 1rem)); max-height: min(36rem, 85vh); overflow: auto; overscroll-behavior: contain;
  padding: .4rem 1.1rem 1rem; color: var(--ink); background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius);
  box-shadow: 0 16px 48px -12px rgb(0 0 0 / .35); font-size: .95rem; line-height: 1.4; gap: .7rem;
}
.panel:popover-open { display: grid; }
@media (max-width: 40rem) {
  .panel { position: fixed; inset: auto 0 0 0 !important; width: 100%; max-width: none; max-height: 80dvh; border-width: 1px 0 0; border-radius: var(--radius) var(--radius) 0 0; padding-bottom: max(1rem, env(safe-area-inset-bottom)); }
  .panel::backdrop { background: rgb(0 0 0 / .45); }
}
.head { display: flex; align-items: center; justify-content: space-between; gap: .5rem; margin-inline-end: -.7rem; }
.title { font-weight: 620; padding-block: .6rem; }
.reasons { display: grid; gap: .35rem; }
.reason { display: grid; gap: .25rem .75rem; grid-template-columns: 1fr auto; }
.told { min-width: 0; }
.told::first-letter { text-transform: uppercase; }
.weight { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { grid-column: 1 / -1; height: 4px; border-radius: 99px; background: var(--line); overflow: hidden; }
.bar i { display: block; height: 100%; width: calc(var(--share) * 100%); min-width: 3px; border-radius: inherit; background: var(--accent); }
.plain { color: var(--soft); text-align: start; text-decoration: underline; text-decoration-color: var(--line); text-underline-offset: .22em; font-size: .92em; }
.plain:hover { text-decoration-color: currentColor; }
.reason .plain { grid-column: 1 / -1; justify-self: start; }
.reason.off .told { text-decoration: line-through; color: var(--soft); }
.label, .note, .status { color: var(--soft); font-size: .92em; }
.instead { border-top: 1px solid var(--line); padding-top: .7rem; display: grid; gap: .6rem; }
.instead label { display: grid; gap: .3rem; min-width: 0; }
select { width: 100%; min-height: 44px; padding: .3rem .6rem; border: 1px solid color-mix(in srgb, var(--soft) 65%, var(--line)); border-radius: calc(var(--radius) * .75); background: var(--surface); text-overflow: ellipsis; }
.verdict { font-weight: 560; }
.sides, .side ul { display: grid; gap: .6rem; }
.side .label { margin-bottom: .3rem; }
.side.other .bar i { background: var(--soft); }
.note { border-top: 1px solid var(--line); padding-top: .7rem; }
.actions { display: flex; align-items: center; gap: .25rem; margin: -.4rem 0 -.4rem -.7rem; }
.actions .plain { margin-inline-start: auto; }
.thumb[aria-pressed="true"] { color: var(--accent); }
.thumb[aria-pressed="true"] path { fill: color-mix(in srgb, var(--accent) 22%, transparent); }
.status:empty { display: none; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .bar { border: 1px solid CanvasText; } .bar i { background: CanvasText; } }
`);
