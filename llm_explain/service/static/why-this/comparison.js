/** "Why not another one?": what speaks for this item and what for the other, as exact differences of attributions. */
import { node } from "./nodes.js";
import { tellPlayer } from "./texts.js";

const MOST = 3;
const LEAST = 0.005;

export class Comparison {
  constructor(host) {
    this.host = host;
    this.choice = node("select", { onchange: () => this.#answer() });
    this.result = node("div", { class: "sides", "aria-live": "polite" });
    const label = node("label", {}, node("span", {}, this.#say("instead")), this.choice);
    this.box = node("div", { part: "instead", class: "instead" }, label, this.result);
    this.offer();
  }

  #say(key, values) {
    return this.host.texts.say("why", key, values);
  }

  /** Offer the items that the page knows; with none there is nothing to compare. */
  offer() {
    const offered = this.host.alternatives;
    this.box.hidden = !offered.length;
    this.choice.replaceChildren(
      node("option", { value: "" }, this.#say("instead_pick")),
      ...offered.map(({ item_id, title }) => node("option", { value: item_id }, title)),
    );
    this.result.replaceChildren();
  }

  async #answer() {
    const other = this.choice.value;
    this.result.replaceChildren();
    if (!other) return;
    this.result.setAttribute("aria-busy", "true");
    try {
      const answer = await this.host.compare(other);
      if (this.choice.value === other) this.#draw(answer, this.choice.selectedOptions[0].textContent);
    } catch {
      if (this.choice.value === other) this.result.replaceChildren(node("p", {}, this.#say("failed")));
    } finally {
      this.result.removeAttribute("aria-busy");
    }
  }

  #draw(answer, otherName) {
    const { texts } = this.host;
    const thisName = this.host.name || this.#say("this");
    const points = texts.number(Math.abs(answer.score_difference), { maximumFractionDigits: 2, minimumFractionDigits: 2 });
    const verdict = this.#say(answer.score_difference >= 0 ? "above" : "below", { item: thisName, other: otherName, points });
    const rows = [[null, answer.base_difference], ...Object.entries(answer.differences)]
      .filter(([, value]) => Math.abs(value) >= LEAST)
      .sort((one, two) => Math.abs(two[1]) - Math.abs(one[1]));
    const most = Math.max(...rows.map(([, value]) => Math.abs(value)), LEAST);
    const sides = [1, -1].map((sign) => this.#side(rows.filter(([, value]) => value * sign > 0), sign, sign > 0 ? thisName : otherName, most));
    const shown = sides.filter(Boolean);
    this.result.replaceChildren(
      node("p", { class: "verdict" }, rows.length ? verdict : this.#say("instead_none")),
      ...shown,
    );
  }

  #side(rows, sign, name, most) {
    if (!rows.length) return null;
    const items = rows.slice(0, MOST).map(([player, value]) => {
      const fill = node("i");
      fill.style.setProperty("--share", Math.abs(value) / most);
      const told = player === null ? this.#say("item_itself") : tellPlayer(this.host.texts, player);
      const weight = node("span", { class: "weight" }, this.host.texts.signed(Math.abs(value)));
      return node("li", {}, node("span", {}, told), weight, node("span", { part: "bar", class: "bar", "aria-hidden": "true" }, fill));
    });
    const label = node("p", { class: "label" }, this.#say("instead_for", { item: name }));
    return node("div", { class: sign > 0 ? "side" : "side other" }, label, node("ul", {}, ...items));
  }
}
