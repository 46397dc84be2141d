"""The Dockerfile as instructions."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One of a stage: its word in capitals, and all that follows on its lines, joined."""

    word: str
    rest: str


@dataclass(frozen=True)
class Stage:
    """From one FROM to the next. `base` is an image or the name of a stage before; the last has no name."""

    base: str
    name: str | None
    instructions: tuple[Instruction, ...]

    def all_of(self, word: str) -> list[str]:
        """What follows the word, for each instruction of it, in order."""
        return [instruction.rest for instruction in self.instructions if instruction.word == word]

    def only(self, word: str) -> str:
        """What follows the word that stands once."""
        (rest,) = self.all_of(word)
        return rest

    def environment(self) -> dict[str, str]:
        """All variables that ENV sets."""
        return dict(pair.split("=", 1) for rest in self.all_of("ENV") for pair in shlex.split(rest))

    def health_check(self) -> list[str]:
        """The command of HEALTHCHECK in its exec form."""
        _, _, command = self.only("HEALTHCHECK").partition("CMD")
        words: list[str] = json.loads(command)
        return words


def stages(path: Path) -> list[Stage]:
    """The stages of a Dockerfile, in order."""
    found: list[Stage] = []
    for instruction in _instructions(path.read_text("utf-8")):
        if instruction.word == "FROM":
            base, _, name = instruction.rest.partition(" AS ")
            found.append(Stage(base, name or None, ()))
        else:
            last = found.pop()
            found.append(Stage(last.base, last.name, (*last.instructions, instruction)))
    return found


def _instructions(text: str) -> list[Instruction]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    words = (line.strip().partition(" ") for line in joined.splitlines())
    return [Instruction(word.upper(), rest.strip()) for word, _, rest in words]
