"""Figures of the whole library, for the status page."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipeline.store.tables import MediaRow, WorkerRow


def media_bytes(s: Session) -> int:
    """Of all files of the media store."""
    return int(s.execute(select(func.coalesce(func.sum(MediaRow.size), 0))).scalar_one())


def downloaders(s: Session, *, within: float = 60.0) -> dict[str, str]:
    """Workers that ask YouTube and have said so in the last `within` seconds, each with the version of yt-dlp that it uses."""
    seconds = func.extract("epoch", func.clock_timestamp() - WorkerRow.seen_at)
    rows = s.execute(select(WorkerRow.name, WorkerRow.about).where(seconds <= within, WorkerRow.about != "").order_by(WorkerRow.name))
    return {row.name: row.about for row in rows}
