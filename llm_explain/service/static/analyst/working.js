/** The dialog that shows how one recommendation came about: sentence, waterfall, contrast, record. */
import { icon, node } from "../why-this/nodes.js";
import { tellPlayer, tellReason } from "../why-this/texts.js";
import { differences, waterfall } from "./charts.js";
import { field } from "../shop/field.js";
import { recordPart } from "./record.js";
import { contrast, explanation } from "../shop/service.js";

export class Working {
  constructor(dialog, shop) {
    this.dialog = dialog;
    this.shop = shop;
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  say(key, values) {
    return this.shop.texts.say("analyst", key, values);
  }

  async open(item) {
    const body = node("div", { class: "sheet", "aria-busy": "true" }, this.#head(item), node("p", { class: "soft", role: "status" }, this.say("loading")));
    this.dialog.replaceChildren(body);
    if (!this.dialog.open) this.dialog.showModal();
    try {
      const { explanation: record } = await explanation(this.shop.user, item.item_id, this.shop.locale);
      if (body.isConnected) body.replaceChildren(this.#head(item), ...this.#parts(item, record));
    } catch {
      const again = node("button", { type: "button", class: "button", onclick: () => this.open(item) }, this.shop.texts.say("page", "retry"));
      if (body.isConnected) body.replaceChildren(this.#head(item), node("div", { role: "alert" }, node("p", {}, this.shop.texts.say("page", "error_title"))), again);
    } finally {
      body.removeAttribute("aria-busy");
      body.querySelector(".close")?.focus();
    }
  }

  #head(item) {
    const close = node("button", { type: "button", class: "close", "aria-label": this.shop.texts.say("page", "close"), onclick: () => this.dialog.close() }, icon("close"));
    const title = node("div", {}, node("p", { class: "soft" }, this.say("working_title")), node("h2", { id: "working-title" }, item.title));
    return node("header", {}, field(item), title, close);
  }

  #parts(item, record) {
    const { texts } = this.shop;
    const share = record.probability === null ? null : texts.number(record.probability, { style: "percent", maximumFractionDigits: 0 });
    return [
      node(
        "section",
        { "aria-label": this.say("sentence") },
        node("p", { class: "quote" }, record.text ?? this.say("no_sentence")),
        node("div", { class: "chips" }, ...this.#chips(record, share)),
      ),
      this.#reasons(record),
      node(
        "section",
        {},
        node("h3", {}, this.say("waterfall")),
        node("p", { class: "soft" }, this.say("waterfall_hint")),
        waterfall(texts, record, (player) => tellPlayer(texts, player)),
      ),
      this.#against(item),
      recordPart(record, this.shop),
    ].filter(Boolean);
  }

  #chips(record, share) {
    const chip = (text, tone = "") => node("span", { class: `chip ${tone}` }, text);
    const count = record.verdict.faults.length;
    return [
      record.text && chip(record.verdict.ok ? this.say("record_ok") : this.say("record_faults", { count }), record.verdict.ok ? "good" : "bad"),
      chip(this.say(`source_${record.source ?? "none"}`)),
      share && chip(this.say("probability", { share })),
    ].filter(Boolean);
  }

  #reasons(record) {
    const told = record.reasons.length ? record.reasons : record.statements;
    if (!told.length) return null;
    const { texts, currency } = this.shop;
    const rows = told.map((reason) => {
      const weight = record.reasons.length ? texts.share(reason.share) : "";
      return node("li", {}, node("span", {}, tellReason(texts, reason, currency)), node("span", { class: "soft number" }, weight), record.reasons.length ? bar(reason.share) : null);
    });
    const heading = this.say(record.reasons.length ? "reasons" : "facts");
    return node("section", {}, node("h3", {}, heading), node("ul", { class: "parameters" }, ...rows));
  }

  #against(item) {
    const others = [...this.shop.titles()].filter(([id]) => id !== item.item_id);
    if (!others.length) return null;
    const { texts } = this.shop;
    const choice = node("select", { "aria-label": this.say("contrast_pick") }, node("option", { value: "" }, this.say("contrast_pick")), ...others.map(([id, title]) => node("option", { value: id }, title)));
    const result = node("div", { "aria-live": "polite" });
    choice.addEventListener("change", async () => {
      const other = choice.value;
      result.replaceChildren();
      if (!other) return;
      try {
        const answer = await contrast(this.shop.user, item.item_id, other);
        if (choice.value !== other) return;
        const points = texts.number(Math.abs(answer.score_difference), { minimumFractionDigits: 2, maximumFractionDigits: 2 });
        const values = { item: item.title, other: choice.selectedOptions[0].textContent, points };
        const verdict = this.say(answer.score_difference >= 0 ? "above" : "below", values);
        result.replaceChildren(node("p", { class: "soft" }, verdict), differences(texts, answer, (player) => tellPlayer(texts, player, answer.names)));
      } catch {
        result.replaceChildren(node("p", { role: "alert" }, this.shop.texts.say("page", "error_title")));
      }
    });
    return node("section", { class: "against" }, node("h3", {}, this.say("contrast")), node("p", { class: "soft" }, this.say("contrast_hint")), choice, result);
  }
}

/** Return a bar for a share between 0 and 1. */
export function bar(share) {
  const fill = node("i");
  fill.style.setProperty("--share", Math.min(Math.max(share, 0), 1));
  return node("span", { class: "bar", "aria-hidden": "true" }, fill);
}
