// Keeps a page up to date while a job runs: one event stream, only while the tab is looked at, closed when the job has ended.
// An event says what changed; the changed parts are then fetched as the server draws them and morphed in.

import { $, $$, toast } from "./dom.js";
import { morph } from "./morph.js";

const PARTS = {
  progress: ["status"],
  video: ["head", "status"],
  transcript: ["transcript"],
  gist: ["summary", "status"],
  chapters: ["summary", "transcript", "questions"],
  point: ["summary"],
  overview: ["summary"],
  summary: ["summary", "coverage", "tools"],
  download: ["tools"],
};
const LOST_AFTER = 10_000;

export class Live {
  /** `stream`: address of the events; `partUrl(name)`: address of a part; `page`: the whole page can be fetched at once. */
  constructor({ stream, partUrl, onChange = () => {}, isLive }) {
    Object.assign(this, { stream, partUrl, onChange, isLive });
    this.waiting = new Set();
    this.lost = 0;
    document.addEventListener("visibilitychange", () => this.check());
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", () => this.check());
    this.check();
  }

  check() {
    if (document.hidden || !this.isLive()) this.close();
    else if (!this.source) this.open();
  }

  open() {
    this.source = new EventSource(this.stream);
    const everything = () => this.wants(Object.keys(Object.fromEntries($$("[data-part]").map((part) => [part.dataset.part, 1]))));
    this.source.addEventListener("state", () => { this.found(); everything(); });
    for (const [event, parts] of Object.entries(PARTS)) this.source.addEventListener(event, () => this.wants(parts));
    for (const event of ["done", "failed", "cancelled"]) this.source.addEventListener(event, () => { this.close(); everything(); });
    this.source.addEventListener("error", () => this.missed());
  }

  close() {
    this.source?.close();
    this.source = null;
    this.found();
  }

  /** The browser reconnects by itself; only when that takes long is it worth a word. A refused stream (too many) is closed by the browser: try later. */
  missed() {
    if (!this.lost) this.lost = setTimeout(() => toast("The connection was lost. Trying again…"), LOST_AFTER);
    if (this.source?.readyState === EventSource.CLOSED) {
      this.source = null;
      setTimeout(() => { this.everything?.(); this.check(); }, LOST_AFTER);
    }
  }

  found() {
    clearTimeout(this.lost);
    this.lost = 0;
  }

  wants(names) {
    for (const name of names) this.waiting.add(name);
    this.timer ??= setTimeout(() => this.refresh(), 120);
  }

  async refresh() {
    if (this.busy) { this.timer = setTimeout(() => this.refresh(), 120); return; }
    this.timer = null;
    this.busy = true;
    const names = [...this.waiting];
    this.waiting.clear();
    try {
      await Promise.all(names.map((name) => this.fetchPart(name)));
      this.onChange(names);
      if (!this.isLive()) this.close();
      else this.check();
    } catch {
      for (const name of names) this.waiting.add(name);
      setTimeout(() => this.wants([]), 2000);
    } finally {
      this.busy = false;
    }
  }

  async fetchPart(name) {
    const part = $(`[data-part="${name}"]`);
    if (!part) return;
    const response = await fetch(this.partUrl(name), { headers: { Accept: "text/html" } });
    if (response.status === 404) { this.close(); return; }
    if (!response.ok) throw new Error(response.statusText);
    const html = await response.text();
    const template = document.createElement("template");
    template.innerHTML = html;
    const fresh = template.content.querySelector(`[data-part="${name}"]`);
    if (fresh) morph(part, fresh.outerHTML);
  }
}
