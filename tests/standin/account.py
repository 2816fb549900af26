"""Who is signed in: accounts that the stand-in knows by their cookies, and videos that it gives to nobody else."""

import time
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie

from tests.standin.player import no
from tests.standin.server import Request, Response
from tests.standin.talks import load_talk
from tests.standin.videos import Video, manual, talk_video

SESSION = "standin-session-0001"
SIGNATURE = "standin-sapisid-0001"
ROTATING = "__Secure-1PSIDTS"
GONE = "Thu, 01 Jan 1970 00:00:00 GMT"
LATER = "Fri, 01 Jan 2038 00:00:00 GMT"


class Accounts:
    """Sessions that are valid now. Every page that one of them opens changes its cookie ROTATING; a session that was ended has its login taken away, as by YouTube."""

    def __init__(self) -> None:
        self.sessions = {SESSION}
        self.rotations = 0

    def signed_in(self, request: Request) -> bool:
        return _cookies(request).get("LOGIN_INFO") in self.sessions

    def shown(self, request: Request, video: Video | None) -> Video | None:
        """The video as this caller may see it."""
        return replace(video, status=None, bare=False) if video and video.login and self.signed_in(request) else video

    def stamped(self, request: Request, response: Response) -> Response:
        """The page says whether its reader is signed in, and sets the cookie that comes with it."""
        if request.method != "GET" or not request.host.endswith("youtube.com") or "LOGIN_INFO" not in _cookies(request):
            return response
        if not self.signed_in(request):
            response.headers["Set-Cookie"] = f"LOGIN_INFO=; Domain=.youtube.com; Path=/; Secure; Expires={GONE}"
            return response
        self.rotations += 1
        response.headers["Set-Cookie"] = f"{ROTATING}=rotated-{self.rotations:04}; Domain=.youtube.com; Path=/; Secure; HttpOnly; Expires={LATER}"
        if isinstance(response.body, str):
            response.body = response.body.replace('{"INNERTUBE_API_KEY"', '{"LOGGED_IN": true, "INNERTUBE_API_KEY"')
        return response


def _cookies(request: Request) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(request.headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def cookies_txt(session: str = SESSION, expires: int | None = None, *more: str) -> bytes:
    """What a browser's extension exports of somebody who is signed in; `expires` in seconds since 1970."""
    end = int(time.time()) + 90 * 86400 if expires is None else expires
    rows = [
        ("#HttpOnly_.youtube.com", "LOGIN_INFO", session), (".youtube.com", "SAPISID", SIGNATURE), (".youtube.com", "__Secure-3PAPISID", SIGNATURE),
        ("#HttpOnly_.youtube.com", ROTATING, "rotated-0000"), (".google.com", "SID", "google-sid-0001"), (".example.org", "theme", "dark"),
    ]  # fmt: skip
    lines = ["# Netscape HTTP Cookie File", "", *("\t".join((domain, "TRUE", "/", "TRUE", str(end), name, value)) for domain, name, value in rows), *more, ""]
    return "\n".join(lines).encode()


def account_videos() -> list[Video]:
    """Each is refused to guests in another way, and the same talk to who is signed in."""
    bees = load_talk("bees")
    refusals = {
        "stLoginAge1": no("LOGIN_REQUIRED", "Sign in to confirm your age", "This video may be inappropriate for some users.", desktopLegacyAgeGateReason=1),
        "stLoginMem1": {"status": "UNPLAYABLE", "reason": "Join this channel to get access to members-only content like this video, and other exclusive perks."},
        "stLoginPrv1": {"messages": ["This is a private video."], **no("LOGIN_REQUIRED", "Private video", "Sign in if you've been granted access to this video")},
        "stLoginBot1": no("LOGIN_REQUIRED", "Sign in to confirm you\u2019re not a bot", "This helps protect our community. Learn more"),
    }
    return [talk_video(video_id, bees, manual(bees), title=f"For who is signed in: {video_id}", status=status, login=True) for video_id, status in refusals.items()]
