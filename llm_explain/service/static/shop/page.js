/** What both pages have: appearance, language, customer, notices, and what is said when something went wrong. */
import { icon, node } from "../why-this/nodes.js";
import { config, useKey } from "./service.js";

const NOTICE_MS = 8000;
const APPEARANCE = "llm-explain-appearance";
const LOOKS = ["auto", "light", "dark"];
/** Drawings of the appearances. */
const PICTURES = {
  auto: "M12 4a8 8 0 1 0 0 16ZM12 4a8 8 0 0 1 0 16",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  dark: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z",
};
const find = (id) => document.getElementById(id);

export class Page {
  constructor(host) {
    this.host = host;
    this.look = LOOKS.find((look) => look === localStorage.getItem(APPEARANCE)) ?? LOOKS[0];
    find("appearance").addEventListener("click", () => this.#appear(LOOKS[(LOOKS.indexOf(this.look) + 1) % LOOKS.length]));
    find("locale").addEventListener("change", ({ target }) => host.speak(target.value).then(() => this.#remember()));
    find("user").addEventListener("change", ({ target }) => target.value && host.visit(target.value).then(() => this.#remember()));
    find("users").replaceChildren(...config.users.map((user) => node("option", { value: user })));
  }

  words(key, values) {
    return this.host.texts.say("page", key, values);
  }

  #appear(look) {
    this.look = look;
    localStorage.setItem(APPEARANCE, look);
    document.documentElement.style.setProperty("color-scheme", look === "auto" ? "light dark" : look);
    const label = `${this.words("appearance")}: ${this.words(look)}`;
    const button = find("appearance");
    button.replaceChildren(icon(PICTURES[look]));
    button.setAttribute("aria-label", label);
    button.title = label;
  }

  #remember() {
    const query = new URLSearchParams({ user: this.host.user, locale: this.host.locale });
    history.replaceState(null, "", `?${query}`);
    for (const link of document.querySelectorAll("[data-keeps]")) link.search = query;
  }

  /** Write every fixed text. */
  speak() {
    document.documentElement.lang = this.host.locale;
    find("locale").value = this.host.locale;
    this.#appear(this.look);
    for (const element of document.querySelectorAll("[data-text]")) {
      element.textContent = this.host.texts.say(...element.dataset.text.split("."));
    }
    document.title = this.words("name");
  }

  open() {
    find("user").value = this.host.user;
    find("trouble").hidden = true;
    find("layout").hidden = false;
    document.body.dataset.state = "open";
    this.#remember();
  }

  /** Say for a while what was done, with a way back. */
  notify(text, undo) {
    clearTimeout(this.timer);
    const box = find("notice");
    const back = undo && node("button", { type: "button", onclick: () => (box.replaceChildren(), undo()) }, this.words("undo"));
    box.replaceChildren(node("span", {}, text), ...(back ? [back] : []));
    if (back && document.activeElement === document.body) back.focus(); // what was pressed is gone from the page
    this.timer = setTimeout(() => !box.matches(":hover, :focus-within") && box.replaceChildren(), NOTICE_MS);
  }

  /** Say what went wrong, and offer the way on. */
  trouble(error, again) {
    const box = find("trouble");
    const kind = error.status === 401 || error.status === 403 ? "key" : error.status === 404 ? "user" : "service";
    const parts = {
      key: () => [node("h2", {}, this.words("key_title")), node("p", { class: "soft" }, this.words("key_hint")), this.#keyForm(again)],
      user: () => [node("h2", {}, this.words("error_user_title")), node("p", { class: "soft" }, this.words("error_user"))],
      service: () => [
        node("h2", {}, this.words("error_title")),
        node("p", { class: "soft" }, this.words("error")),
        node("button", { type: "button", class: "button main", onclick: again }, this.words("retry")),
      ],
    };
    box.replaceChildren(node("div", { class: "trouble", role: "alert" }, ...parts[kind]()));
    box.hidden = false;
    find("layout").hidden = true;
    document.body.dataset.state = "trouble";
  }

  #keyForm(again) {
    const field = node("input", { type: "password", autocomplete: "off", required: true });
    const form = node("form", {}, node("label", {}, this.words("key"), field), node("button", { class: "button main" }, this.words("key_use")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      useKey(field.value);
      again();
    });
    return form;
  }
}
