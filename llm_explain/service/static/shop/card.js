/** One product of the list: picture, title, price, badge, and why it is recommended. */
import { node } from "../why-this/nodes.js";
import { field } from "./field.js";

/** Return a card, with the explanation that came with the list. */
export function card(shop, item, explanation) {
  const price = typeof item.price === "number" && node("span", { class: "price" }, shop.texts.money(item.price, shop.currency));
  const [badge] = explanation?.badges ?? [];
  const why = node("why-this", { item: item.item_id, user: shop.user, name: item.title, locale: shop.locale, currency: shop.currency });
  why.record = explanation;
  return node(
    "li",
    {},
    node(
      "article",
      { class: "card" },
      field(item),
      node(
        "div",
        { class: "told" },
        node("div", { class: "line" }, node("h3", { title: item.title }, item.title), price),
        badge && node("p", { class: "badge" }, badge.text),
        why,
      ),
    ),
  );
}

/** Return a list of empty cards, which stand where products will. */
export function waitingCards(count) {
  const one = () => node("li", {}, node("div", { class: "card ghost" }));
  return node("ol", { class: "cards", "aria-hidden": "true" }, ...Array.from({ length: count }, one));
}
