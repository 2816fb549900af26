"""Text of others on a terminal. By itself, so that a command that needs nothing else of terminal.py starts in half the time."""


def shown(text: str) -> str:
    """Without control characters, which could move the cursor or change colours."""
    return "".join(c for c in text if c.isprintable() or c == " ")
