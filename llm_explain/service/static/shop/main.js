/** The demo shop: a customer's list in its sections, with badges, filters and reasons, on the public API alone. */
import { node } from "../why-this/nodes.js";
import { loadTexts } from "../why-this/texts.js";
import { card, waitingCards } from "./card.js";
import { Chat } from "./chat.js";
import { Filters } from "./filters.js";
import { Page } from "./page.js";
import * as service from "./service.js";

const K = 24;
const find = (id) => document.getElementById(id);

class Shop {
  turn = 0;
  listed = [];

  async start() {
    this.page = new Page(this);
    this.filters = new Filters(find("filters"), this);
    this.chat = new Chat(find("chat"), this);
    find("ask").addEventListener("click", () => this.chat.open());
    document.addEventListener("why-this:changed", ({ detail }) => this.#changed(detail));
    const asked = new URLSearchParams(location.search);
    this.user = asked.get("user") ?? service.config.users[0];
    await this.speak(asked.get("locale") ?? navigator.language.split("-")[0]);
  }

  /** Change the language of everything. */
  async speak(locale) {
    this.texts = await loadTexts(locale);
    this.locale = this.texts.locale;
    this.page.speak();
    await this.visit(this.user);
  }

  /** Show the list of a customer. */
  async visit(user) {
    if (user !== this.user) this.filters.reset();
    this.user = user;
    this.chat.start();
    this.page.open();
    await this.load();
  }

  /** Ask for the list that the filters allow. */
  async load() {
    const turn = ++this.turn;
    this.listed = null;
    find("list").replaceChildren(waitingCards(8));
    try {
      const asked = { user_id: this.user, k: K, locale: this.locale, ...this.filters.asked() };
      const [list, { preferences, groups }] = await Promise.all([service.recommendations(asked), service.preferences(this.user)]);
      const items = await service.itemsById(list.items.map((row) => row.item_id));
      if (turn !== this.turn) return;
      this.currency = service.currency();
      this.page.open();
      this.filters.draw(groups, preferences);
      this.#draw(list, (row) => ({ ...row, ...items.get(row.item_id) }));
    } catch (error) {
      if (turn === this.turn) this.page.trouble(error, () => this.load());
    }
  }

  #draw({ items, as_of: moment, personalised: isPersonal }, itemOf) {
    const say = (key, values) => this.texts.say("shop", key, values);
    find("title").textContent = say(isPersonal ? "title" : "title_general");
    find("moment").textContent = say("as_of", { date: this.texts.date(moment) });
    const rows = items.map((row) => ({ row, item: itemOf(row) })).filter(({ item }) => this.filters.admits(item));
    const sections = Map.groupBy(rows, ({ row }) => row.section ?? "new");
    this.listed = [...sections.values()].flat().map(({ row }) => row.item_id);
    const drawn = [...sections].map(([section, own], place) => {
      const heading = node("h2", { id: `section-${place}` }, own[0].row.section_title ?? say("title"));
      const list = node("ol", { class: `cards ${section}` }, ...own.map(({ row, item }) => card(this, item, row.explanation)));
      return node("section", { "aria-labelledby": heading.id }, heading, list);
    });
    const nothing = [node("p", {}, say("nothing")), node("button", { type: "button", class: "button", onclick: () => (this.filters.reset(), this.load()) }, say("reset"))];
    find("list").replaceChildren(...(drawn.length ? drawn : nothing));
  }

  /** Store a choice of the customer, and offer to take it back. */
  async prefer(wanted, undone) {
    try {
      await service.setPreferences(this.user, wanted);
    } catch {
      return this.page.notify(this.texts.say("page", "error_title"));
    }
    await this.load();
    this.page.notify(this.texts.say("shop", "changed"), () => this.prefer(undone, wanted));
  }

  /** A card was told not to use a reason. */
  async #changed({ preferences, reason, isOff }) {
    const [field, one] = reason.player.startsWith("context:") ? ["kinds_off", reason.kind] : ["groups_off", reason.player];
    const now = { [field]: preferences[field] };
    const before = { [field]: isOff ? preferences[field].filter((each) => each !== one) : [...preferences[field], one] };
    await this.load();
    this.page.notify(this.texts.say("shop", "changed"), () => this.prefer(before, now));
  }
}

await new Shop().start();
