/** <why-this item="995242" user="1228">: a true sentence that says why an item is recommended (docs/why-this.md). */
import { changePreferences, contrast, explain, feedback, settings, stored, withdraw } from "./why-this/requests.js";
import { loadTexts, nearestLanguage } from "./why-this/texts.js";
import { View } from "./why-this/view.js";

const MOST_ALTERNATIVES = 24;
const CONTEXT = "context:";

export class WhyThis extends HTMLElement {
  static observedAttributes = ["item", "user", "explanation", "locale", "tone", "endpoint"];
  static settings = settings;

  #view = null;
  #record = null;
  #given = false;
  #history = null;
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
      if (name === "item" || name === "user" || name === "explanation") this.#given = false;
      this.#restart();
    }
  }

  get record() {
    return this.#record;
  }

  set record(record) {
    this.#record = record?.explanation ?? record;
    this.#given = record !== null && record !== undefined;
    if (this.isConnected) this.#restart();
  }

  get history() {
    return this.#history;
  }

  set history(events) {
    this.#history = events;
    this.#given = false;
    if (this.isConnected) this.#restart();
  }

  get alternatives() {
    if (this.#alternatives) return this.#alternatives;
    const seen = new Map();
    for (const other of document.querySelectorAll(`${this.localName}[item]`)) {
      if (other.user === this.user && other.item !== this.item && other.name) seen.set(other.item, other.name);
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

  get #who() {
    return this.#history ? { history: this.#history } : { user_id: this.user };
  }

  reload() {
    this.#given = false;
    return this.#restart(true);
  }

  async #restart(isNew = false) {
    const turn = ++this.#turn;
    const isCurrent = () => turn === this.#turn;
    this.#texts = await loadTexts(this.locale);
    if (!isCurrent()) return;
    if (this.#given) return this.#settle(this.#record);
    const explanation = !isNew && !this.#history && this.getAttribute("explanation");
    if (!(this.item || explanation) || !(this.user || this.#history)) return this.#become("idle");
    this.#become("loading");
    try {
      const record = (explanation && (await stored(this.endpoint, this.user, explanation))) || (await this.#explained());
      if (isCurrent()) record ? this.#settle(record) : this.#become("unknown");
    } catch {
      if (isCurrent()) this.#become("error");
    }
  }

  #explained() {
    const wording = { locale: this.#texts.locale, tone: this.getAttribute("tone") || undefined };
    return this.item ? explain(this.endpoint, this.#who, this.item, wording) : null;
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

  /** Send a verdict; return the id of the feedback. */
  async judge(verdict) {
    const record = this.#record;
    const { feedback_id } = await feedback(this.endpoint, { explanation_id: record.id, user_id: this.user, verdict });
    this.#tell("feedback", { record, verdict });
    return feedback_id;
  }

  async withdraw(id) {
    await withdraw(this.endpoint, this.user, id);
    this.#tell("feedback", { record: this.#record, verdict: null });
  }

  /** Switch a reason off or on. A history group is then not used; a reason of the context is not told. */
  async refuse(reason, isOff) {
    const [field, name] = reason.player.startsWith(CONTEXT) ? ["kinds_off", reason.kind] : ["groups_off", reason.player];
    const preferences = await changePreferences(this.endpoint, this.user, ({ [field]: off = [] }) => ({
      [field]: [...off.filter((each) => each !== name), ...(isOff ? [name] : [])],
    }));
    this.#tell("changed", { record: this.#record, reason, isOff, preferences });
  }

  compare(other) {
    return contrast(this.endpoint, { ...this.#who, item_id: this.item, other_id: other });
  }
}

if (!customElements.get("why-this")) customElements.define("why-this", WhyThis);
