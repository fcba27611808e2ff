/** Charts of an attribution, drawn as SVG at the width that there is; each has the same numbers as a table beside it. */
import { node, shape } from "../why-this/nodes.js";

const ROW = 30;
const BAR = 14;
const MOST = 9;
const LEAST = 0.005;
const NARROW = 520;
const VALUE = 58;

/** Write a number of logits with its sign. */
function signed(texts, value) {
  return texts.number(value, { signDisplay: "exceptZero", minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** Return a waterfall from the base value to the score. `name(player)` says what a player is called. */
export function waterfall(texts, record, name) {
  const sorted = [...record.attributions].sort((one, two) => Math.abs(two.phi) - Math.abs(one.phi));
  const shown = sorted.slice(0, MOST).filter(({ phi }) => Math.abs(phi) >= LEAST);
  const small = sorted.slice(shown.length);
  const steps = shown.map(({ player, phi }) => ({ label: name(player), value: phi }));
  if (small.length) {
    const value = small.reduce((sum, { phi }) => sum + phi, 0);
    steps.push({ label: texts.say("analyst", "smaller", { count: small.length }), value });
  }
  let level = record.base_value;
  const rows = [{ label: texts.say("analyst", "base"), value: level, from: 0, to: level, isTotal: true }];
  for (const step of steps) {
    rows.push({ ...step, from: level, to: level + step.value });
    level += step.value;
  }
  rows.push({ label: texts.say("analyst", "score"), value: record.score, from: 0, to: record.score, isTotal: true });
  return chart(texts, rows, texts.say("analyst", "waterfall"));
}

/** Return what sets two items apart, as bars from a common line. */
export function differences(texts, answer, name) {
  const parts = [[null, answer.base_difference], ...Object.entries(answer.differences)];
  const rows = parts
    .map(([player, value]) => ({ label: player === null ? texts.say("why", "item_itself") : name(player), value, from: 0, to: value }))
    .filter(({ value }) => Math.abs(value) >= LEAST)
    .sort((one, two) => Math.abs(two.value) - Math.abs(one.value))
    .slice(0, 10);
  return chart(texts, rows, texts.say("analyst", "contrast"));
}

function chart(texts, rows, title) {
  const svg = shape("svg", { class: "chart", role: "img", "aria-label": title });
  const cells = rows.map(({ label, value }) => node("tr", {}, node("th", { scope: "row" }, label), node("td", {}, signed(texts, value))));
  const table = node("table", { class: "unseen" }, node("caption", {}, title), node("tbody", {}, ...cells));
  const figure = node("figure", {}, svg, table);
  new ResizeObserver(() => draw(svg, rows, texts)).observe(svg);
  return figure;
}

function draw(svg, rows, texts) {
  const width = Math.floor(svg.getBoundingClientRect().width);
  if (!width || svg.dataset.width === String(width)) return;
  svg.dataset.width = width;
  const isNarrow = width < NARROW;
  const height = isNarrow ? ROW + 16 : ROW;
  const left = isNarrow ? 0 : Math.min(260, width * 0.38);
  const right = width - VALUE;
  const ends = rows.flatMap(({ from, to }) => [from, to]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const x = (value) => left + ((value - low) / (high - low || 1)) * (right - left);
  svg.setAttribute("viewBox", `0 0 ${width} ${rows.length * height}`);
  svg.setAttribute("height", rows.length * height);
  svg.replaceChildren(shape("line", { class: "axis", x1: x(0), x2: x(0), y1: 0, y2: rows.length * height }));
  rows.forEach((row, place) => {
    const top = place * height + (isNarrow ? 22 : (height - BAR) / 2);
    const [start, end] = [Math.min(x(row.from), x(row.to)), Math.max(x(row.from), x(row.to))];
    const tone = row.isTotal ? "whole" : row.value >= 0 ? "plus" : "minus";
    if (!row.isTotal && place && rows[0].isTotal) {
      svg.append(shape("line", { x1: x(row.from), x2: x(row.from), y1: top - height + BAR, y2: top }));
    }
    const label = shape("text", { x: isNarrow ? 0 : left - 14, y: isNarrow ? top - 7 : top + BAR - 2.5, "text-anchor": isNarrow ? "start" : "end", class: row.isTotal ? "total" : "" });
    svg.append(
      label,
      shape("rect", { class: tone, x: start, y: top, width: Math.max(end - start, 2), height: BAR, rx: 3 }),
      shape("text", { class: "value", ...beside(start, end, left, row), y: top + BAR - 2.5 }, row.isTotal ? texts.number(row.value, { minimumFractionDigits: 2, maximumFractionDigits: 2 }) : signed(texts, row.value)),
    );
    fit(label, row.label, isNarrow ? width : left - 14);
  });
}

/** Return where a bar's number stands: beyond its end, where there is room. */
function beside(start, end, left, { value, isTotal }) {
  return value < 0 && !isTotal && start - left > VALUE ? { x: start - 7, "text-anchor": "end" } : { x: end + 7 };
}

/** Write a label, shortened to the room that it has; the table keeps it whole. */
function fit(text, label, room) {
  text.textContent = label;
  let cut = label;
  while (cut.length > 4 && text.getComputedTextLength() > room) {
    cut = cut.slice(0, -1).trimEnd();
    text.textContent = `${cut}…`;
  }
}
