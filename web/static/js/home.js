// The one box: what its button does, files dropped anywhere, links pasted anywhere, uploads with progress.

import { $, $$, toast, typing } from "./dom.js";
import { Live } from "./live.js";
import { dropped, sendAll, tellUnfinished } from "./upload.js";
import { t } from "./words.js";

const LINK = /(?:https?:\/\/|www\.|youtu\.be\/|youtube\.com\/)\S+/i;

export function startPaste() {
  const form = $("#paste");
  document.addEventListener("paste", (event) => {
    if (typing() || document.querySelector("dialog[open]")) return;
    const files = [...(event.clipboardData?.files || [])];
    const text = event.clipboardData?.getData("text") || "";
    if (files.length && form) { sendAll(files); return; }
    if (LINK.test(text)) { event.preventDefault(); submitText(text.trim()); }
  });
  addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("is-dropping"); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("is-dropping"); });
  addEventListener("drop", async (event) => {
    event.preventDefault();
    document.body.classList.remove("is-dropping");
    const text = event.dataTransfer?.getData("text") || "";
    const files = await dropped(event.dataTransfer);
    if (files.length) sendAll(files);
    else if (LINK.test(text)) submitText(text.trim());
    else toast(t("That cannot be read. Nutshell takes audio, video, and subtitles as .vtt, .srt, .ttml, .json3 or .txt."));
  });
}

/** As if typed into the box of the home page and sent, from any page. */
function submitText(text) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/";
  form.hidden = true;
  const field = document.createElement("input");
  field.name = "q";
  field.value = text.replace(/\s+/g, " "); // a one-line field would swallow line breaks and glue two links together
  form.append(field);
  document.body.append(form);
  form.submit();
}

export function startHome() {
  const field = $("#q");
  const label = $("[data-label]");
  const name = () => {
    const text = field.value.trim();
    label.textContent = /[?？؟]$/.test(text) && !LINK.test(text) ? t("Ask") : text && !LINK.test(text) && !/^[\w-]{11}$/.test(text) ? t("Search") : t("Summarise");
  };
  field.addEventListener("input", name);
  name();
  const file = $("input[type=file]");
  file.addEventListener("change", () => { sendAll([...file.files]); file.value = ""; });
  tellUnfinished();
  new Live({
    stream: "/api/v1/events",
    partUrl: () => `/parts/library${location.search}`,
    isLive: () => !!$("#part-library[data-live]"),
    first: "library",
    parts: () => ["library"],
  });
  for (const form of $$(".examples form")) form.addEventListener("submit", () => { $("button", form).disabled = true; });
}
