// Files on their way to the server, in pieces (the protocol tus 1.0): after a lost connection they go on by themselves, after a reload when the file is chosen again.

import { $, toast } from "./dom.js";
import { t } from "./words.js";

const PLACE = "/api/v1/uploads/tus";
const PIECE = 8 * 1024 * 1024;
const AT_ONCE = 2;
const MOST = 500; // files of a folder
const KEY = "nutshell-upload:";
const DAY = 24 * 3600 * 1000;
const PAUSES = [1, 2, 4, 8, 15, 30]; // seconds
const TAKEN = /\.(mp3|m4a|aac|ogg|oga|opus|flac|wav|mka|mp4|m4v|mov|webm|mkv|aiff?|vtt|srt|sbv|ttml|dfxp|json3|srv[123]|txt)$/i;

/** The server has said no, and would again. */
class Refused extends Error {
  constructor(sentence, code = "") {
    super(sentence);
    this.code = code;
  }
}

class Upload {
  constructor(file, options, onProgress) {
    this.file = file;
    this.options = options;
    this.onProgress = onProgress;
    this.key = `${KEY}${file.name}|${file.size}|${file.lastModified}`;
    this.sent = 0;
    this.place = "";
    this.request = null;
    this.stopped = false;
  }

  /** Sends what the server has not yet; the address of the page. */
  async run() {
    let page = await this.persist(() => this.begin());
    while (!page) page = await this.persist(() => this.piece());
    forget(this.key);
    return page;
  }

  /** Tries again for as long as that can help. */
  async persist(step) {
    for (let tries = 0; ; tries++) {
      try {
        return await step();
      } catch (error) {
        if (error instanceof Refused) { forget(this.key); throw error; }
        if (this.stopped) throw new Refused(t("Stopped."), "stopped");
        this.onProgress(this, "waiting");
        await pause(PAUSES[Math.min(tries, PAUSES.length - 1)]);
        if (this.stopped) throw new Refused(t("Stopped."), "stopped");
        if (this.place) step = () => this.ask();
      }
    }
  }

  async begin() {
    this.place = recall(this.key);
    if (this.place) {
      const page = await this.ask();
      if (this.place) return page;
    }
    return this.create();
  }

  async create() {
    const said = { filename: this.file.name, ...this.options };
    const metadata = Object.entries(said).map(([name, value]) => `${name} ${base64(value)}`.trim()).join(",");
    const response = await this.call("POST", PLACE, { "Upload-Length": String(this.file.size), "Upload-Metadata": metadata });
    if (response.status !== 201) throw refusal(response);
    this.place = response.getResponseHeader("Location");
    this.sent = 0;
    remember(this.key, this.place);
    return "";
  }

  /** How far it has come; its page when it has ended. One that the server has forgotten begins anew. */
  async ask() {
    const response = await this.call("HEAD", this.place, {});
    if (response.status === 404) {
      forget(this.key);
      this.place = "";
      await this.create();
      return "";
    }
    if (response.status !== 200) throw refusal(response);
    this.sent = Number(response.getResponseHeader("Upload-Offset"));
    return response.getResponseHeader("Nutshell-Page") || "";
  }

  async piece() {
    const data = this.file.slice(this.sent, this.sent + PIECE);
    const headers = { "Upload-Offset": String(this.sent), "Content-Type": "application/offset+octet-stream" };
    const response = await this.call("PATCH", this.place, headers, data);
    if (response.status !== 204) throw refusal(response);
    this.sent = Number(response.getResponseHeader("Upload-Offset"));
    this.onProgress(this, "sending");
    return response.getResponseHeader("Nutshell-Page") || "";
  }

  call(method, address, headers, body = null) {
    return new Promise((resolve, reject) => {
      const request = (this.request = new XMLHttpRequest()); // fetch does not tell how far an upload is
      const from = this.sent;
      request.open(method, address);
      request.timeout = 15 * 60 * 1000;
      for (const [name, value] of Object.entries({ "Tus-Resumable": "1.0.0", ...headers })) request.setRequestHeader(name, value);
      if (body) {
        request.upload.addEventListener("progress", (event) => {
          this.sent = from + event.loaded;
          this.onProgress(this, this.sent < this.file.size ? "sending" : "checking");
        });
      }
      request.addEventListener("load", () => { this.sent = from; resolve(request); });
      for (const name of ["error", "timeout", "abort"]) request.addEventListener(name, () => { this.sent = from; reject(new Error(name)); });
      request.send(body);
    });
  }

  stop() {
    this.stopped = true;
    this.request?.abort();
    if (this.place) fetch(this.place, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
    forget(this.key);
  }
}

/** What an answer means: an Error where trying again can help, else Refused with the server's sentence. */
function refusal(response) {
  const said = problem(response);
  const again = [404, 408, 409, 423, 429, 502, 503, 504].includes(response.status) && said.code !== "storage";
  return again ? new Error(String(response.status)) : new Refused(said.detail || t("That file cannot be used."), said.code);
}

function problem(response) {
  try {
    return JSON.parse(response.responseText);
  } catch {
    return {};
  }
}

const pause = (seconds) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    addEventListener("online", () => { clearTimeout(timer); resolve(); }, { once: true });
  });

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text.slice(-1000))));
}

