"""Digests say whether what decides a result is the same, and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from spatune.digests import TUNING_FILE, file_sha256, tree_sha256, vlm_sha256
from spatune.errors import SpatuneError
from spatune.policies.digests import policy_sha256


def write(folder: Path, **texts: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_names_and_contents_count_and_the_place_does_not(tmp_path: Path) -> None:
    first = write(tmp_path / "first", a_json="1", b_json="2")
    again = write(tmp_path / "again", a_json="1", b_json="2", c_log="3")
    swapped = write(tmp_path / "swapped", a_json="2", b_json="1")
    digests = [tree_sha256(folder, ["*.json"]) for folder in (first, again, swapped)]
    assert digests[0] == digests[1] != digests[2]
    assert tree_sha256(again, ["*"]) != digests[0]
    assert tree_sha256(again, ["*"], without=["c.log"]) == digests[0]
    with pytest.raises(SpatuneError, match="holds no file to digest"):
        tree_sha256(tmp_path, ["*.json"])


def test_a_vlm_is_what_it_computes_and_not_how_it_came_about(tmp_path: Path) -> None:
    vlm = write(tmp_path / "vlm", config_json="1", model_safetensors="2", chat_jinja="3")
    before = vlm_sha256(vlm)
    write(vlm, history_jsonl="5", loss_png="6")
    (vlm / TUNING_FILE).write_text("4")
    assert vlm_sha256(vlm) == before == vlm_sha256(str(vlm))
    (vlm / "chat.jinja").write_text("4")
    assert vlm_sha256(vlm) != before
    assert vlm_sha256("owner/name", "abc") == "owner/name@abc"


def test_a_policys_chat_template_decides_what_it_does(tmp_path: Path) -> None:
    policy = write(tmp_path / "policy", config_json="1", model_safetensors="2", chat_jinja="3")
    write(policy / "vlm", config_json="1", chat_jinja="3")
    digests = {policy_sha256(policy)}
    for file in ("chat.jinja", "vlm/chat.jinja"):
        (policy / file).write_text("4")
        digests.add(policy_sha256(policy))
    assert len(digests) == 3
