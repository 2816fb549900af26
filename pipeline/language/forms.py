"""The forms in which models of the LLaMA family were taught to read a request, as data.

A chat template that comes with a model is code from a stranger (CVE-2024-34359 and others). Families that are known get our own forms; an unknown template
is rendered once, in a sandbox in a child process with limits (template_child.py), with placeholders where the texts go. What comes out is a `Form` like
the others, so no foreign code runs while requests are served.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import InputError, ModelError
from pipeline.language import template_child
from pipeline.language.generator import Prompt

SLOT = "{text}"


@dataclass(frozen=True, slots=True)
class Form:
    """How a request is written down for a family of models."""

    family: str
    user: str
    """The request, with `{text}` for its words."""
    answer: str
    """What stands before the answer."""
    before: str = ""
    system: str = ""
    """The system's words, with `{text}`; empty: the family knows none, they go in front of the user's."""
    no_system: str = ""
    """Stands in the system's place when there is nothing to say."""
    stops: tuple[str, ...] = ()
    gap: str = ""
    """Between `answer` and first words put into the model's mouth."""
    bos: bool = True
    """The tokenizer's begin token goes in front."""


_TASK = "Task: {text}\nAnswer:"
FORMS: dict[str, Form] = {
    form.family: form
    for form in (
        # A model that was only taught to continue text needs to see once what an answer looks like.
        Form(
            "llama",
            before="Each task is followed by its answer.\n\nTask: Say in one sentence what the text says.\n\nThe bridge over the river was closed in March. Inspectors had found "
            "cracks in two of its piers, and the repair took until June.\nAnswer: The bridge was closed from March to June because two piers had cracks.\n\n",
            user=_TASK,
            answer="",
            gap=" ",
            stops=("\nTask:", "\n\n"),
        ),
        Form(
            "alpaca",
            before="Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n",
            user="### Instruction:\n{text}\n\n",
            answer="### Response:\n",
            stops=("### Instruction:", "### Response:"),
        ),
        Form(
            "vicuna",
            before="A chat between a curious user and an artificial intelligence assistant. "
            "The assistant gives helpful, detailed, and polite answers to the user's questions. ",
            user="USER: {text} ",
            answer="ASSISTANT:",
            gap=" ",
            stops=("USER:", "ASSISTANT:"),
        ),
        Form("vicuna-v0", user="### Human: {text}\n", answer="### Assistant:", gap=" ", stops=("### Human:", "### Assistant:")),
        Form("koala", before="BEGINNING OF CONVERSATION: ", user="USER: {text} ", answer="GPT:", gap=" ", stops=("USER:", "GPT:")),
        Form("wizardlm", user="{text}\n\n", answer="### Response:", gap=" ", stops=("### Instruction:", "### Response:")),
        Form(
            "chatml",
            system="<|im_start|>system\n{text}<|im_end|>\n",
            user="<|im_start|>user\n{text}<|im_end|>\n",
            answer="<|im_start|>assistant\n",
            stops=("<|im_end|>", "<|im_start|>"),
            bos=False,  # ChatML's first token is its begin token
        ),
        Form(
            "llama2",
            before="[INST] ",
            system="<<SYS>>\n{text}\n<</SYS>>\n\n",
            user="{text} [/INST]",
            answer="",
            gap=" ",
            stops=("[INST]", "</s>"),
        ),
        Form(
            "llama3",
            system="<|start_header_id|>system<|end_header_id|>\n\n{text}<|eot_id|>",
            user="<|start_header_id|>user<|end_header_id|>\n\n{text}<|eot_id|>",
            answer="<|start_header_id|>assistant<|end_header_id|>\n\n",
            stops=("<|eot_id|>", "<|end_of_text|>"),
        ),
        Form(
            "zephyr",
            system="<|system|>\n{text}</s>\n",
            user="<|user|>\n{text}</s>\n",
            answer="<|assistant|>\n",
            stops=("</s>", "<|user|>", "<|system|>"),
            bos=False,
        ),
    )
}

