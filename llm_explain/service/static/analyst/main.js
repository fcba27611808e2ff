/** The analyst's page: one customer at a time, the list with its numbers, and what it would be without this or that. */
import { loadTexts } from "../why-this/texts.js";
import { Chat } from "../shop/chat.js";
import { Grid } from "./grid.js";
import { openParameters } from "./parameters.js";
import { Frame } from "./frame.js";
import * as service from "../shop/service.js";
import { Switches, name, pullOf } from "./switches.js";
import { Working } from "./working.js";

const K = 12;
const find = (id) => document.getElementById(id);
const byRank = (one, two) => one.rank_without - two.rank_without;

class Analyst {
  items = new Map();
  off = new Set();
  turn = 0;

  async start() {
    this.frame = new Frame(this);
    this.grid = new Grid(find("grid"), this);
    this.switches = new Switches(find("switches"), this);
    this.working = new Working(find("working"), this);
    const conversation = new Chat(find("chat"), this, "staff");
    find("ask").addEventListener("click", () => conversation.open());
    find("parameters-open").addEventListener("click", () => openParameters(find("parameters"), this));
    const asked = new URLSearchParams(location.search);
    await this.speak(asked.get("locale") ?? navigator.language.split("-")[0]);
    await this.visit(asked.get("user") ?? service.config.users[0]);
  }

  /** Change the language of everything. */
  async speak(locale) {
    this.texts = await loadTexts(locale);
    this.locale = this.texts.locale;
    this.frame.speak();
    if (this.user) {
      this.grid.clear();
      await this.visit(this.user);
    }
  }

  /** Show a customer. */
  async visit(user) {
    const turn = ++this.turn;
    const isSame = user === this.user;
    this.user = user;
    this.off.clear();
    if (!isSame) this.list = null; // the items of another customer are not this one's
    if (!isSame || !this.grid.tiles.size) this.grid.wait(K);
    this.frame.open();
    try {
      const asked = { user_id: user, k: K, locale: this.locale, section: "score", detail: "full" };
      const [list, preferences] = await Promise.all([service.recommendations(asked), service.preferences(user)]);
      await this.#know(list.items);
      if (turn !== this.turn) return;
      Object.assign(this, { list, preferences: preferences.preferences, groups: preferences.groups });
      this.pull = pullOf(list.items.map((row) => row.explanation));
      this.#draw();
    } catch (error) {
      if (turn === this.turn) this.frame.trouble(error, () => this.visit(user));
    }
  }

  async #know(rows) {
    const known = await service.itemsById(rows.map((row) => row.item_id));
    this.currency = service.currency();
    for (const row of rows) this.items.set(row.item_id, { ...row, ...known.get(row.item_id) });
  }

  /** Ids of the items on the page. */
  get listed() {
    return this.list?.items.map((row) => row.item_id);
  }

  load() {
    return this.visit(this.user);
  }

  itemOf(row) {
    return this.items.get(row.item_id) ?? row;
  }

  /** Titles of the items on the page, by id. */
  titles() {
    return new Map([...this.items].map(([id, item]) => [id, item.title]));
  }

  openWorking(item) {
    return this.working.open(item);
  }

  #draw() {
    this.frame.say(this.list);
    this.frame.trial(null);
    this.grid.arrange(this.list.items, (tile, row) => tile.show(row.rank, row.explanation));
    this.drawSwitches();
  }

  drawSwitches() {
    const kept = new Set(this.preferences.groups_off);
    this.switches.draw({ groups: this.groups, kept, off: this.off, isPersonal: this.preferences.personalised, pull: this.pull });
  }

  /** Flip one switch: what was kept off comes back for good, anything else is tried. */
  async toggle(player) {
    if (this.preferences.groups_off.includes(player)) {
      return this.#keep({ groups_off: this.preferences.groups_off.filter((each) => each !== player) });
    }
    if (!this.off.delete(player)) this.off.add(player);
    this.drawSwitches();
    return this.#try();
  }

  async #try() {
    const turn = ++this.turn;
    if (!this.off.size) return this.#draw();
    find("grid").classList.add("waiting");
    try {
      const { items } = await service.whatIf(this.user, [...this.off], K);
      const best = items.filter((row) => row.rank_without && row.rank_without <= K).sort(byRank);
      await this.#know(best);
      if (turn !== this.turn) return;
      this.grid.arrange(best, (tile, row) => tile.showTrial(row.rank_without, row.rank));
      const listed = new Set(this.list.items.map((row) => row.item_id));
      const changed = best.filter((row) => !listed.has(row.item_id)).length;
      const players = new Intl.ListFormat(this.locale, { type: "conjunction" }).format([...this.off].map((player) => name(this.texts, player)));
      this.frame.trial({ players, changed, total: best.length, canKeep: [...this.off].some((player) => player.startsWith("group:")) });
    } catch {
      if (turn === this.turn) this.restore();
      this.frame.notify(this.texts.say("page", "error_title"));
    } finally {
      find("grid").classList.remove("waiting");
    }
  }

  /** Take every trial back. */
  restore() {
    const [player] = this.off;
    this.off.clear();
    this.turn += 1;
    this.#draw();
    if (document.activeElement !== document.body) return;
    this.switches.focus(player) || find("picks").focus();
  }

  /** Make the trial last, as far as it is the household's own history. */
  keepTrial() {
    const groups = [...this.off].filter((player) => player.startsWith("group:"));
    return this.#keep({ groups_off: [...this.preferences.groups_off, ...groups] });
  }

  personalise(isPersonal) {
    return this.#keep({ personalised: isPersonal });
  }

  async #keep(change) {
    const before = this.preferences;
    try {
      await service.setPreferences(this.user, { ...before, ...change });
    } catch {
      return this.frame.notify(this.texts.say("page", "error_title"));
    }
    await this.visit(this.user);
    this.frame.notify(this.texts.say("analyst", "changed"), () => this.#keep(before));
  }
}

await new Analyst().start();
