// Builds DOM nodes without parsing HTML, so that text from the workspace cannot become markup.

const SVG = "http://www.w3.org/2000/svg";

/** Build an element. Props: `class`, `on` (listeners), `dataset`, DOM booleans, else attributes. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [type, fn] of Object.entries(value)) node.addEventListener(type, fn);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const ICONS = {
  alert: ["M12 4 2.8 20h18.4z", "M12 10v4.5", "M12 17.3v.1"],
  at: ["M16 8v5a2.6 2.6 0 0 0 5 0v-1a9 9 0 1 0-3.6 7.2", "M12 8.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6z"],
  back: ["M15 5l-7 7 7 7"],
  bolt: ["M13 2.5 5 13.5h6l-1 8 8-11h-6z"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  clip: ["M20 11.5 11.7 19.8a5 5 0 0 1-7.1-7.1l8.6-8.6a3.3 3.3 0 0 1 4.7 4.7l-8.6 8.6a1.7 1.7 0 0 1-2.4-2.4l7.9-7.9"],
  copy: ["M9 9h11v11H9z", "M5 15H4V4h11v1"],
  down: ["M6 9.5l6 6 6-6"],
  download: ["M12 4v11", "M7 10.5l5 5 5-5", "M5 20h14"],
  eye: ["M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z", "M12 9.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4z"],
  fax: ["M7 9V3.5h10V9", "M7 18H4V9h16v9h-3", "M7 14h10v7H7z", "M16.5 11.6v.1"],
  file: ["M6 2.5h8.5L19 7v14.5H6z", "M14 2.5V7.5h5", "M9 12h7", "M9 16h7"],
  hash: ["M5 9h15", "M4 15h15", "M10 3.5 8 20.5", "M16 3.5l-2 17"],
  image: ["M3.5 5h17v14h-17z", "M4 17l5-5.5 4 4 3-2.5 4 4", "M15.5 9.3v.1"],
  lock: ["M5.5 11h13v9.5h-13z", "M8.5 11V7.5a3.5 3.5 0 0 1 7 0V11"],
  more: ["M12 5.5h.01", "M12 12h.01", "M12 18.5h.01"],
  pencil: ["M4 20l1-4.5L16.5 4 20 7.5 8.5 19z"],
  people: ["M9 5a3.2 3.2 0 1 0 0 6.4A3.2 3.2 0 0 0 9 5z", "M2.8 20c.4-4 3-6 6.2-6s5.8 2 6.2 6", "M16 5.5a3 3 0 0 1 0 5.6", "M17.5 14.5c2 .7 3.3 2.5 3.7 5.5"],
  plus: ["M12 5v14", "M5 12h14"],
  reply: ["M4 5h16v11.5h-9L6.5 20v-3.5H4z", "M8 9.5h8", "M8 12.5h5"],
  search: ["M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z", "M15.5 15.5 20.5 20.5"],
  send: ["M4 12 3.5 4 21 12 3.5 20z", "M4 12h9"],
  trash: ["M4.5 6.5h15", "M9 6V3.5h6V6", "M6.5 6.5l1 14h9l1-14", "M10 10.5v6", "M14 10.5v6"],
  x: ["M6 6l12 12", "M18 6 6 18"],
};

/** An inline SVG icon, decorative and hidden from assistive technology. */
export function icon(name, size = 18) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", class: `icon icon-${name}` };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  for (const d of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** A button that shows only an icon; *label* is its accessible name and its tooltip. */
export function iconButton(name, label, onClick, props = {}) {
  const { class: extra = "", ...rest } = props;
  return h("button", { type: "button", class: `icon-button ${extra}`, "aria-label": label, title: label,
    on: { click: onClick }, ...rest }, icon(name));
}

/**
 * Make the children of *parent* match *parts* [{key, sign, make, update?}] and change only the parts whose sign differs.
 * A changed part is updated in place if it has `update`, else replaced; the keyboard focus is restored by its focus key.
 */
export function reconcile(parent, parts) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const present = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let cursor = parent.firstElementChild;
  for (const part of parts) {
    let node = present.get(part.key);
    present.delete(part.key);
    if (node && node.faxSign !== part.sign) {
      if (part.update) part.update(node);
      else {
        const fresh = part.make();
        if (cursor === node) cursor = fresh;
        node.replaceWith(fresh);
        node = fresh;
      }
    }
    node ??= part.make();
    node.dataset.key = part.key;
    node.faxSign = part.sign;
    if (node === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(node, cursor);
  }
  for (const leftover of present.values()) leftover.remove();
  if (focused && !parent.contains(document.activeElement)) refocus(parent, focused);
}

function refocus(parent, focused) {
  const again = focused.isConnected ? focused : [...parent.querySelectorAll("[data-focus]")].find((node) => node.dataset.focus === focused.dataset.focus);
  (again ?? parent.closest("[tabindex]"))?.focus({ preventScroll: true });
}

let serial = 0;
/** A document-unique id, for aria references. */
export const uniqueId = (prefix) => `${prefix}-${++serial}`;

/** The parent for overlays: the topmost open dialog (everything else is inert), else the body. */
export const topLayer = () => [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
