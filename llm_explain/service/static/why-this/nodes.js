/** Building the tree: texts go in as text and nothing else, so no title or sentence can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Return an element; `attributes` are set as such, `on…` as listeners, the rest becomes children. */
export function node(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function shape(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false).map(asNode));
  return element;
}

const asNode = (child) => (child instanceof Node ? child : document.createTextNode(String(child)));

const ICONS = {
  up: "M7 10v10H4V10h3Zm2 10V9.5L13 3c1.4 0 2.2 1 2 2.4L14.4 9H19a2 2 0 0 1 2 2.4l-1.3 7A2 2 0 0 1 17.7 20H9Z",
  down: "M17 14V4h3v10h-3Zm-2-10v10.5L11 21c-1.4 0-2.2-1-2-2.4L9.6 15H5a2 2 0 0 1-2-2.4l1.3-7A2 2 0 0 1 6.3 4H15Z",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v5.5M12 7.6v.1",
  close: "M6 6l12 12M18 6 6 18",
};

/** Return a small picture that says nothing by itself; `name` is one of `ICONS`, or a path. */
export function icon(name) {
  const line = { fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linejoin": "round", "stroke-linecap": "round" };
  const path = shape("path", { d: ICONS[name] ?? name, ...line });
  return shape("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon" }, path);
}
