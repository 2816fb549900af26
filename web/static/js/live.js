// Keeps a page up to date while a job runs: one event stream, only while the tab is looked at, closed when the job has ended.
// An event says what changed; the changed parts are then fetched as the server draws them and morphed in.

import { $, $$, toast } from "./dom.js";
import { morph } from "./morph.js";
import { t } from "./words.js";

const PARTS = {
  progress: ["status"],
  video: ["head", "status"],
  transcript: ["transcript"],
  gist: ["summary", "status"],
  chapters: ["summary", "transcript", "questions"],
  point: ["summary"],
  overview: ["summary"],
  summary: ["summary", "coverage", "tools"],
  questions: ["questions"],
  download: ["tools"],
  items: ["items"],
};
/** Milliseconds between two fetches of a part that is long. */
const PACE = { transcript: 4000, library: 1000, state: 1000, items: 2000 };
const LOST_AFTER = 10_000;

export class Live {
  /** `stream`: address of the events; `partUrl(name)`: address of a part; `isLive()`: something still runs; `parts(event)`: what an event changes;
   *  `first`: the part that knows whether something runs, or null where the page was drawn so early that anything may have come since; `onChange(names, events)`: after parts were redrawn. */
  constructor({ stream, partUrl, isLive, first, parts = (event) => PARTS[event], onChange = () => {} }) {
    Object.assign(this, { stream, partUrl, isLive, first: first && [first], parts, onChange });
    this.events = new Set();
    this.fetched = new Map();
    this.waiting = new Set();
    this.lost = 0;
    document.addEventListener("visibilitychange", () => this.check());
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", () => this.check());
    this.check();
  }

  check() {
    if (document.hidden || this.gone || !this.isLive()) this.close();
    else if (!this.source) this.open();
  }

  open() {
    this.source = new EventSource(this.stream);
    // a page that was just drawn only makes sure that nothing ended before the stream began; one that comes back looks at everything
    const names = this.opened ? null : this.first;
    this.opened = true;
    this.source.addEventListener("state", () => { const back = this.lost || this.missing; this.found(); if (names && !back) this.wants(names); else this.everything(); });
    for (const event of Object.keys(PARTS)) this.source.addEventListener(event, () => this.wants(this.parts(event), event));
    for (const event of ["done", "failed", "cancelled"]) this.source.addEventListener(event, () => this.everything());
    this.source.addEventListener("error", () => this.missed());
  }

  everything() { this.wants($$("[data-part]").map((part) => part.dataset.part)); }

  close() {
    this.source?.close();
    this.source = null;
    this.found();
  }

  /** The browser reconnects by itself; only when that takes long is it worth a word. A refused stream is closed by the browser: look at the rows and try again. */
  missed() {
    this.missing = true; // whatever happened until the stream is back was not told
    if (!this.lost) this.lost = setTimeout(() => toast(t("The connection was lost. Trying again…")), LOST_AFTER);
    if (this.source?.readyState !== EventSource.CLOSED) return;
    this.source = null;
    setTimeout(() => this.everything(), LOST_AFTER);
  }

  found() {
    this.missing = false;
    clearTimeout(this.lost);
    this.lost = 0;
  }

  wants(names, event) {
    if (this.gone) return;
    for (const name of names) this.waiting.add(name);
    if (event) this.events.add(event);
    this.timer ??= setTimeout(() => this.refresh(), 120);
  }

  async refresh() {
    this.timer = null;
    if (this.busy) { this.wants([]); return; }
    const now = Date.now();
    const names = [...this.waiting].filter((name) => now - (this.fetched.get(name) ?? 0) >= (PACE[name] ?? 0));
    for (const name of names) this.waiting.delete(name);
    const events = [...this.events];
    this.events.clear();
    this.busy = true;
    const wasLive = this.isLive();
    try {
      await Promise.all(names.map((name) => this.fetchPart(name)));
      if (names.length || events.length) this.onChange(names, events);
      if (wasLive && !this.isLive()) this.everything();
      this.check();
    } catch {
      for (const name of names) this.waiting.add(name);
      await new Promise((done) => { setTimeout(done, 2000); }); // the server is away for a moment
    } finally {
      this.busy = false;
      if (this.waiting.size) this.wants([]);
    }
  }

  async fetchPart(name) {
    const part = $(`[data-part="${name}"]`);
    if (!part) return;
    const response = await fetch(this.partUrl(name), { headers: { Accept: "text/html" } });
    if (response.status === 404) { this.gone = true; this.waiting.clear(); this.close(); return; } // deleted meanwhile
    if (!response.ok) throw new Error(response.statusText);
    this.fetched.set(name, Date.now());
    const html = await response.text();
    const template = document.createElement("template");
    template.innerHTML = html;
    const fresh = template.content.querySelector(`[data-part="${name}"]`);
    if (fresh) morph(part, fresh.outerHTML);
  }
}
