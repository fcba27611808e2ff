/** The list of products. It re-ranks by moving its tiles, so that a reader sees what goes where. */
import { node } from "../why-this/nodes.js";
import { Tile } from "./tile.js";

const MOVE = { duration: 420, easing: "cubic-bezier(.2, .8, .2, 1)" };

export class Grid {
  constructor(list, shop) {
    this.list = list;
    this.shop = shop;
    this.tiles = new Map();
  }

  clear() {
    this.tiles.clear();
    this.list.replaceChildren();
  }

  wait(count) {
    this.tiles.clear();
    this.list.replaceChildren(...Array.from({ length: count }, () => node("li", { "aria-hidden": "true" }, node("div", { class: "tile ghost" }))));
  }

  /** Put items in order; `draw(tile, row)` says what each shows. */
  arrange(rows, draw) {
    const before = new Map([...this.tiles].map(([id, tile]) => [id, tile.element.getBoundingClientRect()]));
    const kept = new Map();
    for (const row of rows) {
      const tile = this.tiles.get(row.item_id) ?? new Tile(this.shop, this.shop.itemOf(row));
      draw(tile, row);
      kept.set(row.item_id, tile);
    }
    this.tiles = kept;
    this.#place([...kept.values()].map((tile) => tile.element));
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.#move(before);
  }

  /** Reorder without taking the focused element out of the page. */
  #place(elements) {
    for (const child of [...this.list.children]) if (!elements.includes(child)) child.remove();
    elements.forEach((element, place) => {
      if (this.list.children[place] !== element) this.list.insertBefore(element, this.list.children[place] ?? null);
    });
  }

  #move(before) {
    for (const [id, { element }] of this.tiles) {
      const from = before.get(id);
      const to = element.getBoundingClientRect();
      if (!from) element.animate([{ opacity: 0, scale: 0.97 }, { opacity: 1, scale: 1 }], MOVE);
      else if (from.x !== to.x || from.y !== to.y) {
        element.animate([{ translate: `${from.x - to.x}px ${from.y - to.y}px` }, { translate: "0 0" }], MOVE);
      }
    }
  }
}