// ---------------------------------------------------------------- what is remembered over a reload

function remember(key, place) {
  try { localStorage.setItem(key, JSON.stringify({ place, at: Date.now() })); } catch { /* storage is full or switched off: then a reload begins anew */ }
}

function forget(key) {
  try { localStorage.removeItem(key); } catch { /* as above */ }
}

function recall(key) {
  try {
    const found = JSON.parse(localStorage.getItem(key) || "{}");
    return Date.now() - found.at < DAY ? found.place : "";
  } catch {
    return "";
  }
}

/** Names of files that were not sent whole, in the last day. */
function unfinished() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(KEY) && recall(key)).map((key) => key.slice(KEY.length).split("|").slice(0, -2).join("|"));
  } catch {
    return [];
  }
}

// ---------------------------------------------------------------- what is shown

/** Sends files, two at a time, and opens what became of them. */
export async function sendAll(files) {
  if (!files.length) return;
  const options = choices(files.length > 1);
  const shown = new Shown(files);
  const uploads = files.map((file) => new Upload(file, options, (_, state) => shown.draw(uploads, state)));
  shown.begin(() => uploads.forEach((upload) => upload.stop()));
  const waiting = [...uploads];
  const pages = [];
  const refused = [];
  const send = async () => {
    for (let upload = waiting.shift(); upload; upload = waiting.shift()) {
      try {
        if (upload.stopped) continue;
        pages.push(await upload.run());
      } catch (error) {
        refused.push({ name: upload.file.name, sentence: error.message, code: error.code || "" });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  shown.end(pages, refused);
}

/** The options of the form, as tus sends them. */
function choices(many) {
  const form = $("#paste");
  const data = form ? new FormData(form) : new FormData();
  const found = {};
  for (const name of ["language", "length"]) if (data.get(name)) found[name] = data.get(name);
  if (data.get("listen")) found.listen = "1";
  if (many) found.batch = "1";
  return found;
}

class Shown {
  constructor(files) {
    this.files = files;
    this.total = files.reduce((sum, file) => sum + file.size, 0) || 1;
    this.box = $("#upload");
  }

  begin(stop) {
    $(".field-error")?.remove();
    if (!this.box) { toast(t("Sending %(name)s", { name: this.name })); return; }
    this.box.hidden = false;
    $("progress", this.box).hidden = false;
    $("button", this.box)?.remove();
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet";
    button.textContent = t("Stop");
    button.addEventListener("click", stop);
    this.box.append(button);
  }

  get name() {
    return this.files.length === 1 ? this.files[0].name : t("%(count)s files", { count: this.files.length });
  }

  draw(uploads, state) {
    if (!this.box) return;
    const sent = uploads.reduce((sum, upload) => sum + upload.sent, 0);
    $("progress", this.box).value = sent / this.total;
    const percent = Math.floor((100 * sent) / this.total);
    $("#upload-words").textContent =
      state === "waiting" ? t("The connection broke off at %(percent)s %. It goes on by itself.", { percent }) : state === "checking" && this.files.length === 1 ? t("Checking %(name)s", { name: this.name }) : t("Sending %(name)s: %(percent)s %", { name: this.name, percent });
  }

  end(pages, refused) {
    const real = refused.filter((one) => one.code !== "stopped");
    if (!real.length && pages.length) { location.assign(pages.length === 1 ? pages[0] : "/"); return; }
    if (this.box) { this.box.hidden = true; $("button", this.box)?.remove(); }
    for (const one of real) refuse(this.box, this.files.length > 1 ? `${one.name}: ${one.sentence}` : one.sentence, one.code);
    if (pages.length) toast(t("%(sent)s of %(count)s files were sent.", { sent: pages.length, count: this.files.length }));
  }
}

export function refuse(box, sentence, code = "") {
  if (!box) { toast(sentence); return; }
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

/** Says which files were not sent whole: the page cannot open them again by itself. */
export function tellUnfinished() {
  const names = unfinished();
  const box = $("#upload");
  if (!names.length || !box) return;
  box.hidden = false;
  $("progress", box).hidden = true;
  $("#upload-words").textContent = t("Not sent whole: %(names)s. Choose the same file again and it goes on where it stopped.", { names: names.slice(0, 3).join(", ") });
}

// ---------------------------------------------------------------- folders

/** The files of a drop, those in folders with them; to be called while the event lasts. */
export function dropped(transfer) {
  const entries = [...(transfer?.items || [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return Promise.resolve([...(transfer?.files || [])]);
  const found = [];
  return entries.reduce((before, entry) => before.then(() => walk(entry, found, false)), Promise.resolve()).then(() => found);
}

async function walk(entry, found, inside) {
  if (found.length >= MOST || entry.name.startsWith(".")) return;
  if (entry.isFile) {
    if (!inside || TAKEN.test(entry.name)) found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) return;
    for (const one of some) await walk(one, found, true);
  }
}
