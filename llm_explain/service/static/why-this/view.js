/** What a shopper sees of one explanation, in a shadow root of its own: a sentence, and a popover with its reasons. */
import { icon, node } from "./nodes.js";
import { sheet } from "./style.js";
import { directionOf, tellPlayer, tellReason } from "./texts.js";

const MARGIN = 8;
const MOST = 3;
const LEAST = 0.01;

export class View {
  constructor(host) {
    this.host = host;
    this.root = host.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [sheet];
    this.box = node("div", { class: "box", role: "group" });
    this.status = node("p", { part: "status", class: "status", role: "status" });
    this.root.append(this.box);
  }

  say(key, values) {
    return this.host.texts?.say("why", key, values) ?? "";
  }

  /** Say a text with the item's name, so that the buttons of two cards differ. */
  #sayOf(key) {
    return this.host.name ? this.say(`${key}_named`, { item: this.host.name }) : this.say(key);
  }

  show(state, record) {
    this.record = record;
    this.comparison = null;
    this.host.removeAttribute("open");
    this.host.removeAttribute("undo");
    this.box.setAttribute("aria-label", this.#sayOf("label"));
    this.box.setAttribute("aria-busy", String(state === "loading"));
    if (this.host.texts) {
      this.box.lang = this.host.texts.locale;
      this.box.dir = this.host.getAttribute("dir") || directionOf(this.host.texts.locale);
    }
    const draw = { loading: () => this.#ghost(), ready: () => this.#explanation(), empty: () => this.#empty() };
    this.box.replaceChildren(...(draw[state]?.() ?? []));
  }

  #ghost() {
    return [
      node("span", { class: "unseen" }, this.say("loading")),
      node("div", { class: "ghost", "aria-hidden": "true" }, node("i"), node("i")),
    ];
  }

  #sentence(text) {
    return node("p", { part: "sentence", class: "sentence" }, text);
  }

  #empty() {
    return [this.#sentence(this.say("empty"))];
  }

  #explanation() {
    const label = this.#sayOf("label");
    const panel = node("div", { part: "panel", class: "panel", id: "panel", popover: "auto", role: "dialog", "aria-label": label });
    const toggle = node("button", { type: "button", part: "toggle", class: "toggle", "aria-label": label, title: label, "aria-controls": "panel" });
    toggle.append(icon("info"));
    toggle.setAttribute("aria-haspopup", "dialog");
    toggle.setAttribute("aria-expanded", "false");
    toggle.popoverTargetElement = panel;
    panel.addEventListener("beforetoggle", ({ newState }) => {
      if (newState === "open" && !panel.firstChild) panel.append(...this.#details(panel));
    });
    panel.addEventListener("toggle", ({ newState }) => {
      const isOpen = newState === "open";
      this.host.toggleAttribute("open", isOpen);
      toggle.setAttribute("aria-expanded", String(isOpen));
      if (isOpen) this.#place(panel);
    });
    return [this.#sentence(this.record.text), toggle, panel];
  }

  /** Put the popover under the sentence, within the window; on a phone the style makes it a sheet. */
  #place(panel) {
    const at = this.box.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = panel;
    const page = document.documentElement;
    const left = Math.max(MARGIN, Math.min(at.right - width, page.clientWidth - width - MARGIN));
    const above = at.top - height;
    const below = Math.min(at.bottom, page.clientHeight - height - MARGIN);
    const top = below < at.bottom && above > MARGIN ? above : Math.max(below, MARGIN);
    panel.style.left = `${left + scrollX}px`;
    panel.style.top = `${top + scrollY}px`;
  }

  #details(panel) {
    const { reasons, statements = [], ai_generated: isWritten } = this.record;
    const told = (reasons.length ? reasons : statements).filter(({ facts, names }) => !facts.category || names?.category); // old records
    const close = node("button", { type: "button", class: "icon-button", part: "close", "aria-label": this.say("close"), onclick: () => panel.hidePopover() }, icon("close"));
    const head = node("div", { class: "head" }, node("p", { class: "title" }, this.#sayOf("label")), close);
    const label = this.say(reasons.length ? "reasons" : "facts");
    const list = node("ul", { class: "reasons", "aria-label": label }, ...told.map((reason) => this.#reason(reason, !reasons.length)));
    this.comparison = new Comparison(this.host);
    const note = node("p", { part: "note", class: "note" }, this.say(isWritten ? "ai" : "checked"));
    const parts = [head, ...(told.length ? [list] : []), this.comparison.box, note];
    if (this.host.user) parts.push(this.#judgement());
    return [...parts, this.status];
  }

  #judgement() {
    const buttons = [["helpful", "up"], ["not_helpful", "down"]].map(([verdict, picture]) => {
      const name = this.say(verdict);
      const button = node("button", { type: "button", part: "thumb", class: "icon-button thumb", "aria-pressed": "false", "aria-label": name, title: name }, icon(picture));
      button.addEventListener("click", () => this.#attempt(button, async () => {
        await this.host.judge(verdict);
        buttons.forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
        return this.say("thanks");
      }));
      return button;
    });
    const wrong = node("button", { type: "button", class: "plain", part: "wrong" }, this.say("wrong"));
    wrong.addEventListener("click", () => this.#attempt(wrong, async () => {
      const id = await this.host.judge("wrong");
      await this.host.reload(); // what was called untrue is not said again
      return this.#offerUndo(id);
    }));
    return node("div", { part: "actions", class: "actions", role: "group", "aria-label": this.say("feedback") }, ...buttons, wrong);
  }

  /** Let the shopper undo a verdict until the element shows something else. */
  #offerUndo(id) {
    const undo = node("button", { type: "button", class: "plain", part: "undo" }, this.say("undo"));
    undo.addEventListener("click", () => this.#attempt(undo, async () => {
      await this.host.withdraw(id);
      await this.host.reload();
      this.box.querySelector("button")?.focus();
    }));
    this.host.setAttribute("undo", "");
    this.box.append(node("div", { class: "noted" }, this.status, undo));
    undo.focus();
    return this.say("thanks");
  }

  async #attempt(button, act) {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    this.status.textContent = "";
    try {
      this.status.textContent = (await act()) ?? "";
    } catch {
      this.status.textContent = this.say("failed");
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  #reason(reason, isNeutral) {
    const told = tellReason(this.host.texts, reason, this.host.getAttribute("currency"));
    if (isNeutral) return node("li", { class: "told" }, told);
    const row = weighed(this.host.texts, told, reason.share, "share");
    if (this.host.user) row.append(this.#refusal(reason, told, row));
    return row;
  }

  #refusal(reason, told, row) {
    const verb = reason.player.startsWith("context:") ? "hush" : "refuse";
    const label = (isOff) => (isOff ? this.say("undo") : this.say(`${verb}_named`, { reason: told }));
    const button = node("button", { type: "button", class: "plain", part: "refuse", "aria-label": label(false) }, this.say(verb));
    button.addEventListener("click", () => this.#attempt(button, async () => {
      const isOff = !row.classList.contains("off");
      await this.host.refuse(reason, isOff);
      row.classList.toggle("off", isOff);
      button.textContent = this.say(isOff ? "undo" : verb);
      button.setAttribute("aria-label", label(isOff));
      return this.say(isOff ? (verb === "hush" ? "hushed" : "refused") : "undone");
    }));
    return button;
  }

  offerAlternatives() {
    this.comparison?.offer();
  }
}

