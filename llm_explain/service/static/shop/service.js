/** What the pages ask the service: its public API alone. `shop.json` says where it is. */
import { call, settings } from "../why-this/requests.js";

const KEY = "llm-explain-key";

/** Settings of the shop: `service` (address, from this folder) and `users` to choose from. */
export const config = await (await fetch(new URL("shop.json", import.meta.url))).json();
settings.endpoint = new URL(config.service, import.meta.url).href;
settings.texts = new URL("static/texts/", settings.endpoint).href;
settings.token = () => sessionStorage.getItem(KEY);
const root = new URL(settings.endpoint);
const each = encodeURIComponent;

export const useKey = (key) => sessionStorage.setItem(KEY, key);
export const recommendations = (asked) => call(root, "POST", "v1/recommendations", asked);
export const explanation = async (user_id, item_id, locale) => {
  const answer = await call(root, "POST", "v1/explanations", { user_id, item_ids: [item_id], locale, detail: "full" });
  return answer.items[0];
};
export const whatIf = (user_id, without, k) => call(root, "POST", "v1/what-if", { user_id, without, k });
export const contrast = (user_id, item_id, other_id) => call(root, "POST", "v1/contrast", { user_id, item_id, other_id });
export const preferences = (user) => call(root, "GET", `v1/users/${each(user)}/preferences`);
export const setPreferences = (user, wanted) => call(root, "PATCH", `v1/users/${each(user)}/preferences`, wanted);
export const recorded = (user, id) => call(root, "GET", `v1/explanations/${each(id)}?user_id=${each(user)}`);
export const mainParameters = (locale) => call(root, "GET", `v1/main-parameters?locale=${each(locale)}`);

export const chat = (asked) => call(root, "POST", "v1/chat", asked);

const known = new Map();
let priced;

/** Return the currency of the catalogue's prices, once an item was asked for. */
export const currency = () => priced;

/** Return what the catalogue says of items, by id; what is known already is not asked again. */
export async function itemsById(ids) {
  const missing = [...new Set(ids)].filter((id) => !known.has(id));
  for (let start = 0; start < missing.length; start += 50) {
    const query = missing.slice(start, start + 50).map((id) => `id=${each(id)}`).join("&");
    const answer = await call(root, "GET", `v1/items?${query}`);
    priced = answer.currency;
    for (const item of answer.items) if (item.status === "ok") known.set(item.item_id, item);
  }
  return known;
}
