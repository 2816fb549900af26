"""Renders a foreign chat template once, in a process of its own: reads {"template", "specials"} as JSON, writes the parts of a `Form` as JSON.

Jinja's immutable sandbox keeps a template from reaching Python; the limits of this process keep it from eating the machine.
"""

import json
import resource
import sys
from collections.abc import Mapping

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

CPU_SECONDS = 5
MEMORY = 512 * 1024**2
LONGEST_TEMPLATE = 50_000
LONGEST_TEXT = 100_000
SYSTEM, USER = "Qsystemtextq", "Qusertextq"
"""Placeholders that no template changes by trimming or capitalising."""


class Refused(Exception):
    """The template cannot be used; the message says why."""


def parts_of(template: str, specials: Mapping[str, str]) -> dict[str, str]:
    """The parts of a Form.

    Raises:
        Refused: the template is too long, fails, or does not keep the texts it is given.
    """
    if len(template) > LONGEST_TEMPLATE:
        raise Refused(f"it is longer than {LONGEST_TEMPLATE} characters")
    alone = _render(template, specials, [{"role": "user", "content": USER}])
    before, answer = _cut(alone, USER)
    try:
        both = _render(template, specials, [{"role": "system", "content": SYSTEM}, {"role": "user", "content": USER}])
        head, rest = _cut(both, SYSTEM)
        between, _ = _cut(rest, USER)
    except Refused:  # it knows no system role: the words go in front of the user's
        return {"no_system": "", "system": "", "user": before + "{text}", "answer": answer}
    return {"no_system": before, "system": head + "{text}" + between, "user": "{text}", "answer": answer}


def _cut(text: str, mark: str) -> tuple[str, str]:
    if text.count(mark) != 1:
        raise Refused("it does not keep the texts it is given")
    head, _, tail = text.partition(mark)
    return head, tail


def _render(template: str, specials: Mapping[str, str], messages: list[dict[str, str]]) -> str:
    def fail(message: str) -> None:
        raise Refused(message)

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals = {
        "raise_exception": fail,
        "strftime_now": str,
        "range": environment.globals["range"],
        "namespace": environment.globals["namespace"],
    }
    pieces, length = [], 0
    try:
        for piece in environment.from_string(template).generate(messages=messages, add_generation_prompt=True, tools=None, **specials):
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST_TEXT:
                raise Refused(f"it writes more than {LONGEST_TEXT} characters")
    except (TemplateError, TypeError, ValueError, KeyError, AttributeError, RecursionError, MemoryError, OverflowError) as error:
        raise Refused(f"{type(error).__name__}: {error}") from error
    return "".join(pieces)


def main() -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    task = json.load(sys.stdin)
    try:
        json.dump(parts_of(task["template"], task["specials"]), sys.stdout)
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
