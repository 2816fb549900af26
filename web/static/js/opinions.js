// What the reader thinks of a sentence: sent without leaving the page, so that nothing that plays stops. Without scripts the forms do the same.

import { $, $$, toast } from "./dom.js";
import { morph } from "./morph.js";
import { t } from "./words.js";

export function startOpinions() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form.opinion");
    if (!form) return;
    event.preventDefault();
    send(form, event.submitter);
  });
}

async function send(form, button) {
  const fields = new URLSearchParams(new FormData(form));
  fields.set(button.name, button.value);
  try {
    const response = await fetch(form.action, { method: "POST", body: fields, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!response.ok) throw new Error($("[data-testid=error] p", page)?.textContent);
    drawn(form, button, page);
  } catch (error) {
    toast(error instanceof TypeError || !error.message ? t("That could not be kept. Try again in a moment.") : error.message);
  }
}

/** `page` is the one that the form leads to: the summary is taken from it; an answer that was just asked for does not stand there yet. */
function drawn(form, button, page) {
  const summary = $("#part-summary");
  if (!summary?.contains(form)) { press(form, button); return; }
  const place = form.closest("[id]").id;
  const reword = form.closest("details");
  morph(summary, $("#part-summary", page).outerHTML);
  if (reword) reword.open = false;
  for (const one of $$(`#${place} form.opinion`)) one.reset();
  const next = $(`#${place} .opinions :is(button, summary)`);
  if (!document.activeElement || document.activeElement === document.body || !document.activeElement.offsetParent) next?.focus();
}

function press(form, button) {
  for (const thumb of $$("[data-opinion]", form)) {
    const pressed = thumb === button && button.value !== "none";
    thumb.setAttribute("aria-pressed", String(pressed));
    if (thumb !== button) thumb.value = thumb.dataset.opinion;
  }
  button.value = button.value === "none" ? button.dataset.opinion : "none";
}
