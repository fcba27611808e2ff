/** What the component asks the service, and how it is sent. */

const TIMEOUT_MS = 30000;
const MOST_TRIES = 3;
const MOST_ITEMS = 100;
const LONGEST_WAIT_MS = 5000;

/**
 * Settings of the page.
 *
 * `endpoint`: where `/v1` lives. `token`: a short-lived token of the user, or a function that returns one (a promise of one).
 * `send(url, init)`: sends a request, for example through the shop's back end. `texts`: where the words live. A page must
 * not hold an API key.
 */
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

/** Send JSON and return the JSON of the answer; try again where the service asks to wait a little. */
export async function call(endpoint, method, path, body) {
  const url = new URL(path, endpoint).href;
  const token = typeof settings.token === "function" ? await settings.token() : settings.token;
  const headers = {
    Accept: "application/json",
    ...(body && { "Content-Type": "application/json" }),
    ...(token && { Authorization: `Bearer ${token}` }),
  };
  for (let tries = 1; ; tries += 1) {
    const answer = await settings.send(url, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (answer.ok) return answer.json();
    const wait = 1000 * Number(answer.headers.get("Retry-After") ?? NaN);
    if (tries === MOST_TRIES || !(answer.status === 429 || answer.status === 503) || !(wait <= LONGEST_WAIT_MS)) {
      const problem = await answer.json().catch(() => ({}));
      throw new ServiceError(answer.status, problem.detail);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

const waiting = new Map();

/**
 * Return the record of one item, or null if the shop does not know it. What a page asks within one turn goes out as one
 * request for each user (or guest's history) and wording.
 */
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

/** Return the record with an id as it was given, or null if it is not kept. */
export async function stored(endpoint, user, id) {
  const path = `v1/explanations/${encodeURIComponent(id)}?user_id=${encodeURIComponent(user)}`;
  try {
    return (await call(endpoint, "GET", path)).record;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

export const feedback = (endpoint, body) => call(endpoint, "POST", "v1/feedback", body);
export const contrast = (endpoint, body) => call(endpoint, "POST", "v1/contrast", body);
const of = (user) => `v1/users/${encodeURIComponent(user)}/preferences`;
export const preferences = (endpoint, user) => call(endpoint, "GET", of(user));
export const setPreferences = (endpoint, user, body) => call(endpoint, "PATCH", of(user), body);
