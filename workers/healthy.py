"""`python -m workers.healthy URL`: exit status 0 when URL answers with 2xx. For health checks in containers that have no other client."""

import sys
import urllib.request

from pipeline.config import load


def main(url: str) -> int:
    token = load().internal_token.get_secret_value()
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=4) as answer:
            return 0 if 200 <= answer.status < 300 else 1
    except OSError:  # URLError is one
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
