/** The colour field that stands where a photograph would be. */
import { shape } from "../why-this/nodes.js";
import { hash, kindOf } from "./kinds.js";
import { PICTURES } from "./pictures.js";

/** Hues that turn to mud when they are dark. */
const YELLOW = [50, 110];

/** Return the field of an item: the category's picture and hue, and a disc whose place is the item's own. */
export function field(item) {
  const { picture, hue } = kindOf(item.category);
  const seed = hash(item.item_id);
  const x = 60 + (seed % 80);
  const y = 30 + ((seed >>> 8) % 50);
  const svg = shape("svg", { class: "field", viewBox: "0 0 200 120", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" });
  svg.style.setProperty("--hue", hue + ((seed >>> 16) % 17) - 8);
  if (hue >= YELLOW[0] && hue <= YELLOW[1]) svg.classList.add("bright");
  const tilt = ((seed >>> 4) % 13) - 6;
  const drawing = shape("g", { transform: `translate(62 22) rotate(${tilt} 38 38) scale(1.19)` });
  for (const tone of ["a", "b", "c", "l"]) {
    if (PICTURES[picture][tone]) drawing.append(shape("path", { class: tone, d: PICTURES[picture][tone], "fill-rule": "evenodd" }));
  }
  svg.append(shape("rect", { class: "ground", width: 200, height: 120 }), shape("circle", { class: "disc", cx: x, cy: y, r: 34 + ((seed >>> 20) % 22) }), drawing);
  return svg;
}
