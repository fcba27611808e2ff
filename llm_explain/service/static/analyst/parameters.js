/** What drives recommendations in general, in plain language. */
import { icon, node } from "../why-this/nodes.js";
import { mainParameters } from "../shop/service.js";
import { bar } from "./working.js";

export async function openParameters(dialog, shop) {
  const say = (key) => shop.texts.say("analyst", key);
  const close = node("button", { type: "button", class: "close", "aria-label": shop.texts.say("page", "close"), onclick: () => dialog.close() }, icon("close"));
  const head = node("header", {}, node("span"), node("h2", { id: "parameters-title" }, say("parameters")), close);
  const sheet = node("div", { class: "sheet" }, head, node("p", { class: "soft", role: "status" }, say("loading")));
  dialog.replaceChildren(sheet);
  dialog.showModal();
  try {
    const { introduction, parameters, choices } = await mainParameters(shop.locale);
    const rows = parameters.map(({ text, share }) => node("li", {}, node("span", {}, text), node("span", { class: "soft number" }, shop.texts.share(share)), bar(share)));
    sheet.replaceChildren(head, node("p", {}, introduction), node("ul", { class: "parameters" }, ...rows), node("p", { class: "soft" }, choices));
  } catch {
    sheet.replaceChildren(head, node("p", { role: "alert" }, shop.texts.say("page", "error_title")));
  }
  close.focus();
}
