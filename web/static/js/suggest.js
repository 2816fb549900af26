// Suggestions below a search field while one types. Without this script the field is a field; a suggestion is a link like any other.

import { $$ } from "./dom.js";
import { t } from "./words.js";

const WAIT = 150; // ms of quiet before the server is asked
const NAMES = { title: t("video"), chapter: t("chapter"), channel: t("channel"), name: t("name") };

export function startSuggestions() {
  for (const field of $$("[data-suggest]")) suggestFor(field);
}

function suggestFor(field) {
  const box = field.parentElement;
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${field.id}-suggestions`;
  list.hidden = true;
  list.dataset.testid = "suggestions";
  box.classList.add("has-suggestions");
  box.append(list);
  field.setAttribute("aria-controls", list.id);
  let timer = 0;
  let asked = "";
  const hide = () => { list.hidden = true; };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    asked = field.value.trim();
    if (asked.length < 2) hide(); else timer = setTimeout(() => show(asked), WAIT);
  });
  box.addEventListener("keydown", (event) => move(event, field, list, hide));
  box.addEventListener("focusout", (event) => { if (!box.contains(event.relatedTarget)) hide(); });

  async function show(typed) {
    let found = [];
    try {
      const response = await fetch(`${field.dataset.suggest}?${new URLSearchParams({ q: typed })}`);
      if (response.ok) found = (await response.json()).suggestions;
    } catch { /* away: no suggestions */ }
    if (typed !== asked || !box.contains(document.activeElement)) return; // typed on, or left, meanwhile
    list.replaceChildren(...found.map(item));
    list.hidden = !found.length;
  }
}

/** Titles are strangers' words: text, never HTML. */
function item({ kind, text, href }) {
  const link = document.createElement("a");
  link.href = href;
  link.dataset.testid = "suggestion";
  const what = document.createElement("small");
  what.textContent = NAMES[kind] || kind;
  const words = document.createElement("span");
  words.dir = "auto";
  words.textContent = text;
  link.append(what, words);
  const row = document.createElement("li");
  row.append(link);
  return row;
}

/** Down and up walk through the field and the links; Esc closes. */
function move(event, field, list, hide) {
  if (event.key === "Escape" && !list.hidden) {
    event.stopPropagation();
    hide();
    field.focus();
    return;
  }
  if (list.hidden || !/^Arrow(Down|Up)$/.test(event.key)) return;
  event.preventDefault();
  const stops = [field, ...list.querySelectorAll("a")];
  const step = event.key === "ArrowDown" ? 1 : -1;
  stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length].focus();
}
