/** One product in the list: colour field, title, price, the sentence, and the way to its working. */
import { node } from "../why-this/nodes.js";
import { field } from "../shop/field.js";

export class Tile {
  constructor(shop, item) {
    this.item = item;
    this.shop = shop;
    this.why = node("p", { class: "sentence" });
    this.moved = node("p", { class: "moved", hidden: true });
    this.rank = node("span", { class: "number" });
    this.step = node("span", { class: "number", hidden: true });
    const { texts } = shop;
    const title = node("h3", { title: item.title }, item.title);
    const working = node("button", { type: "button", class: "link", "aria-haspopup": "dialog" }, texts.say("analyst", "working"));
    working.setAttribute("aria-label", texts.say("analyst", "working_of", { item: item.title }));
    working.addEventListener("click", () => shop.openWorking(this.item));
    const brand = item.brand && !/^brand #/i.test(item.brand) ? item.brand : null;
    this.element = node(
      "li",
      {},
      node(
        "article",
        { class: "tile" },
        field(item),
        node("div", { class: "place" }, this.rank, this.step),
        node(
          "div",
          { class: "told" },
          node(
            "div",
            {},
            node("div", { class: "line" }, title, typeof item.price === "number" && node("span", { class: "price" }, texts.money(item.price, shop.currency))),
            node("p", { class: "meta" }, [item.category, brand].filter(Boolean).join(" · ")),
          ),
          this.why,
          this.moved,
          working,
        ),
      ),
    );
  }

  /** Show the item as recommended, with its sentence. */
  show(rank, record) {
    this.#place(rank);
    this.step.hidden = this.moved.hidden = true;
    this.why.hidden = false;
    this.why.textContent = record.text ?? this.shop.texts.say("why", "empty");
  }

  /** Show where the item would be in a list that has not come true: its sentence would not hold there, so it rests. */
  showTrial(rank, before) {
    const { texts } = this.shop;
    const ordinal = before && texts.say("analyst", "ordinal", { rank: texts.number(before) });
    this.#place(rank);
    const rise = before ? before - rank : Infinity;
    this.step.hidden = rise === 0;
    this.step.className = rise > 0 ? "number rose" : "number fell";
    this.step.textContent = `${rise > 0 ? "↑" : "↓"}${Number.isFinite(rise) ? ` ${texts.number(Math.abs(rise))}` : ""}`;
    this.why.hidden = true;
    this.moved.hidden = false;
    if (rise === 0) this.moved.textContent = texts.say("analyst", "stays", { rank: ordinal });
    else this.moved.textContent = before ? texts.say("analyst", "was", { rank: ordinal }) : texts.say("analyst", "was_beyond");
  }

  #place(rank) {
    const { texts } = this.shop;
    this.rank.replaceChildren(
      node("span", { "aria-hidden": "true" }, texts.number(rank)),
      node("span", { class: "unseen" }, texts.say("analyst", "rank", { rank: texts.number(rank) })),
    );
  }
}
