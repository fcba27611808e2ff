/** What narrows the list: category, price, availability; and whether the customer's history is used. */
import { node } from "../why-this/nodes.js";

const GROUP = "group:";
const PRICES = [2, 5, 10, 20];

export class Filters {
  constructor(form, shop) {
    this.form = form;
    this.shop = shop;
    form.addEventListener("submit", (event) => event.preventDefault());
    this.reset();
  }

  reset() {
    this.category = this.price = "";
    this.isInStock = false;
  }

  /** Return the fields of the request. */
  asked() {
    return { ...(this.category && { categories: [this.category] }), ...(this.price && { max_price: Number(this.price) }) };
  }

  /** Say whether an item of the answer may be shown. */
  admits(item) {
    return !this.isInStock || item.available !== false;
  }

  draw(groups, preferences) {
    const { texts, currency } = this.shop;
    const say = (key, values) => texts.say("shop", key, values);
    this.form.setAttribute("aria-label", say("filters"));
    const names = groups.filter((group) => group.startsWith(GROUP)).map((group) => group.slice(GROUP.length));
    const categories = [...new Set([...names, this.category])].filter(Boolean).sort(new Intl.Collator(texts.locale).compare);
    const isPersonal = preferences.personalised;
    const focused = document.activeElement?.id;
    this.form.replaceChildren(
      this.#select("category", say("category"), say("category_all"), categories.map((name) => [name, name])),
      this.#select("price", say("price"), say("price_any"), PRICES.map((price) => [String(price), say("price_most", { price: texts.money(price, currency) })])),
      this.#check("in-stock", say("in_stock"), this.isInStock, () => ((this.isInStock = !this.isInStock), this.shop.load())),
      this.#check("personalise", say("personalise"), isPersonal, () => this.shop.prefer({ personalised: !isPersonal }, { personalised: isPersonal })),
    );
    if (focused) this.form.querySelector(`#${CSS.escape(focused)}`)?.focus();
  }

  #select(name, label, all, options) {
    const choice = node("select", { id: `filter-${name}` }, node("option", { value: "" }, all), ...options.map(([value, text]) => node("option", { value }, text)));
    choice.value = this[name];
    choice.addEventListener("change", () => ((this[name] = choice.value), this.shop.load()));
    return node("label", {}, node("span", { class: "unseen" }, label), choice);
  }

  #check(id, label, isOn, act) {
    return node("label", { class: "check" }, node("input", { id, type: "checkbox", checked: isOn, onchange: act }), label);
  }
}
