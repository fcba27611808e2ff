/** What a shopper sees of one explanation, in a shadow root of its own. */
import { Comparison } from "./comparison.js";
import { icon, node } from "./nodes.js";
import { sheet } from "./style.js";
import { tellReason } from "./texts.js";

export class View {
  constructor(host) {
    this.host = host;
    this.root = host.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [sheet];
    this.box = node("div", { role: "group" });
    this.status = node("p", { part: "status", class: "status", role: "status" });
    this.root.append(this.box, this.status);
  }

  say(key, values) {
    return this.host.texts?.say("why", key, values) ?? "";
  }

  /** Draw a state: idle, loading, ready, empty or error. */
  show(state, record) {
    this.record = record;
    this.status.textContent = "";
    this.box.setAttribute("aria-label", this.say("label"));
    this.box.setAttribute("aria-busy", String(state === "loading"));
    if (this.host.texts) this.box.lang = this.host.texts.locale;
    const draw = { loading: () => this.#ghost(), ready: () => this.#explanation(), empty: () => this.#empty(), error: () => this.#error() };
    this.comparison = null;
    this.host.removeAttribute("open");
    this.box.replaceChildren(...(draw[state]?.() ?? []));
  }

  showSlow() {
    this.status.textContent = this.say("slow");
  }

  #ghost() {
    return [
      node("span", { class: "unseen" }, this.say("loading")),
      node("div", { class: "ghost", "aria-hidden": "true" }, node("i"), node("i")),
    ];
  }

  #empty() {
    return [node("p", { part: "sentence", class: "sentence" }, this.say("empty"))];
  }

  #error() {
    const again = node("button", { type: "button", class: "plain", part: "retry", onclick: () => this.host.reload() }, this.say("retry"));
    return [
      node("p", { part: "sentence", class: "sentence", role: "alert" }, this.say("error")),
      node("div", { class: "actions", part: "actions" }, again),
    ];
  }

  #explanation() {
    const panel = node("div", { part: "panel", class: "panel", id: "panel", hidden: true });
    const label = node("span", {}, this.say("more"));
    const toggle = node(
      "button",
      { type: "button", part: "toggle", class: "toggle", "aria-expanded": "false", "aria-controls": "panel" },
      label,
      icon("chevron"),
    );
    toggle.addEventListener("click", () => {
      const isOpen = panel.hidden;
      if (isOpen && !panel.firstChild) panel.append(...this.#details());
      panel.hidden = !isOpen;
      this.host.toggleAttribute("open", isOpen);
      toggle.setAttribute("aria-expanded", String(isOpen));
      label.textContent = this.say(isOpen ? "less" : "more");
    });
    return [
      node("p", { part: "sentence", class: "sentence" }, this.record.text),
      node("div", { part: "actions", class: "actions" }, toggle, this.#thumbs()),
      panel,
    ];
  }

  #thumbs() {
    const buttons = [["helpful", "up"], ["not_helpful", "down"]].map(([verdict, picture]) => {
      const button = node("button", { type: "button", part: "thumb", class: "thumb", "aria-pressed": "false", title: this.say(verdict) });
      button.append(icon(picture), node("span", { class: "unseen" }, this.say(verdict)));
      button.addEventListener("click", () => this.#attempt(button, async () => {
        await this.host.judge(verdict);
        buttons.forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
        return this.say("thanks");
      }));
      return button;
    });
    return node("div", { class: "thumbs", role: "group", "aria-label": this.say("feedback") }, ...buttons);
  }

  /** Do what a button asks; say how it went, never lose the focus. */
  async #attempt(button, act) {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    this.status.textContent = "";
    try {
      this.status.textContent = await act();
    } catch {
      this.status.textContent = this.say("failed");
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  #details() {
    const { reasons, statements, ai_generated: isWritten } = this.record;
    const isNeutral = !reasons.length;
    const told = isNeutral ? statements : reasons;
    const heading = node("p", { class: "label", id: "reasons" }, this.say(isNeutral ? "facts" : "reasons"));
    const list = node("ul", { class: "reasons", "aria-labelledby": "reasons" }, ...told.map((reason) => this.#reason(reason, isNeutral)));
    this.comparison = new Comparison(this.host);
    const wrong = node("button", { type: "button", class: "plain", part: "wrong" }, this.say("wrong"));
    wrong.addEventListener("click", () => this.#attempt(wrong, async () => {
      await this.host.judge("wrong");
      await this.host.reload(); // what was called untrue is not said again
      this.box.querySelector("button")?.focus();
      return this.say("thanks");
    }));
    const note = node("div", { part: "note", class: "note" }, node("span", {}, this.say(isWritten ? "ai" : "checked")), wrong);
    return [node("div", {}, heading, list), this.comparison.box, note];
  }

  #reason(reason, isNeutral) {
    const told = tellReason(this.host.texts, reason, { currency: this.host.getAttribute("currency"), titles: this.#titles() });
    const row = node("li", { part: "reason", class: "reason" }, node("span", { class: "told" }, told));
    if (isNeutral) return row;
    const share = this.host.texts.share(reason.share);
    const fill = node("i");
    fill.style.setProperty("--share", Math.min(Math.max(reason.share, 0), 1));
    row.append(
      node("span", { class: "weight" }, node("span", { "aria-hidden": "true" }, share), node("span", { class: "unseen" }, this.say("share", { share }))),
      node("span", { part: "bar", class: "bar", "aria-hidden": "true" }, fill),
      this.#refusal(reason, told, row),
    );
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
    return node("span", { class: "under" }, button);
  }

  #titles() {
    return new Map(this.host.alternatives.map(({ item_id, title }) => [item_id, title]));
  }

  offerAlternatives() {
    this.comparison?.offer();
  }
}
