"""Writes the table of skills with an example picture of each: docs/skills.md and docs/skills/.

Usage: python recipes/spatial/skills_page.py DATA [DATA ...]

DATA is what `spatune data generate` wrote with every skill. The example of a skill is from the
first folder that has any.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter
from pathlib import Path

from PIL import Image

from spatune.tuning.mixes.pictures import Pictures
from spatune.tuning.quality.question_files import QuestionFiles
from spatune.tuning.quality.stable_hash import stable_hash
from spatune.tuning.questions.question import Question
from spatune.tuning.questions.registry import all_skills

HEIGHT = 112
MOST_PICTURES = 6
CAPABILITIES = {
    "MM": "metric measurement",
    "SR": "spatial relations",
    "MR": "mental reconstruction",
    "PT": "perspective taking",
    "CR": "comprehensive reasoning",
}
PAGE = Path("docs/skills.md")
FOLDER = Path("docs/skills")


def examples(folders: list[Path]) -> dict[str, tuple[Path, Question]]:
    """A folder and one of its questions by task."""
    found: dict[str, tuple[Path, Question]] = {}
    for data in folders:
        found |= {
            task: (data, question) for task, question in _first(data).items() if task not in found
        }
    return found


def _first(data: Path) -> dict[str, Question]:
    """One question a task: the first by a hash among those with frames."""
    best: dict[str, tuple[int, Question]] = {}
    for question in QuestionFiles(data):
        order = stable_hash(3, question.id)
        if question.frames and (question.task not in best or order < best[question.task][0]):
            best[question.task] = (order, question)
    return {task: question for task, (_, question) in best.items()}


def strip(images: list[bytes]) -> Image.Image:
    """At most six of the images side by side."""
    step = max(1, -(-len(images) // MOST_PICTURES))
    opened = [Image.open(io.BytesIO(image)).convert("RGB") for image in images[::step]]
    small = [im.resize((round(im.width * HEIGHT / im.height), HEIGHT)) for im in opened]
    sheet = Image.new("RGB", (sum(im.width + 3 for im in small) - 3, HEIGHT), "white")
    left = 0
    for image in small:
        sheet.paste(image, (left, 0))
        left += image.width + 3
    return sheet


def main() -> None:
    """Write the page and the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="+")
    found = examples(parser.parse_args().data)
    FOLDER.mkdir(exist_ok=True)
    skills = all_skills()
    media = Counter(skill.media for skill in skills.values())
    perception = [s for s in skills.values() if s.media in ("image", "pair")]
    lines = [
        "# Skills",
        "",
        f"{len(skills)} kinds of questions: "
        + ", ".join(f"{count} on {name}" for name, count in sorted(media.items()))
        + f". {len(perception)} of them ask about a single image or a pair, as VST-P does (its "
        "paper counts 19 skills; its list was never published). Each picture shows what a model "
        "is shown (of a video six frames), with an example question below.",
        "",
        "Capabilities are SenseNova-SI's: "
        + ", ".join(f"{short} {name}" for short, name in CAPABILITIES.items())
        + ". This page is written by `recipes/spatial/skills_page.py`.",
        "",
        "| # | Skill | Capability | Group | Shown | Answer | Example |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for number, skill in enumerate(skills.values(), 1):
        cell = "no example in these scenes"
        if skill.name in found:
            data, question = found[skill.name]
            file = FOLDER / f"{skill.name}.jpg"
            strip(Pictures(data).jpegs(question)).save(file, quality=80, optimize=True)
            cell = f"![{skill.name}](skills/{file.name})<br>{_words(question)}"
        lines.append(
            f"| {number} | `{skill.name}` | {skill.capability} | {skill.group} | {skill.media} | "
            f"{skill.form} | {cell} |"
        )
    PAGE.write_text("\n".join(lines) + "\n")
    missing = [name for name in skills if name not in found]
    print(f"{len(skills)} skills -> {PAGE}; without an example: {', '.join(missing) or 'none'}")


def _words(question: Question) -> str:
    text = question.question.replace("\n", " ").replace("|", "/").replace("<", "&lt;")
    if question.form == "choice" and question.options:
        text += " (" + "; ".join(question.options) + ")"
    answer = question.answer.replace("\n", " ").replace("|", "/")
    return f"{_short(text, 420)} **{_short(answer, 200)}**"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


if __name__ == "__main__":
    main()
