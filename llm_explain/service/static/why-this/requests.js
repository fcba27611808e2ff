/** What the component asks the service, and how it is sent. */

const TIMEOUT_MS = 30000;
const MOST_TRIES = 3;
const MOST_ITEMS = 100;
const LONGEST_WAIT_MS = 5000;

/**
 * Settings of the page.
 *
 * `endpoint`: where `/v1` lives. `send(url, init)`: sends a request; a shop puts its own in to go through its back end or to
 * add a short-lived token. An API key with more rights than reading does not belong into a page.
 */
export const settings = {
  endpoint: new URL("../../", import.meta.url).href,
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
  for (let tries = 1; ; tries += 1) {
    const answer = await settings.send(url, {
      method,
      headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
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

/** Return the record of one item. What a page asks within one turn goes out as one request for each user and wording. */
export function explain(endpoint, user, item, wording) {
  const key = JSON.stringify([endpoint.href, user, wording]);
  if (!waiting.has(key)) {
    waiting.set(key, new Map());
    setTimeout(() => {
      const asked = waiting.get(key);
      waiting.delete(key);
      const items = [...asked.keys()];
      for (let start = 0; start < items.length; start += MOST_ITEMS) {
        answerTogether(endpoint, user, wording, asked, items.slice(start, start + MOST_ITEMS));
      }
    });
  }
  const asked = waiting.get(key);
  if (!asked.has(item)) asked.set(item, Promise.withResolvers?.() ?? deferred());
  return asked.get(item).promise;
}

function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

async function answerTogether(endpoint, user, wording, asked, items) {
  try {
    const body = { user_id: user, item_ids: items, detail: "full", ...wording };
    const answer = await call(endpoint, "POST", "v1/explanations", body);
    answer.items.forEach((row) => row.explanation && asked.get(row.item_id)?.resolve(row.explanation));
    items.forEach((item) => asked.get(item).reject(new ServiceError(404))); // what the shop does not know
  } catch (error) {
    items.forEach((item) => asked.get(item).reject(error));
  }
}

export const feedback = (endpoint, body) => call(endpoint, "POST", "v1/feedback", body);
export const contrast = (endpoint, body) => call(endpoint, "POST", "v1/contrast", body);
const of = (user) => `v1/users/${encodeURIComponent(user)}/preferences`;
export const preferences = (endpoint, user) => call(endpoint, "GET", of(user));
export const setPreferences = (endpoint, user, body) => call(endpoint, "PATCH", of(user), body);
