/** The record behind a sentence: where it came from, what the verifier found, and whether it can be given again. */
import { node } from "../why-this/nodes.js";
import { recorded } from "../shop/service.js";

const HASH_LENGTH = 19;

export function recordPart(record, shop) {
  const say = (key, values) => shop.texts.say("analyst", key, values);
  const { provenance } = record;
  const count = record.verdict.faults.length;
  const rows = [
    ["record_source", say(`source_${record.source ?? "none"}`)],
    ["record_verdict", record.verdict.ok ? say("record_ok") : `${say("record_faults", { count })}: ${record.verdict.faults.map(({ code }) => code).join(", ")}`],
    ["record_ai", say(record.ai_generated ? "record_ai_yes" : "record_ai_no")],
    ["record_skeleton", provenance.skeleton, true],
    ["record_prompt", short(provenance.prompt), true],
    ["record_lm", provenance.lm, true],
    ["record_data", short(provenance.data), true],
    ["record_scorer", short(provenance.scorer), true],
    ["record_policy", short(provenance.policy), true],
    ["record_as_of", shop.texts.date(record.as_of)],
    ["record_id", record.id, true],
  ];
  const list = rows.filter(([, value]) => value).flatMap(([key, value, isCode]) => [node("dt", {}, say(key)), node("dd", {}, isCode ? node("code", {}, value) : value)]);
  const json = JSON.stringify(record, null, 2);
  return node(
    "section",
    {},
    node("h3", {}, say("record")),
    node("dl", { class: "facts" }, ...list),
    node("div", { class: "steps" }, ...replay(record, say)),
    node("details", { class: "raw" }, node("summary", {}, say("record_json")), node("pre", { tabindex: "0" }, json), copier(json, say)),
  );
}

const short = (text) => (text ?? "").replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/g, "$1…").slice(0, HASH_LENGTH * 3);

function replay(record, say) {
  const result = node("span", { class: "soft", role: "status" });
  const button = node("button", { type: "button", class: "button" }, say("replay"));
  button.addEventListener("click", async () => {
    try {
      const { reproduced } = await recorded(record.user_id, record.id);
      result.textContent = say(reproduced === true ? "replay_same" : reproduced === false ? "replay_other" : "replay_gone");
    } catch (error) {
      result.textContent = say(error.status === 404 ? "replay_gone" : "error_title");
    }
  });
  return [button, result];
}

function copier(json, say) {
  const button = node("button", { type: "button", class: "button" }, say("copy"));
  button.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(json).then(
      () => button.replaceChildren(say("copied")),
      () => {},
    );
  });
  return button;
}
