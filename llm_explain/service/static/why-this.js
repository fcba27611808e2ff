/**
 * <why-this item="995242" user="1228"> — one true sentence that says why an item is recommended.
 *
 * Attributes: `item`, `user`; optional `locale` (else the nearest `lang`), `tone`, `name` (the item's title, for "why not
 * another one"), `currency`, `endpoint` (where `/v1` lives; else where this file came from), `empty="show"` (say so where
 * there is no reason; else nothing is shown). Property `record`: an explanation record that the page already has.
 * Property `alternatives`: [{item_id, title}]; else the other <why-this> elements of the same user on the page.
 * Events, all of which bubble: `why-this:ready`, `why-this:feedback`, `why-this:changed` (preferences of the user changed).
 * Parts and custom properties for themes: see why-this/style.js. Requests: see `WhyThis.request` in why-this/requests.js.
 */
import { contrast, explain, feedback, preferences, setPreferences, settings } from "./why-this/requests.js";
import { loadTexts, nearestLanguage } from "./why-this/texts.js";
import { View } from "./why-this/view.js";

const SLOW_MS = 4000;
/** A longer list helps nobody to choose. */
const MOST_ALTERNATIVES = 24;
const CONTEXT = "context:";

export class WhyThis extends HTMLElement {
  static observedAttributes = ["item", "user", "locale", "tone", "endpoint"];
  /** How requests are sent; a shop sets `WhyThis.settings.send` to add its own authentication or proxy. */
  static settings = settings;

  #view = null;
  #record = null;
  #given = false;
  #turn = 0;
  #alternatives = null;
  #texts = null;

  connectedCallback() {
    this.#view ??= new View(this);
    this.#restart();
  }

  disconnectedCallback() {
    this.#turn += 1;
  }

  attributeChangedCallback(name, before, after) {
    if (before !== after && this.isConnected) {
      if (name === "item" || name === "user") this.#given = false;
      this.#restart();
    }
  }

  get record() {
    return this.#record;
  }

  set record(record) {
    this.#record = record;
    this.#given = record !== null && record !== undefined;
    if (this.isConnected) this.#restart();
  }

  get alternatives() {
    if (this.#alternatives) return this.#alternatives;
    const others = document.querySelectorAll(`${this.localName}[item][user]`);
    const seen = new Map();
    for (const other of others) {
      if (other.user === this.user && other.item !== this.item) seen.set(other.item, other.name || other.item);
    }
    return [...seen].slice(0, MOST_ALTERNATIVES).map(([item_id, title]) => ({ item_id, title }));
  }

  set alternatives(list) {
    this.#alternatives = list;
    this.#view?.offerAlternatives();
  }

  get item() {
    return this.getAttribute("item") ?? "";
  }

  get user() {
    return this.getAttribute("user") ?? "";
  }

  get name() {
    return this.getAttribute("name") ?? "";
  }

  get locale() {
    return this.getAttribute("locale") || nearestLanguage(this);
  }

  get endpoint() {
    return new URL(this.getAttribute("endpoint") || settings.endpoint, document.baseURI);
  }

  get texts() {
    return this.#texts;
  }

  /** Ask again, for example after the user's preferences changed. */
  reload() {
    this.#given = false;
    return this.#restart();
  }

  async #restart() {
    const turn = ++this.#turn;
    const isCurrent = () => turn === this.#turn;
    this.#texts = await loadTexts(this.locale);
    if (!isCurrent()) return;
    if (this.#given) return this.#settle(this.#record);
    if (!this.item || !this.user) return this.#become("idle");
    this.#become("loading");
    const slow = setTimeout(() => isCurrent() && this.#view.showSlow(), SLOW_MS);
    try {
      const record = await explain(this.endpoint, this.user, this.item, {
        locale: this.#texts.locale,
        tone: this.getAttribute("tone") || undefined,
      });
      if (isCurrent()) this.#settle(record);
    } catch {
      if (isCurrent()) this.#become("error");
    } finally {
      clearTimeout(slow);
    }
  }

  #settle(record) {
    this.#record = record;
    this.#become(record?.text ? "ready" : "empty");
    this.#tell("ready", { record });
  }

  #become(state) {
    this.setAttribute("state", state);
    this.#view.show(state, this.#record);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`why-this:${name}`, { bubbles: true, composed: true, detail }));
  }

  /** Send what the shopper thinks of the sentence: helpful, not_helpful or wrong. */
  async judge(verdict) {
    await feedback(this.endpoint, { explanation_id: this.#record.id, verdict });
    this.#tell("feedback", { record: this.#record, verdict });
  }

  /**
   * Switch a reason off, or on again. A history group is then not used at all; of the context, which concerns the item and
   * not the shopper, the reason is not told any more.
   */
  async refuse(reason, isOff) {
    const { preferences: before } = await preferences(this.endpoint, this.user);
    const [field, name] = reason.player.startsWith(CONTEXT)
      ? ["kinds_off", reason.kind]
      : ["groups_off", reason.player];
    const kept = (before[field] ?? []).filter((each) => each !== name);
    const wanted = { ...before, [field]: isOff ? [...kept, name] : kept };
    await setPreferences(this.endpoint, this.user, wanted);
    this.#tell("changed", { record: this.#record, reason, isOff, preferences: wanted });
  }

  /** Return why this item scores above or below another. */
  compare(other) {
    return contrast(this.endpoint, { user_id: this.user, item_id: this.item, other_id: other });
  }
}

if (!customElements.get("why-this")) customElements.define("why-this", WhyThis);
