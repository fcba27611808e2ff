/** Words of the component: one JSON file for each locale, with plurals, numbers and dates in the locale's manner. */

const FALLBACK = "en";
const loaded = new Map();

/** Return the language of an element: its own, its nearest ancestor's, the document's. */
export function nearestLanguage(element) {
  return element.closest("[lang]")?.getAttribute("lang") || document.documentElement.lang || FALLBACK;
}

/** Return the texts of a locale or of its language (the service falls back to that), else English. */
export function loadTexts(locale) {
  if (!loaded.has(locale)) loaded.set(locale, load(locale));
  return loaded.get(locale);
}

async function load(locale) {
  for (const name of new Set([locale, FALLBACK])) {
    try {
      const answer = await fetch(new URL(`../texts/${encodeURIComponent(name)}.json`, import.meta.url));
      if (answer.ok) return new Texts(await answer.json());
    } catch {
      // The next one; without any, the component shows what it has and stays silent otherwise.
    }
  }
  loaded.delete(locale);
  return new Texts({});
}

export class Texts {
  constructor(content) {
    this.locale = content.locale ?? FALLBACK;
    this.content = content;
    this.dates = content.dates ?? this.locale; // "29 November", as the sentences write it
    this.plurals = new Intl.PluralRules(this.locale);
  }

  /** Return a text with its values; a text with plural forms chooses by `values.count`. */
  say(section, key, values = {}) {
    const found = this.content[section]?.[key];
    const template = typeof found === "object" ? (found[this.plurals.select(values.count)] ?? found.other) : found;
    return (template ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  has(section, key) {
    return this.content[section]?.[key] !== undefined;
  }

  number(value, options) {
    return new Intl.NumberFormat(this.locale, options).format(value).replace("-", "−");
  }

  /** Never overstates: 66.7 % is written 66 %. */
  share(value) {
    return this.number(Math.floor(100 * value + 1e-9) / 100, { style: "percent", maximumFractionDigits: 0 });
  }

  signed(value) {
    return this.number(value, { signDisplay: "exceptZero", minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }

  days(value) {
    return this.number(value, { style: "unit", unit: "day", unitDisplay: "long" });
  }

  money(value, currency) {
    if (!currency) return this.number(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return this.number(value, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  }

  /** Write a calendar day ("2017-11-29") as such, whatever the reader's time zone. */
  date(value, options = { day: "numeric", month: "long", year: "numeric" }) {
    const day = new Date(`${String(value).slice(0, 10)}T00:00:00Z`);
    if (Number.isNaN(day.getTime())) return String(value);
    return new Intl.DateTimeFormat(this.dates, { ...options, timeZone: "UTC" }).format(day);
  }

  /** Write the name of a month from 1 to 12. */
  month(number) {
    return this.date(`2000-${String(number).padStart(2, "0")}-01`, { month: "long" });
  }
}

/** Return a reason's facts as a sentence of their own. */
export function tellReason(texts, reason, { currency, titles } = {}) {
  const { facts, kind } = reason;
  const values = { ...facts };
  const writers = {
    last: (value) => texts.date(value),
    first_seen: (value) => texts.date(value),
    month: (value) => texts.month(value),
    interval_days: (value) => texts.days(value),
    days_since: (value) => texts.days(value),
    window_days: (value) => texts.days(value),
    share: (value) => texts.share(value),
    users_band: (value) => texts.number(value),
    lift: (value) => texts.number(value),
    low: (value) => texts.money(value, currency),
    high: (value) => texts.money(value, currency),
    price: (value) => texts.money(value, currency),
    other_item_id: (value) => titles?.get(String(value)) ?? "",
  };
  for (const [name, write] of Object.entries(writers)) {
    if (values[name] !== undefined) values[name] = write(values[name]);
  }
  const section = facts.event_kind && texts.has("reasons_of_other_events", kind) ? "reasons_of_other_events" : "reasons";
  const unnamed = `${kind}_unnamed`;
  const key = !values.other_item_id && texts.has(section, unnamed) ? unnamed : kind;
  return texts.say(section, key, values);
}

/** Return what a player is called. */
export function tellPlayer(texts, player) {
  if (player.startsWith("group:")) return texts.say("players", "group", { category: player.slice("group:".length) });
  return texts.has("players", player) ? texts.say("players", player) : texts.say("players", "other", { player });
}
