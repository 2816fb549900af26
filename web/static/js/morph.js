// Brings an element to the state of new HTML from the server, touching only what differs: focus, selection, scroll positions, open
// details and what is being typed stay as they are.

/** Makes `old` like the first element of `html`. */
export function morph(old, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  if (fresh) element(old, fresh);
}

function element(old, fresh) {
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.importNode(fresh, true));
    return;
  }
  attributes(old, fresh);
  children(old, fresh);
}

// What the reader changes, and what scripts mark: the server knows nothing of these.
const KEPT = new Set(["open", "tabindex"]);
// Fields whose value is what the reader typed or chose; of any other (what a tick stands for) it is the server's.
const TYPED = "textarea, select, input:not([type=checkbox], [type=radio], [type=hidden], [type=submit])";
const MARKS = ["is-now", "is-cued", "has-grown"];

function attributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !KEPT.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (name === "value" && old.matches(TYPED)) continue;
    if (name === "checked" || (KEPT.has(name) && old.hasAttribute(name))) continue;
    if (name === "class") {
      const marked = MARKS.filter((mark) => old.classList.contains(mark));
      const wanted = [value, ...marked].join(" ").trim();
      if (old.getAttribute("class") !== wanted) old.setAttribute("class", wanted);
    } else if (old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }
}

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.id || null : null);

function children(old, fresh) {
  const keyed = new Map();
  for (const child of old.children) if (child.id) keyed.set(child.id, child);
  const wanted = new Set([...fresh.children].map(keyOf).filter(Boolean));
  let here = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const key = keyOf(next);
    let match = null;
    if (key && keyed.has(key)) {
      match = keyed.get(key);
    } else if (!key) {
      // the next unkeyed node of the same kind; keyed ones that are no longer wanted are passed over and removed below
      while (here && keyOf(here) && !wanted.has(keyOf(here))) here = drop(here);
      if (here && !keyOf(here) && here.nodeType === next.nodeType && here.nodeName === next.nodeName) match = here;
    }
    if (!match) {
      old.insertBefore(document.importNode(next, true), here);
      continue;
    }
    if (match === here) here = here.nextSibling;
    else old.insertBefore(match, here);
    if (match.nodeType === Node.ELEMENT_NODE) element(match, next);
    else if (match.nodeValue !== next.nodeValue) match.nodeValue = next.nodeValue;
  }
  while (here) here = drop(here);
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}
