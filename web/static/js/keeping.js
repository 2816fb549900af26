// What the reader keeps: tags, folders, highlights and notes. Forms are sent without leaving the page, so that nothing that plays stops; without scripts
// they do the same. Words that are selected in the transcript can be highlighted.

import { $, $$, clock, toast } from "./dom.js";
import { morph } from "./morph.js";
import { t } from "./words.js";

const REDRAWN = ["shelf", "summary", "notes"];

export function startKeeping() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form.keep");
    if (!form) return;
    event.preventDefault();
    send(form, event.submitter);
  });
}

async function send(form, button) {
  const fields = new URLSearchParams(new FormData(form));
  if (button?.name) fields.set(button.name, button.value);
  try {
    const response = await fetch(button?.getAttribute("formaction") ?? form.action, { method: "POST", body: fields, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!response.ok) throw new Error($("[data-testid=error] p", page)?.textContent);
    drawn(form, page);
  } catch (error) {
    toast(error instanceof TypeError || !error.message ? t("That could not be kept. Try again in a moment.") : error.message);
  }
}

/** `page` is the one that the form leads to. */
function drawn(form, page) {
  form.reset();
  const open = form.closest("details:not(.shelf-more)");
  if (open) open.open = false;
  for (const name of REDRAWN) redraw(name, page);
  // a redraw leaves ticks to the reader; here they are what was kept, or the next "Save" would take the video out of the folder it was just put in
  for (const box of $$("#part-shelf input[type=checkbox]", page)) {
    const here = $(`#part-shelf input[name="${box.name}"][value="${CSS.escape(box.value)}"]`);
    if (here) here.checked = box.checked;
  }
  if (marksOf($("#part-transcript")) !== marksOf($("#part-transcript", page))) {
    redraw("transcript", page);
    document.dispatchEvent(new CustomEvent("redrawn"));
  }
  if (form.id === "mark-bar") form.hidden = true;
  if (!document.activeElement || document.activeElement === document.body || !document.activeElement.offsetParent) {
    const place = form.id === "mark-bar" ? $("#part-transcript") : open?.isConnected ? $("summary", open) : $("#note-text");
    place?.focus({ preventScroll: true });
  }
}

function redraw(name, page) {
  const [old, fresh] = [$(`#part-${name}`), $(`#part-${name}`, page)];
  if (old && fresh) morph(old, fresh.outerHTML);
}

const marksOf = (transcript) => (transcript ? $$(".is-marked", transcript).map((line) => `${line.id} ${line.dataset.note}`).join() : "");

/** The bar beside selected words, the keys, and the time that is now. `player` says what time it is. */
export function startMarking(player, transcript) {
  const bar = $("#mark-bar");
  const body = $("#part-transcript");
  let waiting = 0;
  document.addEventListener("selectionchange", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => offer(bar, body), 150);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") bar.hidden = true; });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-now]")) setNow(player);
  });
  return {
    highlight() {
      const line = $(".line.is-now", body) ?? $(".line.is-target", body) ?? transcript.lineAt(player.position)?.node;
      if (line) mark(bar, line);
    },
    note() {
      setNow(player);
      const text = $("#note-text");
      text.scrollIntoView({ block: "center" });
      text.focus({ preventScroll: true });
    },
  };
}

function setNow(player) {
  $("#note-form").elements.start.value = clock(player.position);
}

/** Shows the bar where words of the transcript are selected, and takes it away where none are. */
function offer(bar, body) {
  if (bar.contains(document.activeElement)) return;
  const selection = getSelection();
  const range = selection.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
  const [first, last] = range ? [lineOf(range.startContainer), lineOf(range.endContainer)] : [];
  if (!first || !body.contains(first)) { bar.hidden = true; return; }
  const end = last && body.contains(last) ? last : $$(".line", body).at(-1);
  take(bar, first, end);
  bar.hidden = false;
  place(bar, range.getBoundingClientRect());
}

const lineOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(".line");

/** Below the words, inside the window. */
function place(bar, words) {
  const box = bar.getBoundingClientRect();
  const room = document.documentElement;
  const left = Math.min(Math.max(8, words.left), room.clientWidth - box.width - 8);
  const below = words.bottom + 8 + box.height < room.clientHeight;
  bar.style.left = `${Math.max(8, left)}px`;
  bar.style.top = `${below ? words.bottom + 8 : Math.max(8, words.top - box.height - 8)}px`;
}

/** Makes `bar` about the lines from `first` to `last`. */
function take(bar, first, last) {
  bar.elements.start.value = first.dataset.t;
  bar.elements.end.value = last.dataset.end;
  const remove = $("[data-unmark]", bar);
  remove.hidden = !first.dataset.note;
  remove.setAttribute("formaction", `/notes/${first.dataset.note}?${$("#video").dataset.query}`); // back to the language and style that are read
}

/** Highlights a line, or takes the highlight that lies on it away. */
function mark(bar, line) {
  take(bar, line, line);
  bar.requestSubmit(line.dataset.note ? $("[data-unmark]", bar) : $("[data-testid=mark]", bar));
}
