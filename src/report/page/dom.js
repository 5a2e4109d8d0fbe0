// Elements, and the one door through which text comes in.
//
// Every string of the page is put in as a text node, and most of them were chosen by a target. What could steer the
// reader's eye (control characters, marks of direction, characters without a shape) is shown as an escape.

const SVG = "http://www.w3.org/2000/svg";
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;

/** The text with everything invisible as an escape. */
function clean(value) {
  const text = typeof value === "string" ? value : String(value ?? "");
  return text.replace(HIDDEN, (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "data") {
      for (const [key, entry] of Object.entries(value)) node.dataset[key] = entry;
    } else if (name === "css") {
      // Through the object model: the page's policy forbids style attributes.
      for (const [key, entry] of Object.entries(value)) node.style.setProperty(key, entry);
    } else {
      node.setAttribute(name, value === true ? "" : clean(value));
    }
  }
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(clean(child)));
  }
  return node;
}

/** An element of HTML: `h("p", {class: "x"}, "text", child)`. */
function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** An element of SVG. */
function s(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

const byId = (id) => document.getElementById(id);

/** `1 scenario`, `1,200 scenarios`. */
function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** The shapes of statuses, drawn in a square of 16. No shape is told from another by its colour alone. */
const SHAPES = {
  passed: ["M3.5 8.5 6.5 11.5 12.5 4.5"],
  near: ["M2.5 6.7c2-2.4 3.6-2.4 5.5-.8s3.5 1.6 5.5-.8", "M2.5 10.9c2-2.4 3.6-2.4 5.5-.8s3.5 1.6 5.5-.8"],
  unsure: ["M5.3 5.8a2.7 2.7 0 1 1 4.1 2.3c-.9.6-1.4 1-1.4 2.1", "M8 12.7v.1"],
  deviated: ["M4 4 12 12", "M12 4 4 12"],
  known: ["M8 2.6 13.4 8 8 13.4 2.6 8Z"],
  skipped: ["M4 8H12"],
  error: ["M8 2.3 14.3 13.4H1.7Z", "M8 6.3v3.2", "M8 11.5v.1"],
  none: ["M6 8v.1", "M10 8v.1"],
};

/** The symbol of a status. */
function symbol(status) {
  const paths = SHAPES[status] ?? SHAPES.none;
  return s(
    "svg",
    { viewBox: "0 0 16 16", class: `symbol ${status}`, "aria-hidden": "true", focusable: "false" },
    paths.map((d) => s("path", { d })),
  );
}

/** Symbol and word of a status. */
function badge(status) {
  return h("span", { class: `badge ${status}` }, symbol(status), STATUS[status]?.word ?? status);
}
