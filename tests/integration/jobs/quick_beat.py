"""Beat as it is, but for its minute, which is half a second here."""

from workers.beat import app

__all__ = ["app"]

app.conf.beat_schedule["subscriptions"]["schedule"] = 0.5
