/** What stands around the analyst's list: headline and the banner of a trial. */
import { node } from "../why-this/nodes.js";
import { Page } from "../shop/page.js";

const find = (id) => document.getElementById(id);

export class Frame extends Page {
  constructor(shop) {
    super(shop);
    this.shop = shop;
    const wide = matchMedia("(min-width: 62rem)");
    const unfold = () => (find("switches-fold").open = wide.matches);
    wide.addEventListener("change", unfold);
    unfold();
  }

  #say(key, values) {
    return this.shop.texts.say("analyst", key, values);
  }

  /** Write the headline of a list. */
  say({ user_id: user, as_of: moment, personalised: isPersonal }) {
    find("title").textContent = this.#say(isPersonal ? "title" : "title_general", { user });
    find("lede").textContent = this.#say(isPersonal ? "lede" : "lede_general");
    find("moment").textContent = this.#say("as_of", { date: this.shop.texts.date(moment) });
  }

  /** Say that a list is only tried, and offer to keep it or to go back. */
  trial(found) {
    const box = find("trial");
    box.hidden = !found;
    if (!found) return box.replaceChildren();
    const { players, changed, total, canKeep } = found;
    const told = changed ? this.#say("changes", { count: changed, total }) : this.#say("changes_none");
    const keep = node("button", { type: "button", class: "button main", onclick: () => this.shop.keepTrial() }, this.#say("keep"));
    const back = node("button", { type: "button", class: "button", onclick: () => this.shop.restore() }, this.#say("restore"));
    box.replaceChildren(
      node("p", { role: "status" }, node("strong", {}, this.#say("without", { players })), " – ", told),
      node("div", {}, ...(canKeep ? [keep, back] : [back])),
    );
  }
}
