// Makes elements. What people said or are named goes in by textContent alone: each text in an
// element with dir=auto, each name in a bdi.

/** Gives an element of index.html. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Makes an element.
 *
 * @param {string} tag
 * @param {Record<string, any>} [traits]  attributes of our own; functions are listeners
 * @param {...(Node | string | null)} children
 */
export function make(tag, traits = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function named(name, traits = {}) {
  const element = make('bdi', traits);
  element.textContent = name;
  return element;
}

export function said(text, tag = 'span', traits = {}) {
  const element = make(tag, { dir: 'auto', ...traits });
  element.textContent = text;
  return element;
}

/** Makes nodes of the parts of a sentence (model/words.js). */
export function nodesOf(parts) {
  return parts.map((part) => {
    if (typeof part === 'string') return document.createTextNode(part);
    if ('nick' in part) return named(part.nick, { class: 'who' });
    return 'room' in part ? named(`#${part.room}`) : said(part.text);
  });
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

/** Writes a text only if it is another one, as a change is costly and may be announced. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Makes the children of an element those that are given, and touches those only that move. */
export function arrange(parent, wanted) {
  const kept = new Set(wanted);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of wanted) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}