function weighed(texts, told, value, key) {
  const share = texts.share(value);
  const fill = node("i");
  fill.style.setProperty("--share", Math.min(value, 1));
  return node(
    "li",
    { part: "reason", class: "reason" },
    node("span", { class: "told" }, told),
    node("span", { class: "weight" }, node("span", { "aria-hidden": "true" }, share), node("span", { class: "unseen" }, texts.say("why", key, { share }))),
    node("span", { part: "bar", class: "bar", "aria-hidden": "true" }, fill),
  );
}

/** "Why not another one?": what speaks for this item and what for the other, as shares of what sets them apart. */
class Comparison {
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

  #draw(answer, other) {
    const item = this.host.name || this.#say("this");
    const parts = [[null, answer.base_difference], ...Object.entries(answer.differences)];
    const total = parts.reduce((sum, [, value]) => sum + Math.abs(value), 0);
    const rows = parts
      .map(([player, value]) => ({ player, share: total ? value / total : 0 }))
      .filter(({ share }) => Math.abs(share) >= LEAST)
      .sort((one, two) => Math.abs(two.share) - Math.abs(one.share));
    const verdict = rows.length ? (answer.score_difference >= 0 ? "above" : "below") : "instead_none";
    const sides = [[item, 1], [other, -1]].map(([name, sign]) => this.#side(rows.filter(({ share }) => share * sign > 0), name, sign, answer.names));
    this.result.replaceChildren(node("p", { class: "verdict" }, this.#say(verdict, { item, other })), ...sides.filter(Boolean));
  }

  #side(rows, name, sign, names) {
    if (!rows.length) return null;
    const { texts } = this.host;
    const items = rows.slice(0, MOST).map(({ player, share }) => {
      const told = player === null ? this.#say("item_itself") : tellPlayer(texts, player, names);
      return weighed(texts, told, Math.abs(share), "instead_share");
    });
    return node("div", { class: sign > 0 ? "side" : "side other" }, node("p", { class: "label" }, this.#say("instead_for", { item: name })), node("ul", {}, ...items));
  }
}
