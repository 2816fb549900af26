// The page of one video: player, transcript, points, coverage strip, questions and the live parts, tied together.

import { $, $$, copy, length, toast } from "./dom.js";
import { Asking, askForm } from "./ask.js";
import { startMarking } from "./keeping.js";
import { startKeys } from "./keys.js";
import { Live } from "./live.js";
import { countPlayed } from "./played.js";
import { openPlayer } from "./player.js";
import { TranscriptView } from "./transcript.js";
import { t } from "./words.js";

export function startVideo() {
  const root = $("#video");
  const id = root.dataset.video;
  const player = openPlayer($("#player"));
  const transcript = new TranscriptView($("#transcript"), player);
  const title = document.title;

  measureWatch(root);
  countPlayed(player, id);
  startKeys(player, transcript, startMarking(player, transcript));
  document.addEventListener("redrawn", () => transcript.read());

  /** To a moment: the player goes there, the transcript marks it, the address says it. */
  function jump(seconds, link, end) {
    player.seek(seconds);
    if (end !== undefined) transcript.mark(seconds, end);
    const url = new URL(link, location.href);
    url.hash = "";
    history.replaceState(null, "", url);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-t]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    if (link.dataset.video && link.dataset.video !== id) return; // a citation from another video
    event.preventDefault();
    jump(Number(link.dataset.t), link.href?.baseVal ?? link.href, link.dataset.end === undefined ? undefined : Number(link.dataset.end));
  });
  document.addEventListener("jump", ({ detail }) => jump(detail.seconds, detail.link));

  strip(player);
  player.addEventListener("time", ({ detail }) => markPoint(detail.seconds));
  document.addEventListener("pointerover", keepCardInside);
  document.addEventListener("focusin", keepCardInside);

  const answers = $("#answers");
  const asking = new Asking([["video", id]], answers);
  askForm($("#ask-form"), asking);
  document.addEventListener("click", (event) => {
    const chapters = $("#toc[open]");
    if (chapters && !event.target.closest("#toc summary")) chapters.open = false;
    const question = event.target.closest("[data-question]");
    if (question) { event.preventDefault(); asking.ask(question.textContent); }
    if (event.target.closest("[data-copy=summary]")) copySummary(id);
    const source = event.target.closest("[data-source]");
    const at = Math.floor(player.position || 0);
    const switched = event.target.closest(".styles a");
    if (switched && at) { const url = new URL(switched.href); url.searchParams.set("t", at); switched.href = url; } // told in another way, at the same place
    if (source) source.href = `${source.dataset.source}${!at ? "" : source.dataset.source.startsWith("https://www.youtube.com/") ? `&t=${at}s` : `#t=${at}`}`; // where one is, not where the page began
  });

  const query = root.dataset.query;
  let spoken = "";
  const told = () => {
    const status = $("#part-status");
    const live = status.hasAttribute("data-live");
    const headline = $(".job h2", status)?.textContent.trim() || (status.dataset.state === "none" ? t("Ready") : "");
    if (headline !== spoken) { $("#spoken").textContent = headline; spoken = headline; }
    const empty = status.hasAttribute("data-empty");
    for (const section of [$("#ask"), $("#transcript")]) section.hidden = empty;
    const name = $(".video-head h1")?.textContent.trim();
    const mark = status.dataset.state === "none" ? "✓" : "!";
    document.title = live ? `${status.dataset.overall || 0} % · ${name}` : told.wasLive ? `${mark} ${name}` : title;
    told.wasLive ||= live;
  };
  told();
  if ($("#part-summary[aria-busy]")) $("#part-summary").classList.add("has-grown");
  new Live({
    stream: `/api/v1/videos/${id}/events`,
    partUrl: (name) => `/v/${id}/parts/${name}?${query}`,
    first: $("#part-head[data-untitled]") ? null : "status",
    isLive: () => $("#part-status").hasAttribute("data-live"),
    onChange(names, events) {
      if (events.includes("video")) newPicture();
      if (names.includes("transcript")) transcript.read();
      if (names.includes("coverage")) strip(player);
      told();
      estimate();
    },
  });
}

