"""The command line: light help, one line for errors, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from spatune.bench_libero.doctor import Probe, run_probes
from spatune.cli import COMMANDS, main

HEAVY = ("torch", "mujoco", "transformers", "lerobot", "libero", "robosuite")


@pytest.mark.parametrize("name", ["", "eval", *COMMANDS])
def test_help_is_light(name: str) -> None:
    code = f"""
import json, sys
from spatune.cli import main
try:
    status = main({[*name.split(), "--help"]!r})
except SystemExit as end:
    status = end.code
print(json.dumps([status, [m for m in {HEAVY!r} if m in sys.modules]]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []]
    assert f"usage: spatune {name}".strip() in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fly"], "unknown command 'fly'; commands are: demo, doctor"),
        (["eval", "moon"], "unknown command 'eval moon'; commands are: eval libero"),
        (["eval", "libero", "--control", "zero", "--suite", "x"], "unknown LIBERO suite 'x'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(capsys, words: list[str], message: str) -> None:
    assert main(words) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith(f"spatune: error: {message}")


def test_no_command_shows_the_commands(capsys) -> None:
    assert main([]) == 2
    output = capsys.readouterr().out
    assert all(command.help in output for command in COMMANDS.values())


def test_version(capsys) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("spatune ")


def test_doctors_probes_tell_yes_from_no_and_why() -> None:
    yes, no, variable = run_probes(
        [
            Probe("a", "print('first'); print('3.1')", "fix a"),
            Probe("b", "raise RuntimeError('no such thing')", "fix b"),
            Probe("c", "import os; print(os.environ['X'])", "fix c", environment=(("X", "7"),)),
        ]
    )
    assert (yes.works, yes.text) == (True, "3.1")
    assert (no.works, no.text) == (False, "no such thing")
    assert (variable.works, variable.text) == (True, "7")
