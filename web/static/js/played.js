// What has been played of a video, remembered by this browser until it is nine tenths of it: then the video is marked as watched.

import { $, length, memory } from "./dom.js";
import { morph } from "./morph.js";

const PIECES = 100;
const ENOUGH = 90;
const FASTEST = 16; // times as fast as it was spoken that a browser plays; what went further between two reports was a jump

/** Playing counts, jumping does not: the end of a talk is often looked up by who has not seen the rest. */
export function countPlayed(player, id) {
  const name = `played.${id}`;
  const stored = memory.get(name, "");
  let played = stored.length === PIECES ? stored : "0".repeat(PIECES);
  let last = null; // where and when it was last heard of
  let told = false;
  player.addEventListener("time", ({ detail }) => {
    const duration = length();
    const before = last;
    last = detail.seek ? null : { at: detail.seconds, now: performance.now() / 1000 };
    if (!duration || !player.playing || !before || !last || last.at <= before.at || last.at - before.at > 1 + FASTEST * (last.now - before.now)) return;
    const next = filled(played, before.at / duration, last.at / duration);
    if (next === played) return;
    played = next;
    memory.set(name, played);
    if (told || played.split("1").length - 1 < ENOUGH) return;
    told = true; // once a visit: who takes the mark away again is not overruled
    memory.set(name, "");
    markWatched();
  });
}

/** `played` with every piece that lies, be it in part, between two shares of the whole. */
function filled(played, from, until) {
  const [first, behind] = [Math.floor(from * PIECES), Math.min(PIECES, Math.floor(until * PIECES) + 1)];
  return first < behind ? played.slice(0, first) + "1".repeat(behind - first) + played.slice(behind) : played;
}

async function markWatched() {
  const form = $("#watched");
  if (!form || form.dataset.watched === "yes") return;
  const response = await fetch(form.action, { method: "POST", body: new URLSearchParams({ watched: "yes" }), headers: { Accept: "text/html" } }).catch(() => null);
  if (!response?.ok) return; // the next visit counts anew
  const fresh = $("#part-shelf", new DOMParser().parseFromString(await response.text(), "text/html"));
  if (fresh) morph($("#part-shelf"), fresh.outerHTML);
}
