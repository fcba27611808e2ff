/** What stands around the list: settings, headline, trouble, the banner of a trial, notices. */
import { icon, node } from "../why-this/nodes.js";
import { useKey } from "./service.js";

const NOTICE_MS = 8000;
const APPEARANCE = "llm-explain-appearance";
const LOOKS = ["auto", "light", "dark"];
const find = (id) => document.getElementById(id);

export class Frame {
  constructor(shop) {
    this.shop = shop;
    find("household").addEventListener("change", ({ target }) => shop.visit(target.value).then(() => this.#remember()));
    find("locale").addEventListener("change", ({ target }) => shop.speak(target.value).then(() => this.#remember()));
    find("appearance").addEventListener("click", () => this.#appear(LOOKS[(LOOKS.indexOf(this.look) + 1) % LOOKS.length]));
    this.look = LOOKS.find((look) => look === localStorage.getItem(APPEARANCE)) ?? LOOKS[0];
    const wide = matchMedia("(min-width: 62rem)");
    const unfold = () => (find("switches-fold").open = wide.matches);
    wide.addEventListener("change", unfold);
    unfold();
  }

  words(key, values) {
    return this.shop.texts.say("shop", key, values);
  }

  #appear(look) {
    this.look = look;
    localStorage.setItem(APPEARANCE, look);
    document.documentElement.style.setProperty("color-scheme", look === "auto" ? "light dark" : look);
    const label = `${this.words("appearance")}: ${this.words(look)}`;
    const button = find("appearance");
    button.replaceChildren(icon(look));
    button.setAttribute("aria-label", label);
    button.title = label;
  }

  #remember() {
    const { user, locale } = this.shop;
    history.replaceState(null, "", `?${new URLSearchParams({ user, locale })}`);
  }

  /** Write every fixed text. */
  speak() {
    document.documentElement.lang = this.shop.locale;
    find("locale").value = this.shop.locale;
    this.#appear(this.look);
    for (const element of document.querySelectorAll("[data-text]")) element.textContent = this.words(element.dataset.text);
    document.title = this.words("name");
    if (!this.shop.list) find("title").textContent = this.words("picks");
    if (this.shop.users) this.offer(this.shop.users, this.shop.user);
  }

  /** Offer households; one that was asked for by address is offered too. */
  offer(users, user) {
    const number = new Intl.NumberFormat(this.shop.locale);
    const option = ({ user_id, events }) =>
      node("option", { value: user_id }, this.words("household_option", { user: user_id, events: number.format(events), count: events }));
    const options = users.map(option);
    if (user && !users.some(({ user_id }) => user_id === user)) options.unshift(node("option", { value: user }, `${this.words("household")} ${user}`));
    find("household").replaceChildren(...options);
    find("household").value = user;
  }

  open() {
    find("trouble").hidden = true;
    find("layout").hidden = false;
    document.body.dataset.state = "open";
  }

  /** Write the headline of a list. */
  say({ user_id: user, as_of: moment, personalised: isPersonal }) {
    find("title").textContent = this.words(isPersonal ? "title" : "title_general", { user });
    find("lede").textContent = this.words(isPersonal ? "lede" : "lede_general");
    find("moment").textContent = this.words("as_of", { date: this.shop.texts.date(moment) });
  }

  /** Say that a list is only tried, and offer to keep it or to go back. */
  trial(found) {
    const box = find("trial");
    box.hidden = !found;
    if (!found) return box.replaceChildren();
    const { players, changed, total, canKeep } = found;
    const told = changed ? this.words("changes", { count: changed, total }) : this.words("changes_none");
    const keep = node("button", { type: "button", class: "button main", onclick: () => this.shop.keepTrial() }, this.words("keep"));
    const back = node("button", { type: "button", class: "button", onclick: () => this.shop.restore() }, this.words("restore"));
    box.replaceChildren(
      node("p", { role: "status" }, node("strong", {}, this.words("without", { players })), " – ", told),
      node("div", {}, ...(canKeep ? [keep, back] : [back])),
    );
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
    find("layout").hidden = find("shelves").hidden = true;
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
