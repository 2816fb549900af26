// The transcript beside the player: it follows, pauses when the reader scrolls away, and can be searched.

import { $, $$, calm, memory } from "./dom.js";
import { t } from "./words.js";

const UPPER_THIRD = 0.3;

export class TranscriptView {
  constructor(section, player) {
    this.body = $(".transcript-body", section);
    this.player = player;
    this.back = $("#back-to-now");
    this.switch = $("#follow");
    this.find = $("#find");
    this.count = $("#find-count");
    this.tongues = $("#tongues");
    this.paused = false;
    this.scrolling = 0;
    this.hits = [];
    this.switch.checked = memory.get("follow", "yes") === "yes";
    this.switch.addEventListener("change", () => { memory.set("follow", this.switch.checked ? "yes" : "no"); this.resume(); });
    this.back.addEventListener("click", () => this.resume());
    this.body.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.body.addEventListener("click", (event) => this.clicked(event));
    this.body.addEventListener("keydown", (event) => this.stepped(event));
    player.addEventListener("time", ({ detail }) => this.show(detail.seconds, detail.seek));
    this.find.addEventListener("input", () => this.search());
    this.find.addEventListener("keydown", (event) => this.findKey(event));
    if (this.tongues) {
      const show = () => { this.body.dataset.tongues = this.tongues.value; memory.set("tongues", this.tongues.value); };
      this.tongues.value = memory.get("tongues", "both");
      this.tongues.addEventListener("change", () => { show(); if (this.now) this.scrollTo(this.now, false); });
      show();
    }
    this.read();
    this.cue();
  }

  /** To be called again when the lines have changed. */
  read() {
    this.lines = $$(".line", this.body).map((node) => ({ node, start: Number(node.dataset.t), end: Number(node.dataset.end) }));
    this.now = null;
    if (this.lines.length && !this.stop?.isConnected) this.rove($(".line.is-target", this.body) ?? this.lines[0].node);
    if (this.find.value) this.search(this.current);
    this.show(this.player.position, false);
  }

  /** The moment in the address: scrolled to and marked, without a sound. */
  cue() {
    const target = $(".line.is-target", this.body);
    if (target) requestAnimationFrame(() => this.scrollTo(target, false));
  }

  lineAt(seconds) {
    let low = 0;
    let high = this.lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lines[middle].start <= seconds + 0.05) low = middle; else high = middle - 1;
    }
    return this.lines[low];
  }

  show(seconds, seek) {
    const line = this.lineAt(seconds);
    if (!line || (!seek && seconds === 0 && !this.player.playing)) return;
    if (seek) this.paused = false;
    if (line.node !== this.now || seek) {
      this.now?.classList.remove("is-now");
      this.now = line.node;
      this.now.classList.add("is-now");
      if (!this.body.contains(document.activeElement?.closest(".line"))) this.rove(this.now);
      if (seek) for (const node of $$(".is-target", this.body)) node.classList.remove("is-target");
      if (this.follows() || seek) this.scrollTo(line.node, !seek);
    }
    this.chip();
  }

  follows() { return this.switch.checked && !this.paused && !this.find.value; }

  /** Only this box moves, never the page: what is being read beside it stays where it is. */
  scrollTo(node, smoothly) {
    const top = node.offsetTop - this.body.clientHeight * UPPER_THIRD;
    this.scrolling = Date.now() + 700;
    this.body.scrollTo({ top, behavior: smoothly && !calm() ? "smooth" : "instant" });
  }

  scrolled() {
    if (Date.now() < this.scrolling || !this.now) return;
    const box = this.body.getBoundingClientRect();
    const line = this.now.getBoundingClientRect();
    this.paused = line.bottom < box.top || line.top > box.bottom;
    this.above = line.bottom < box.top;
    this.chip();
  }

  chip() {
    this.back.hidden = !(this.paused && this.switch.checked && this.now);
    this.back.textContent = t("Back to now") + (this.above ? " ↑" : " ↓");
  }

  resume() {
    this.paused = false;
    if (this.now && this.switch.checked) this.scrollTo(this.now, true);
    this.chip();
  }

  clicked(event) {
    const line = event.target.closest(".line");
    if (!line || event.target.closest("a") || String(getSelection())) return;
    this.body.dispatchEvent(new CustomEvent("jump", { bubbles: true, detail: { seconds: Number(line.dataset.t), link: $("a", line).href } }));
  }

  /** One time of thousands is a tab stop: that of `node`. Arrows move it from line to line, as in any list, and Enter goes there. */
  rove(node) {
    for (const other of $$("a.time:not([tabindex='-1'])", this.body)) other.tabIndex = -1;
    this.stop = $("a.time", node);
    this.stop.tabIndex = 0;
  }

  stepped(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    const line = event.target.closest("a.time") && event.target.closest(".line");
    if (!step || !line || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const at = this.lines.findIndex(({ node }) => node === line);
    const { node } = this.lines[Math.min(this.lines.length - 1, Math.max(0, at + step))];
    this.rove(node);
    this.stop.focus({ preventScroll: true });
    this.paused = node !== this.now;
    this.scrollTo(node, false);
    this.chip();
  }

  /** Marks exactly the lines between two seconds, as a citation does. */
  mark(start, end) {
    for (const { node, start: from } of this.lines) node.classList.toggle("is-target", from >= start - 0.05 && from < Math.max(end, start + 0.1) - 0.05);
  }

  /** `at`: the hit that the reader stands at, where the lines were drawn anew beneath; else the first one is gone to. */
  search(at = -1) {
    for (const mark of $$("mark", this.body)) mark.replaceWith(mark.textContent);
    this.body.normalize();
    const words = this.find.value.trim();
    const pattern = new RegExp(words.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu"); // not of the text in lower case: "İ" is longer there
    this.hits = [];
    if (words) for (const { node } of this.lines) for (const part of $$("span[dir]", node)) this.markIn(part, pattern);
    this.current = -1;
    this.count.textContent = words ? (this.hits.length ? "" : "0") : "";
    if (this.hits.length && at < 0) this.next(1);
    if (this.hits.length && at >= 0) this.stand(Math.min(at, this.hits.length - 1));
    if (!words) this.resume();
  }

  markIn(element, pattern) {
    for (const text of [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)) {
      let rest = text;
      let gone = 0;
      for (const found of [...text.data.matchAll(pattern)]) {
        const hit = rest.splitText(found.index - gone);
        rest = hit.splitText(found[0].length);
        gone = found.index + found[0].length;
        const mark = document.createElement("mark");
        hit.replaceWith(mark);
        mark.append(hit);
        this.hits.push(mark);
      }
    }
  }

  next(step) {
    if (!this.hits.length) return;
    this.stand((this.current + step + this.hits.length) % this.hits.length);
    this.scrollTo(this.hits[this.current].closest(".line"), true);
  }

  stand(at) {
    this.hits[this.current]?.classList.remove("is-current");
    this.current = at;
    this.hits[at].classList.add("is-current");
    this.count.textContent = `${at + 1}/${this.hits.length}`;
  }

  findKey(event) {
    if (event.key === "Enter") { event.preventDefault(); this.next(event.shiftKey ? -1 : 1); }
    if (event.key === "Escape") { this.find.value = ""; this.search(); this.find.blur(); }
  }
}