/** The picture was stored while the page was open. */
function newPicture() {
  for (const image of $$("img[src^='/thumbs/']")) image.src = `${image.src.split("?")[0]}?v=${Date.now()}`;
}

/** Desktop: the transcript begins where the player and its strip end; both stay while the summary scrolls. */
function measureWatch(root) {
  const watch = $(".watch", root);
  const set = () => root.style.setProperty("--watch", `${Math.ceil(watch.getBoundingClientRect().height)}px`);
  new ResizeObserver(set).observe(watch);
  set();
}

/** The coverage strip: one tab stop, arrows move along it, and it always says in words what it stands for. */
function strip(player) {
  const svg = $("#strip");
  if (!svg || svg.dataset.ready) return;
  svg.dataset.ready = "yes";
  const words = $("#strip-words");
  const usual = words.textContent;
  const say = (event) => { words.textContent = event.target.closest("a")?.getAttribute("aria-label") || usual; };
  svg.addEventListener("focusin", say);
  svg.addEventListener("pointerover", say);
  svg.addEventListener("focusout", () => { words.textContent = usual; });
  svg.addEventListener("pointerleave", () => { words.textContent = usual; });
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    const links = $$("a", svg);
    const here = links.indexOf(event.target.closest("a"));
    const next = links[Math.min(links.length - 1, Math.max(0, here + step))];
    for (const link of links) link.setAttribute("tabindex", link === next ? "0" : "-1");
    next.focus();
  });
  player.addEventListener("time", ({ detail }) => {
    const duration = length();
    if (duration) $("#strip-now")?.setAttribute("x", `${Math.min(100, (100 * detail.seconds) / duration)}%`);
  });
}

function markPoint(seconds) {
  let now = null;
  for (const point of $$(".point")) if (Number(point.dataset.t) <= seconds + 0.05) now = point;
  for (const point of $$(".point.is-now")) if (point !== now) point.classList.remove("is-now");
  if (now && seconds - Number(now.dataset.t) < 90) now.classList.add("is-now");
}

/** A receipt's card opens to the side where there is room for it. */
function keepCardInside(event) {
  const receipt = event.target.closest?.(".receipt");
  if (!receipt) return;
  const card = $(".receipt-card", receipt);
  card.classList.remove("is-left", "is-right");
  const box = card.getBoundingClientRect();
  if (box.right > document.documentElement.clientWidth - 8) card.classList.add("is-left");
  else if (box.left < 8) card.classList.add("is-right");
}

/** As Markdown, which mail and notes show as text with links. */
async function copySummary(id) {
  const response = await fetch(`/api/v1/videos/${id}/export?as=md&${$("#video").dataset.query}`);
  const summary = (text) => text.split(/\n## (?:My notes|Transcript)\n/)[0]; // the words themselves would be hours long
  const done = response.ok && await copy(summary(await response.text()));
  toast(done ? t("Summary copied") : t("Copying did not work. Use the Markdown export instead."));
}

/** How long the stage will still take, from how fast it has moved on this page; said only when it can be known. */
const seen = { stage: "", from: 0, at: 0 };
function estimate() {
  const place = $("[data-estimate]");
  const bar = $(".job-live progress[value]");
  if (!place || !bar) return;
  const stage = $(".job-live h2")?.textContent.trim();
  const now = Date.now();
  if (seen.stage !== stage || bar.value < seen.from) Object.assign(seen, { stage, from: bar.value, at: now });
  const moved = bar.value - seen.from;
  if (moved < 0.04 || now - seen.at < 3000) { place.textContent = ""; return; }
  const left = ((now - seen.at) / moved) * (1 - bar.value) / 1000;
  const said = left < 90 ? t("about %(seconds)s s left", { seconds: Math.ceil(left / 10) * 10 }) : t("about %(minutes)s min left", { minutes: Math.ceil(left / 60) });
  place.textContent = left < 8 ? "" : `, ${said}`;
}
