/** What the demo shop asks the service. */
import { call, settings } from "../why-this/requests.js";

const KEY = "llm-explain-key";
const root = new URL(settings.endpoint);
const each = encodeURIComponent;

settings.send = (url, init) => {
  const key = sessionStorage.getItem(KEY);
  const headers = key ? { ...init.headers, Authorization: `Bearer ${key}` } : init.headers;
  return fetch(url, { ...init, headers });
};

export const useKey = (key) => sessionStorage.setItem(KEY, key);
export const households = () => call(root, "GET", "v1/shop/households");
export const recommendations = (user_id, k, locale) => call(root, "POST", "v1/recommendations", { user_id, k, locale, section: "score", detail: "full" });
export const explanation = async (user_id, item_id, locale) => {
  const answer = await call(root, "POST", "v1/explanations", { user_id, item_ids: [item_id], locale, detail: "full" });
  return answer.items[0];
};
export const shelves = (user, locale) => call(root, "GET", `v1/users/${each(user)}/shelves?k=10&locale=${each(locale)}`);
export const whatIf = (user_id, without, k) => call(root, "POST", "v1/what-if", { user_id, without, k });
export const contrast = (user_id, item_id, other_id) => call(root, "POST", "v1/contrast", { user_id, item_id, other_id });
export const preferences = (user) => call(root, "GET", `v1/users/${each(user)}/preferences`);
export const setPreferences = (user, wanted) => call(root, "PATCH", `v1/users/${each(user)}/preferences`, wanted);
export const recorded = (id) => call(root, "GET", `v1/explanations/${each(id)}`);
export const mainParameters = (locale) => call(root, "GET", `v1/main-parameters?locale=${each(locale)}`);

const known = new Map();

/** Return what the catalogue says of items, by id; what is known already is not asked again. */
export async function itemsById(ids) {
  const missing = [...new Set(ids)].filter((id) => !known.has(id));
  for (let start = 0; start < missing.length; start += 50) {
    const query = missing.slice(start, start + 50).map((id) => `id=${each(id)}`).join("&");
    const answer = await call(root, "GET", `v1/items?${query}`);
    for (const item of answer.items) if (item.status === "ok") known.set(item.item_id, item);
  }
  return known;
}
