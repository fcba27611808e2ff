/** Uses the types that openapi-typescript made. Arguments: the service's address and a key. */
import createClient from "openapi-fetch";
import type { paths } from "./schema.ts";

const [baseUrl, key] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });

const { data, error } = await client.POST("/v1/recommendations", { body: { user_id: "u02", k: 3 } });
if (error || !("items" in data)) throw new Error("no items");
const first = data.items[0];
if (!first?.explanation?.text || !first.explanation.badges) throw new Error("no text");

const refused = await client.POST("/v1/recommendations", { body: {} });
if (refused.error?.status !== 422) throw new Error("not refused");

const path = { params: { path: { user_id: "gid://shopify/Customer/1" } } };
const changed = await client.PATCH("/v1/users/{user_id}/preferences", { ...path, body: { personalised: false } });
if (changed.data?.preferences.personalised !== false) throw new Error("not changed");
const kept = await client.GET("/v1/users/{user_id}/preferences", path);
if (kept.data?.user_id !== "gid://shopify/Customer/1") throw new Error("another user");
