/** What the component asks the service, and how it is sent. */

const TIMEOUT_MS = 30000;
const MOST_TRIES = 5;
const MOST_ITEMS = 100;
const LONGEST_WAIT_MS = 10000;

/** Settings of the page: docs/why-this.md. A page must not hold an API key. */
export const settings = {
  endpoint: new URL("../../", import.meta.url).href,
  texts: new URL("../texts/", import.meta.url).href,
  token: null,
  send: (url, init) => fetch(url, init),
};

export class ServiceError extends Error {
  constructor(status, detail) {
    super(detail || `The service answered ${status}.`);
    this.status = status;
  }
}

/** Return whether the token may go to a URL: an element in foreign markup may name any `endpoint`. */
const isOwn = (url) => new URL(url).origin === new URL(settings.endpoint, document.baseURI).origin;

export async function call(endpoint, method, path, body) {
  return (await exchange(endpoint, method, path, body)).json();
}

/** Send JSON and return the answer; try again where the service asks to wait, each time after twice as long, 15 s in all. */
async function exchange(endpoint, method, path, body, tag) {
  const url = new URL(path, endpoint).href;
  const token = isOwn(url) && (typeof settings.token === "function" ? await settings.token() : settings.token);
  const headers = {
    Accept: "application/json",
    ...(body && { "Content-Type": "application/json" }),
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(tag && { "If-Match": tag }),
  };
  for (let tries = 1; ; tries += 1) {
    const answer = await settings.send(url, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (answer.ok) return answer;
    const wait = 1000 * Number(answer.headers.get("Retry-After") ?? NaN);
    if (tries === MOST_TRIES || !(answer.status === 429 || answer.status === 503) || !(wait <= LONGEST_WAIT_MS)) {
      const problem = await answer.json().catch(() => ({}));
      throw new ServiceError(answer.status, problem.detail);
    }
    const longer = Math.max(wait, 500 * 2 ** tries) * (1 + Math.random() / 4); // pages do not come back together
    await new Promise((resolve) => setTimeout(resolve, longer));
  }
}

const waiting = new Map();

/** Return the record of one item, or null for an unknown one. What a page asks in one turn goes out together. */
export function explain(endpoint, who, item, wording) {
  const key = JSON.stringify([endpoint.href, who, wording]);
  if (!waiting.has(key)) {
    waiting.set(key, new Map());
    setTimeout(() => {
      const asked = waiting.get(key);
      waiting.delete(key);
      const items = [...asked.keys()];
      for (let start = 0; start < items.length; start += MOST_ITEMS) {
        answerTogether(endpoint, { ...who, ...wording }, asked, items.slice(start, start + MOST_ITEMS));
      }
    });
  }
  const asked = waiting.get(key);
  if (!asked.has(item)) asked.set(item, Promise.withResolvers());
  return asked.get(item).promise;
}

async function answerTogether(endpoint, asking, asked, items) {
  try {
    const answer = await call(endpoint, "POST", "v1/explanations", { ...asking, item_ids: items });
    answer.items.forEach((row) => row.explanation && asked.get(row.item_id)?.resolve(row.explanation));
    items.forEach((item) => asked.get(item).resolve(null)); // `unknown_item`
  } catch (error) {
    items.forEach((item) => asked.get(item).reject(error));
  }
}

let turn = Promise.resolve();

/** Return the record with an id as it was given, or null if it is not kept; one after another, as a user's token may ask. */
export function stored(endpoint, user, id) {
  const record = turn.then(() => kept(endpoint, user, id));
  turn = record.catch(() => {});
  return record;
}

async function kept(endpoint, user, id) {
  const path = `v1/explanations/${encodeURIComponent(id)}?user_id=${encodeURIComponent(user)}`;
  try {
    return (await call(endpoint, "GET", path)).record;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

export const feedback = (endpoint, body) => call(endpoint, "POST", "v1/feedback", body);
export const withdraw = (endpoint, user, id) =>
  call(endpoint, "DELETE", `v1/feedback/${id}?user_id=${encodeURIComponent(user)}`);
export const contrast = (endpoint, body) => call(endpoint, "POST", "v1/contrast", body);

/** Change a user's preferences, never over another change, and return them. */
export async function changePreferences(endpoint, user, change, tries = MOST_TRIES) {
  const path = `v1/users/${encodeURIComponent(user)}/preferences`;
  const answer = await exchange(endpoint, "GET", path);
  const { preferences } = await answer.json();
  const wanted = change(preferences);
  try {
    await exchange(endpoint, "PATCH", path, wanted, answer.headers.get("ETag"));
    return { ...preferences, ...wanted };
  } catch (error) {
    if (error.status !== 412 || tries < 2) throw error;
    return changePreferences(endpoint, user, change, tries - 1);
  }
}
