/** Shelves by reason: what each of a household's history groups recommends. */
import { node } from "../why-this/nodes.js";
import { field } from "./field.js";

export function drawShelves(box, shelves, shop) {
  const rows = shelves.map((shelf, place) => {
    const heading = node("h3", { id: `shelf-${place}` }, shelf.title);
    const items = shelf.items.map((row) => node("li", {}, small(shop.itemOf(row), shop)));
    return node("section", { class: "shelf", "aria-labelledby": heading.id }, heading, node("ul", { tabindex: "0", "aria-labelledby": heading.id }, ...items));
  });
  box.replaceChildren(...(rows.length ? rows : [node("p", { class: "soft" }, shop.texts.say("shop", "shelves_none"))]));
}

function small(item, shop) {
  const price = typeof item.price === "number" && node("span", { class: "soft number" }, shop.texts.money(item.price, shop.currency));
  const button = node("button", { type: "button", class: "small", "aria-haspopup": "dialog" }, field(item), node("span", {}, node("b", { title: item.title }, item.title), price));
  button.addEventListener("click", () => shop.openWorking(item));
  return button;
}
