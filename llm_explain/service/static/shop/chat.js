/** A conversation about the list. The service keeps none of it: each turn sends back the context of the last reply, and the list as it is shown. */
import { icon, node } from "../why-this/nodes.js";
import { chat } from "./service.js";

export class Chat {
  constructor(dialog, shop, role = "shopper") {
    Object.assign(this, { dialog, shop, role });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    this.start();
  }

  say(key) {
    return this.shop.texts.say("shop", key);
  }

  /** Forget the conversation. */
  start() {
    this.context = {};
    this.dialog.close();
    this.dialog.replaceChildren();
  }

  open() {
    if (!this.dialog.firstChild) this.#draw();
    this.dialog.showModal();
    this.field.focus();
  }

  #draw() {
    const close = node("button", { type: "button", class: "close", "aria-label": this.shop.texts.say("page", "close"), onclick: () => this.dialog.close() }, icon("close"));
    this.turns = node("div", { class: "turns", role: "log", tabindex: "0", "aria-label": this.say("chat") }, node("p", { class: "soft" }, this.say(this.role === "staff" ? "chat_hint_staff" : "chat_hint")));
    this.field = node("input", { maxlength: 500, required: true, autocomplete: "off", "aria-label": this.say("chat_message") });
    const form = node("form", {}, this.field, node("button", { class: "button main" }, this.say("chat_send")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const message = this.field.value.trim();
      this.field.value = "";
      if (message) this.send(message);
    });
    this.dialog.replaceChildren(node("header", {}, node("h2", { id: "chat-title" }, this.say("chat")), close), this.turns, form);
  }

  #add(className, ...children) {
    const turn = node("div", { class: className }, ...children);
    this.turns.append(turn);
    turn.scrollIntoView({ block: "end" });
    return turn;
  }

  /** Send a message and show the answer, with its choices as buttons. */
  async send(message) {
    const { user, locale, listed: items } = this.shop;
    if ((this.context.staff_user ?? user) !== user) this.context = {}; // another customer was chosen on the page
    for (const old of this.turns.querySelectorAll(".choices")) old.remove();
    this.#add("turn own", node("span", { class: "unseen" }, `${this.say("you")}: `), message);
    const answer = this.#add("turn", this.say("chat_wait"));
    try {
      const reply = await chat({ user_id: user, locale, message, role: this.role, context: { ...this.context, ...(items && { items }) } });
      if (user !== this.shop.user) return;
      this.context = reply.context;
      answer.replaceChildren(...reply.text.split("\n").filter(Boolean).map((line) => node("p", {}, line)));
      this.#offer(reply);
      this.turns.lastChild.scrollIntoView({ block: "end" });
      const named = reply.context.staff_user ?? user;
      if (named !== user) await this.shop.visit(named);
      else if (reply.change) await this.shop.load();
    } catch {
      answer.replaceChildren(node("p", {}, this.say("chat_failed")));
    }
  }

  #offer({ choices, needs_confirmation: isPending }) {
    const answers = isPending ? [this.say("chat_yes"), this.say("chat_no")] : choices;
    if (!answers.length) return;
    const buttons = answers.map((text) => node("button", { type: "button", class: "button", onclick: () => (this.field.focus(), this.send(text)) }, text));
    this.#add("choices", ...buttons);
  }
}
