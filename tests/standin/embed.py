"""The embedded player: a page that speaks the messages of YouTube's player API and keeps a clock instead of pictures."""

import html
import json

from tests.standin.server import Response
from tests.standin.videos import JSON, Video

SCRIPT = """
const query = new URLSearchParams(location.search);
let at = Number(query.get("start") || 0), playing = query.get("autoplay") === "1", since = performance.now();
const now = () => Math.min(DURATION, at + (playing ? (performance.now() - since) / 1000 : 0));
const set = (time, plays) => { at = time; playing = plays; since = performance.now(); tell(); };
const send = message => parent.postMessage(JSON.stringify({ id: session, channel: "widget", ...message }), "*");
const info = () => ({ currentTime: now(), duration: DURATION, playerState: playing ? 1 : 2, videoData: { video_id: VIDEO } });
const tell = () => { document.querySelector("#at").textContent = now().toFixed(1); if (session !== null) send({ event: "infoDelivery", info: info() }); };
const commands = {
  seekTo: seconds => set(Number(seconds), true), playVideo: () => set(now(), true), pauseVideo: () => set(now(), false), stopVideo: () => set(0, false),
};
let session = null;
addEventListener("message", event => {
  let message;
  try { message = typeof event.data === "string" ? JSON.parse(event.data) : event.data; } catch { return; }
  if (message?.event === "listening") {
    session = message.id ?? 1;
    send({ event: "initialDelivery", info: info() });
    send({ event: "onReady" });
  }
  if (message?.event === "command" && commands[message.func]) commands[message.func](...(message.args || []));
});
setInterval(tell, 200);
"""
PAGE = """<!DOCTYPE html><html><head><title>{title}</title><style>
body {{ margin: 0; height: 100vh; display: grid; place-content: center; text-align: center; color: #fff; font: 600 24px sans-serif;
  background: #14343b url("https://i.ytimg.com/vi/{id}/hq720.jpg") center / cover }}
p {{ background: #0009; padding: .4em 1em; border-radius: .5em; margin: .2em }} #at {{ font-variant-numeric: tabular-nums }}
</style></head><body><p>{title}</p><p id="at">0.0</p><script>ytcfg = {{ set() {{}} }}; ytcfg.set({settings});</script><script>{script}</script></body></html>"""


def embed_page(video_id: str, video: Video | None, settings: JSON) -> Response:
    """Also where yt-dlp finds the settings of the embedded client, so it answers for every id."""
    duration = video.duration if video else 0
    script = f"const DURATION = {duration}, VIDEO = {json.dumps(video_id)};" + SCRIPT
    title = html.escape(video.title if video and not video.bare else "Video unavailable")
    return Response(PAGE.format(title=title, id=html.escape(video_id), settings=json.dumps(settings), script=script))
