/** The element with this id; a missing one is a mistake in the page. @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element #${id}.`);
  return found;
}

/**
 * Create an element. Children are nodes or text: text never becomes markup.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Create an SVG element.
 *
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {(Node | string)[]} children
 */
export function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** Change a text only when it differs, so that nothing is laid out or read aloud twice.
 * @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A name and a word of ours after it: a long name is cut, the word stays.
 * @param {Element} element @param {string} name @param {string} word */
export function nameAnd(element, name, word) {
  element.replaceChildren(make("span", { class: "cut-name" }, name), `\u00a0${word}`);
}

/** A colour of the style sheet as the browser computes it, whatever the theme.
 * @param {string} token */
export function colour(token) {
  const probe = make("span", { style: `color: var(--${token}); display: none` });
  document.body.append(probe);
  const computed = getComputedStyle(probe).color;
  probe.remove();
  return computed;
}

/** The margins every chart of the page shares, in px. */
export function plotMargins() {
  const style = getComputedStyle(document.documentElement);
  return {
    left: parseFloat(style.getPropertyValue("--plot-left")),
    right: parseFloat(style.getPropertyValue("--plot-right")),
  };
}
