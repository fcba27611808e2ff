/** Words of the component: one JSON file for each locale, with plurals, numbers and dates in the locale's manner. */

import { settings } from "./requests.js";

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
      const answer = await fetch(new URL(`${encodeURIComponent(name)}.json`, settings.texts));
      if (answer.ok) return new Texts(await answer.json());
    } catch {
      // The next one; without any, the component shows what it has and stays silent otherwise.
    }
  }
  loaded.delete(locale);
  return new Texts({});
}

export function directionOf(locale) {
  const language = new Intl.Locale(locale);
  return (language.getTextInfo?.() ?? language.textInfo)?.direction ?? "ltr";
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

  month(number) {
    return this.date(`2000-${String(number).padStart(2, "0")}-01`, { month: "long" });
  }
}

const MONEY = new Set(["low", "high", "price", "last_paid", "usual"]);
const DAYS = new Set(["interval_days", "days_since", "window_days"]);

function writeFact(texts, name, value, currency) {
  if (name === "count") return value; // it chooses the plural
  if (name === "month") return texts.month(value);
  if (name === "share") return texts.share(value);
  if (MONEY.has(name)) return texts.money(value, currency);
  if (DAYS.has(name)) return texts.days(value);
  if (typeof value === "number") return texts.number(value);
  return /^\d{4}-\d\d-\d\d/.test(value) ? texts.date(value) : value;
}

/** Tell a reason; an item and a category get their spoken names and no others. */
export function tellReason(texts, { facts, kind, names }, currency) {
  const told = Object.entries(facts).map(([name, value]) => [name, writeFact(texts, name, value, currency)]);
  const values = { ...Object.fromEntries(told), other_item_id: "", category: "", ...names };
  const section = facts.event_kind && texts.has("reasons_of_other_events", kind) ? "reasons_of_other_events" : "reasons";
  const unnamed = `${kind}_unnamed`;
  return texts.say(section, !values.other_item_id && texts.has(section, unnamed) ? unnamed : kind, values);
}

export function tellPlayer(texts, player, names) {
  if (player.startsWith("group:")) return texts.say("players", "group", { category: names?.[player] ?? player.slice("group:".length) });
  return texts.has("players", player) ? texts.say("players", player) : texts.say("players", "other", { player });
}
