// Pages are written as text and brought into the document by changing what
// differs, so that what a person holds, a field or a scroll, stays as it is.

/** Markup is text that may stand in a page as it is. */
export class Markup {
  constructor(readonly text: string) {}
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function textOf(x: unknown): string {
  if (x instanceof Markup) return x.text;
  if (Array.isArray(x)) return x.map(textOf).join("");
  if (x === null || x === undefined || x === false || x === true) return "";
  return String(x).replace(/[&<>"']/g, (c) => escapes[c]!);
}

/** html makes markup of a template; what is put in is text, unless it is markup. */
export const html = (parts: TemplateStringsArray, ...values: unknown[]) =>
  new Markup(parts.reduce((all, part, i) => all + textOf(values[i - 1]) + part));

/** show brings markup into an element. */
export function show(into: Element, markup: Markup) {
  const t = document.createElement("template");
  t.innerHTML = markup.text;
  children(into, t.content);
}

const keyOf = (n: Node) => (n instanceof Element ? n.getAttribute("data-key") : null);

/** children makes the children of an element those of another, keeping each that has its key, or its kind. */
function children(into: Node, from: Node) {
  const kept = new Map<string, Node>();
  for (const c of into.childNodes) {
    const key = keyOf(c);
    if (key !== null) kept.set(key, c);
  }
  let at = into.firstChild;
  for (const want of [...from.childNodes]) {
    const key = keyOf(want);
    let have: Node | null | undefined = key !== null ? kept.get(key) : at && keyOf(at) === null ? at : null;
    if (have && have.nodeName !== want.nodeName) have = null;
    if (!have) {
      into.insertBefore(want, at);
      continue;
    }
    if (have === at) at = at.nextSibling;
    else into.insertBefore(have, at);
    change(have, want);
  }
  while (at) {
    const next: ChildNode | null = at.nextSibling;
    into.removeChild(at);
    at = next;
  }
}

function change(have: Node, want: Node) {
  if (!(have instanceof Element) || !(want instanceof Element)) {
    if (have.nodeValue !== want.nodeValue) have.nodeValue = want.nodeValue;
    return;
  }
  if (want.hasAttribute("data-still")) return; // what is in it is its own
  for (const { name } of [...have.attributes]) if (!want.hasAttribute(name)) have.removeAttribute(name);
  for (const { name, value } of want.attributes) if (have.getAttribute(name) !== value) have.setAttribute(name, value);
  children(have, want);
}
