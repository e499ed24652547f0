// Elements of HTML and SVG, made without markup in texts: the content policy and the reader of the code both prefer it.

/** An element with a class and children; a child is an element or a text. */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** An element of SVG with its attributes, hidden from screen readers when it is a whole drawing. */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  if (tag === "svg") element.setAttribute("aria-hidden", "true");
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