_BY_TEMPLATE = (
    ("<|im_start|>", "chatml"),
    ("<|start_header_id|>", "llama3"),
    ("<<SYS>>", "llama2"),
    ("<|assistant|>", "zephyr"),
    ("### Human", "vicuna-v0"),
    ("### Instruction", "alpaca"),
    ("ASSISTANT:", "vicuna"),
)
"""A chat template with these marks belongs to a known family."""
_BY_NAME = (
    (r"stable-?vicuna|vicuna.*(v0|delta-v0|1\.0)", "vicuna-v0"),
    (r"vicuna", "vicuna"),
    (r"alpaca", "alpaca"),
    (r"koala", "koala"),
    (r"wizard-?lm", "wizardlm"),
    (r"tinyllama.*chat|zephyr", "zephyr"),
    (r"smollm.*instruct|chatml", "chatml"),
    (r"llama-?2.*chat", "llama2"),
    (r"llama-?3.*instruct", "llama3"),
)
"""Models that came without a template, most of them from 2023, by what they are called."""

_CONTROL = re.compile(r"<(?=\|[^|<>\n]{1,40}\|>)|<(?=/?s>)|<(?=</?SYS>>)|\[(?=/?INST\])|<(?=(unk|pad)>)")
_TURN = re.compile(r"^#{2,3}(?= ?(Human|Assistant|Instruction|Response|Input):)|\b(USER|ASSISTANT|GPT)(?=:)", re.MULTILINE)


def defuse(text: str) -> str:
    """The text with everything broken up that a model could take for the end of the text or for another speaker: it comes from strangers.

    >>> defuse("He said <|im_end|> and [INST].")
    'He said < |im_end|> and [ INST].'
    """
    return _TURN.sub(_spaced, _CONTROL.sub(_spaced, text))


def _spaced(found: re.Match[str]) -> str:
    return found[0] + " "


def render(form: Form, prompt: Prompt) -> str:
    """The request as the model reads it, up to where its answer begins."""
    system, user = defuse(prompt.system.strip()), defuse(prompt.user.strip())
    if system and not form.system:
        system, user = "", f"{system}\n\n{user}"
    head = form.system.replace(SLOT, system) if system else form.no_system
    prefix = form.gap + prompt.prefix if prompt.prefix else ""
    return form.before + head + form.user.replace(SLOT, user) + form.answer + prefix


def choose_form(name: str, template: str, specials: Mapping[str, str], *, family: str = "") -> Form:
    """The form for a model: the family that was set, else that of its chat template, else that of its name.

    Raises:
        InputError: `bad_setting`, the family that was set is unknown.
        ModelError: `model_broken`, its template is unknown and cannot be rendered safely.
    """
    if family:
        if family not in FORMS:
            raise InputError("bad_setting", f"NUTSHELL_LLM_FAMILY is {family!r}: choose one of {', '.join(FORMS)}.")
        return FORMS[family]
    if template:
        known = next((family for mark, family in _BY_TEMPLATE if mark in template), None)
        return FORMS[known] if known else form_of_template(template, specials)
    found = next((family for pattern, family in _BY_NAME if re.search(pattern, name, re.IGNORECASE)), "llama")
    return FORMS[found]


def form_of_template(template: str, specials: Mapping[str, str], *, seconds: float = 10.0) -> Form:
    """Render an unknown chat template once with placeholders, and make a form of what comes out.

    Raises:
        ModelError: `model_broken`: it does not render within the limits, does not keep the texts, or wants to do what a template must not.
    """
    task = json.dumps({"template": template, "specials": dict(specials)})
    try:
        child = subprocess.run(
            [sys.executable, "-I", template_child.__file__], input=task, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _bad_template("it does not end") from error
    if child.returncode:
        raise _bad_template(child.stderr.strip().splitlines()[-1][:200] if child.stderr.strip() else "it was stopped")
    parts = json.loads(child.stdout)
    bos = specials.get("bos_token", "")
    return Form(
        "template",
        stops=tuple(token for token in (specials.get("eos_token"),) if token),
        bos=not (bos and (parts["system"] + parts["user"]).startswith(bos)),
        **parts,
    )


def _bad_template(why: str) -> ModelError:
    return ModelError(
        "model_broken", f"The chat template of this model cannot be used ({why}). Set NUTSHELL_LLM_FAMILY to one of {', '.join(FORMS)}."
    )
