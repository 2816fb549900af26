// The one box: what its button does, files dropped anywhere, links pasted anywhere, uploads with progress.

import { $, $$, toast, typing } from "./dom.js";
import { Live } from "./live.js";

const LINK = /(?:https?:\/\/|www\.|youtu\.be\/|youtube\.com\/)\S+/i;
const READ = "Nutshell takes audio, video, and subtitles as .vtt, .srt, .ttml, .json3 or .txt.";

export function startPaste() {
  const form = $("#paste");
  document.addEventListener("paste", (event) => {
    if (typing() || document.querySelector("dialog[open]")) return;
    const file = event.clipboardData?.files?.[0];
    const text = event.clipboardData?.getData("text") || "";
    if (file && form) { upload(file); return; }
    if (LINK.test(text)) { event.preventDefault(); submitText(text.trim()); }
  });
  addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("is-dropping"); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("is-dropping"); });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("is-dropping");
    const file = event.dataTransfer?.files?.[0];
    const text = event.dataTransfer?.getData("text") || "";
    if (file) upload(file);
    else if (LINK.test(text)) submitText(text.trim());
    else toast(`That cannot be read. ${READ}`);
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

function upload(file) {
  const form = $("#paste");
  const data = new FormData(form || undefined);
  data.set("q", "");
  data.set("file", file);
  const box = $("#upload");
  const words = $("#upload-words");
  const bar = $("#upload progress");
  if (box) box.hidden = false; else toast(`Sending ${file.name}`);
  const request = new XMLHttpRequest();
  request.open("POST", "/api/v1/uploads");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => {
    if (!box || !event.lengthComputable) return;
    bar.value = event.loaded / event.total;
    words.textContent = event.loaded < event.total ? `Sending ${file.name}: ${Math.floor((100 * event.loaded) / event.total)} %` : `Checking ${file.name}`;
  });
  request.addEventListener("load", () => {
    if (request.status < 300 && request.response?.video_id) location.assign(`/v/${request.response.video_id}`);
    else refuse(box, request.response?.detail || `That file cannot be used. ${READ}`, request.response?.code);
  });
  request.addEventListener("error", () => refuse(box, "The connection broke off. Choose the file again."));
  request.send(data);
}

function refuse(box, sentence, code = "") {
  if (!box) { toast(sentence); return; }
  box.hidden = true;
  $(".field-error")?.remove();
  const line = document.createElement("p");
  line.className = "field-error";
  line.setAttribute("role", "alert");
  line.dataset.testid = "error";
  const text = document.createElement("span");
  const small = document.createElement("small");
  small.textContent = code;
  text.append(sentence, " ", small);
  line.append(text);
  $("#paste").append(line);
}

export function startHome() {
  const field = $("#q");
  const label = $("[data-label]");
  const name = () => {
    const text = field.value.trim();
    label.textContent = /[?？؟]$/.test(text) && !LINK.test(text) ? "Ask" : text && !LINK.test(text) && !/^[\w-]{11}$/.test(text) ? "Search" : "Summarise";
  };
  field.addEventListener("input", name);
  name();
  const file = $("input[type=file]");
  file.addEventListener("change", () => { if (file.files[0]) upload(file.files[0]); });
  new Live({
    stream: "/api/v1/events",
    partUrl: () => "/parts/library",
    isLive: () => !!$("#part-library[data-live]"),
    first: "library",
    parts: () => ["library"],
  });
  for (const form of $$(".examples form")) form.addEventListener("submit", () => { $("button", form).disabled = true; });
}
