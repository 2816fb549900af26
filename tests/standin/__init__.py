"""A YouTube on loopback, for tests of the real yt-dlp path and for `make demo`.

An HTTP proxy on 127.0.0.1 ends CONNECT itself with a throw-away certificate authority, so yt-dlp keeps its real addresses, TLS, cookies, redirects and
ranges, and the product needs no test seam: NUTSHELL_PROXY and NUTSHELL_EXTRA_CA are settings that operators want anyway. Nothing is ever forwarded.

The id of a video says its condition (conditions.py), so a running stand-in needs no control channel. The talks (talks.py) have exact captions and known
facts.
"""

from tests.standin.server import Fault, Request, Response, StandIn
from tests.standin.talks import Fact, Talk, load_talk
from tests.standin.world import World, default_world

__all__ = ["Fact", "Fault", "Request", "Response", "StandIn", "Talk", "World", "default_world", "load_talk"]
