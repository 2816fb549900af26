// One face for three players: YouTube's embed (loaded on a click and not before), our own <video> or <audio>, and none at all.

import { $, clock } from "./dom.js";
import { t } from "./words.js";

const FORBIDDEN = new Set([100, 101, 150, 153]); // errors of the embed: gone, or not to be shown elsewhere
const YOUTUBE = "https://www.youtube-nocookie.com";

class Player extends EventTarget {
  constructor(box) {
    super();
    this.box = box;
    this.position = Number(box.dataset.position) || 0;
    this.playing = false;
    this.rate = 1;
  }

  /** Every change of position goes through here: the box shows it, the page follows it. */
  at(seconds, { seek = false } = {}) {
    this.position = seconds;
    this.box.dataset.position = String(Math.floor(seconds));
    this.dispatchEvent(new CustomEvent("time", { detail: { seconds, seek } }));
  }

  seek(seconds) { this.at(Math.max(0, seconds), { seek: true }); }
  play() {}
  pause() {}
  toggle() { if (this.playing) this.pause(); else this.play(); }
  setRate(rate) { this.rate = rate; }
}

class MediaPlayer extends Player {
  constructor(box, media) {
    super(box);
    this.media = media;
    const start = this.position;
    media.addEventListener("timeupdate", () => this.at(media.currentTime));
    media.addEventListener("seeking", () => this.at(media.currentTime, { seek: true }));
    media.addEventListener("play", () => { this.playing = true; });
    media.addEventListener("pause", () => { this.playing = false; });
    if (start) media.addEventListener("loadedmetadata", () => { media.currentTime = start; }, { once: true });
  }

  seek(seconds) {
    super.seek(seconds);
    this.media.currentTime = this.position;
    this.play();
  }

  play() { this.media.play().catch(() => { /* the browser wants a click first: the position is set all the same */ }); }
  pause() { this.media.pause(); }
  setRate(rate) { this.media.playbackRate = rate; super.setRate(rate); }
}

/** Talks to the embed by postMessage, as YouTube's own script does; that script is not loaded. */
class YouTubePlayer extends Player {
  constructor(box) {
    super(box);
    this.id = box.dataset.youtube;
    this.start = $(".player-start", box);
    this.start.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.play();
    });
    addEventListener("message", (event) => this.heard(event));
  }

  load() {
    const frame = document.createElement("iframe");
    const query = new URLSearchParams({
      autoplay: "1", enablejsapi: "1", playsinline: "1", rel: "0", start: String(Math.floor(this.position)), origin: location.origin,
    });
    frame.src = `${YOUTUBE}/embed/${encodeURIComponent(this.id)}?${query}`;
    frame.title = $("h1")?.textContent.trim() || t("Video");
    frame.allow = "autoplay; encrypted-media; picture-in-picture; fullscreen";
    frame.referrerPolicy = "strict-origin-when-cross-origin";
    frame.addEventListener("load", () => this.listen());
    this.frame = frame;
    this.box.replaceChildren(frame);
    this.playing = true;
    frame.focus();
  }

  /** The embed begins to report once it has been told that somebody listens. */
  listen() {
    let tries = 0;
    const again = setInterval(() => {
      if (this.answered || ++tries > 40) clearInterval(again);
      else this.say({ event: "listening", id: this.id, channel: "nutshell" });
    }, 250);
    this.say({ event: "listening", id: this.id, channel: "nutshell" });
  }

  say(message) { this.frame?.contentWindow?.postMessage(JSON.stringify(message), YOUTUBE); }
  command(func, ...args) { this.say({ event: "command", func, args }); }

  heard(event) {
    if (event.origin !== YOUTUBE || event.source !== this.frame?.contentWindow) return;
    let data;
    try { data = typeof event.data === "string" ? JSON.parse(event.data) : event.data; } catch { return; }
    if (!data || typeof data !== "object") return;
    this.answered = true;
    if (data.event === "onError" && FORBIDDEN.has(Number(data.info?.errorCode ?? data.info))) { this.forbidden(); return; }
    const info = data.info;
    if (data.event === "onReady" && this.wanted !== undefined) this.command("seekTo", this.wanted, true);
    if (!info || typeof info !== "object") return;
    if (typeof info.playerState === "number") this.playing = info.playerState === 1 || info.playerState === 3;
    if (typeof info.currentTime === "number") this.report(info.currentTime);
  }

  /** The owner does not want the video on other pages: it opens on YouTube, at the second. */
  forbidden() {
    const link = document.createElement("a");
    link.className = "player-start player-forbidden";
    link.target = "_blank";
    link.rel = "noreferrer noopener";
    link.href = `https://www.youtube.com/watch?v=${encodeURIComponent(this.id)}&t=${Math.floor(this.position)}s`;
    link.textContent = t("This video plays only on YouTube. Open it there at %(time)s.", { time: clock(this.position) });
    this.box.replaceChildren(link);
    this.frame = null;
    this.closed = link;
    this.playing = false;
  }

  /** Reports from before a seek still arrive after it; they would throw the page back for a moment. */
  report(seconds) {
    if (this.wanted !== undefined) {
      if (Math.abs(seconds - this.wanted) > 3 && Date.now() - this.asked < 3000) return;
      this.wanted = undefined;
    }
    this.at(seconds);
  }

  seek(seconds) {
    super.seek(seconds);
    if (this.closed) { this.forbidden(); return; }
    if (!this.frame) {
      $("[data-player-words]", this.box).textContent = t("Play from %(time)s", { time: clock(this.position) });
      this.box.classList.remove("is-cued");
      void this.box.offsetWidth; // starts the small movement again
      this.box.classList.add("is-cued");
      return;
    }
    this.wanted = this.position;
    this.asked = Date.now();
    this.command("seekTo", this.position, true);
    this.command("playVideo");
  }

  play() {
    if (this.closed) { this.closed.click(); return; }
    if (this.frame) this.command("playVideo"); else this.load();
    this.playing = true;
  }

  pause() { this.command("pauseVideo"); this.playing = false; }
  setRate(rate) { this.command("setPlaybackRate", rate); super.setRate(rate); }
}

export function openPlayer(box) {
  const media = $("video, audio", box);
  if (media) return new MediaPlayer(box, media);
  return box.dataset.kind === "youtube" ? new YouTubePlayer(box) : new Player(box);
}
