/** What the list is based on: a switch for each history group and each term of the moment. */
import { node } from "../why-this/nodes.js";
import { tellPlayer } from "../why-this/texts.js";

const FEW = 8;
const TERMS = ["promotion", "popularity", "season", "novelty", "price", "channel"].map((term) => `context:${term}`);

export class Switches {
  constructor(box, shop) {
    this.box = box;
    this.shop = shop;
    this.isLong = false;
  }

  /** Draw all switches; `pull` says how much each player moves this list, as a share of the strongest. */
  draw({ groups, kept, off, isPersonal, pull }) {
    const focused = this.box.querySelector(":focus")?.dataset.player;
    const { texts } = this.shop;
    const isOn = (player) => !kept.has(player) && !off.has(player);
    const ordered = [...groups].sort((one, two) => (pull.get(two) ?? 0) - (pull.get(one) ?? 0));
    const shown = this.isLong ? ordered : ordered.filter((group, place) => place < FEW || !isOn(group));
    const personal = this.#switch("personalise", texts.say("analyst", "personalise"), isPersonal, () => this.shop.personalise(!isPersonal), null, "switch main");
    const rows = (players) =>
      players.map((player) => this.#switch(player, name(texts, player), isOn(player), () => this.shop.toggle(player), pull.get(player)));
    const history = isPersonal ? rows(shown) : [];
    if (isPersonal && !groups.length) history.push(node("p", { class: "soft" }, texts.say("analyst", "no_history")));
    if (isPersonal && ordered.length > FEW) history.push(this.#more(ordered.length - FEW));
    const terms = TERMS.filter((term) => pull.has(term));
    this.box.replaceChildren(
      node("div", { class: "switches" }, personal),
      ...(history.length ? [this.#set("history", history)] : []),
      ...(terms.length ? [this.#set("moment", rows(terms))] : []),
    );
    if (focused) this.focus(focused);
  }

  /** Focus a player's switch; say whether there was one to focus. */
  focus(player) {
    const button = this.box.querySelector(`[data-player="${CSS.escape(player)}"]`);
    button?.focus();
    return button !== null && document.activeElement === button;
  }

  #set(key, rows) {
    return node("fieldset", { class: "switches" }, node("legend", {}, this.shop.texts.say("analyst", key)), ...rows);
  }

  #switch(player, label, isOn, act, pull = null, look = "switch") {
    const button = node("button", { type: "button", role: "switch", class: look, "aria-checked": String(isOn), "data-player": player, onclick: act });
    button.append(node("span", { class: "name" }, label), node("span", { class: "knob", "aria-hidden": "true" }));
    if (pull) {
      const bar = node("span", { class: "pull", "aria-hidden": "true" });
      bar.style.setProperty("--share", pull);
      button.append(bar);
    }
    return button;
  }

  #more(count) {
    const label = this.isLong ? this.shop.texts.say("analyst", "fewer_groups") : this.shop.texts.say("analyst", "more_groups", { count });
    const flip = () => {
      this.isLong = !this.isLong;
      this.shop.drawSwitches();
    };
    return node("button", { type: "button", class: "link", "data-player": "more", "aria-expanded": String(this.isLong), onclick: flip }, label);
  }
}

/** Return the short name of a player: a category's own name, since the heading says whose it is. */
export function name(texts, player) {
  return player.startsWith("group:") ? player.slice("group:".length) : tellPlayer(texts, player);
}

/** Return how much each player moves a list, as a share of the one that moves it most. */
export function pullOf(records) {
  const sum = new Map();
  for (const { attributions } of records) {
    for (const { player, phi } of attributions) sum.set(player, (sum.get(player) ?? 0) + Math.abs(phi));
  }
  const most = Math.max(...sum.values(), 1e-9);
  return new Map([...sum].map(([player, value]) => [player, value / most]));
}
