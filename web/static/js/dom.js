// Small helpers that every module uses.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** "1:13", or "1:02:03" from one hour on; the same rule as on the server. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Length of the video in seconds, 0 while it is not known; it arrives after the page. */
export const length = () => Number($("#part-head")?.dataset.duration) || 0;

let clearing = 0;
/** A short note at the bottom of the page, also spoken by screen readers. */
export function toast(text) {
  const box = $("#toast");
  box.textContent = text;
  clearTimeout(clearing);
  clearing = setTimeout(() => { box.textContent = ""; }, 4000);
}

/** True while the reader types: single keys belong to the field then. */
export function typing() {
  const active = document.activeElement;
  return !!active && (active.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName) && !/^(checkbox|radio|button|submit|range)$/.test(active.type));
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** What is remembered between visits; a browser that refuses storage just does not remember. */
export const memory = {
  get(name, otherwise) {
    try { return localStorage.getItem(`nutshell.${name}`) ?? otherwise; } catch { return otherwise; }
  },
  set(name, value) {
    try { localStorage.setItem(`nutshell.${name}`, value); } catch { /* private window */ }
  },
};

/** Copies text; over plain http there is no clipboard API, so a selection is copied instead. True only when it worked. */
export async function copy(text) {
  if (navigator.clipboard) {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* not allowed: try the old way */ }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
