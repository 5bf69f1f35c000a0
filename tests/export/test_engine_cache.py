"""Engines are found for the machine that they run on, and never half written or damaged unseen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spatune.errors import SpatuneError
from spatune.export.engines.engine_cache import EngineCache, EngineKey

KEY = EngineKey("a" * 64, "tensorrt-rtx", "1.7.1", "8.9", "fp16", "policy")


@pytest.fixture
def cache(tmp_path: Path) -> EngineCache:
    return EngineCache(tmp_path / "engines")


def engine_file(tmp_path: Path) -> Path:
    (path,) = (tmp_path / "engines").glob("*.engine")
    return path


def test_engine_is_read_back(cache: EngineCache) -> None:
    path = cache.put(KEY, b"engine")
    assert cache.get(KEY) == b"engine"
    assert cache.find(KEY) == path
    assert cache.holds(KEY)


@pytest.mark.parametrize(
    ("built", "wanted"),
    [
        ({"sm": "default"}, {"sm": "8.9"}),
        ({"sm": "default"}, {"sm": "12.0"}),
        ({"sm": "7.5+8.9"}, {"sm": "7.5"}),
        ({"sm": "7.5+8.9"}, {"sm": "8.9"}),
        ({"sm": "default", "precision": "fp8"}, {"sm": "8.9", "precision": "fp8"}),
    ],
)
def test_engine_serves_every_chip_that_it_was_built_for(
    cache: EngineCache, built: dict, wanted: dict
) -> None:
    cache.put(replace(KEY, **built), b"engine")
    assert cache.get(replace(KEY, **wanted)) == b"engine"
    assert not cache.holds(replace(KEY, **wanted)), "it is still no engine of that very key"


@pytest.mark.parametrize(
    ("built", "wanted"),
    [
        ({"sm": "default"}, {"sm": "7.5"}),
        ({"sm": "7.5+8.0"}, {"sm": "8.6"}),
        ({"sm": "8.6"}, {"sm": "8.9"}),
        ({"sm": "default"}, {"sm": "cpu"}),
        ({"sm": "default", "precision": "fp8"}, {"sm": "8.6", "precision": "fp8"}),
        ({"sm": "default", "library": "tensorrt"}, {"sm": "8.9", "library": "tensorrt"}),
        ({"version": "1.6.0"}, {}),
        ({"stage": "head"}, {}),
        ({"precision": "fp32"}, {}),
        ({"library": "tensorrt"}, {}),
    ],
)
def test_engine_of_another_kind_is_not_given_out(
    cache: EngineCache, built: dict, wanted: dict
) -> None:
    cache.put(replace(KEY, **built), b"engine")
    with pytest.raises(SpatuneError, match="build it with `spatune export engine"):
        cache.get(replace(KEY, **wanted))


def test_engine_for_one_chip_comes_before_those_for_many(cache: EngineCache) -> None:
    for sm in ("default", "8.6+8.9", "8.9"):
        cache.put(replace(KEY, sm=sm), sm.encode())
    assert cache.get(KEY) == b"8.9"
    assert cache.get(replace(KEY, sm="8.6")) == b"8.6+8.9"
    assert cache.get(replace(KEY, sm="8.0")) == b"default"


def test_mismatch_names_what_there_is_and_what_is_needed(
    cache: EngineCache, tmp_path: Path
) -> None:
    cache.put(replace(KEY, version="1.6.0", sm="8.6"), b"engine")
    with pytest.raises(SpatuneError) as caught:
        cache.get(KEY)
    assert str(caught.value) == (
        f"{tmp_path}/engines has policy in fp16 built for TensorRT-RTX 1.6.0 / SM 8.6, this "
        "machine has TensorRT-RTX 1.7.1 / SM 8.9: build it with `spatune export engine "
        f"{tmp_path} --engine tensorrt-rtx --precision fp16 --stage policy`"
    )


def test_chip_outside_the_default_is_told_to_name_itself(cache: EngineCache) -> None:
    cache.put(replace(KEY, sm="default"), b"engine")
    with pytest.raises(SpatuneError, match=r"SM 8\.0 and later.* --sm 7\.5`$"):
        cache.get(replace(KEY, sm="7.5"))


def test_engine_of_another_graph_is_told_apart(cache: EngineCache) -> None:
    cache.put(replace(KEY, graph_sha256="b" * 64), b"engine")
    with pytest.raises(SpatuneError, match="another graph than the bundle's"):
        cache.get(KEY)


def test_empty_cache_names_the_command(cache: EngineCache) -> None:
    with pytest.raises(
        SpatuneError, match="has no TensorRT-RTX engine of policy in fp16: build it"
    ):
        cache.get(KEY)
    with pytest.raises(SpatuneError, match="--engine aotinductor"):
        cache.get(replace(KEY, library="torch", sm="cpu"))


def test_package_of_torch_has_its_own_ending(cache: EngineCache) -> None:
    key = replace(KEY, library="torch", version="2.11.0", sm="cpu")
    assert cache.put(key, b"package").suffix == ".pt2"
    assert cache.get(key) == b"package"


def test_damaged_engine_is_refused(cache: EngineCache, tmp_path: Path) -> None:
    cache.put(KEY, b"engine")
    engine_file(tmp_path).write_bytes(b"engima")
    assert not cache.holds(KEY)
    with pytest.raises(SpatuneError, match=r"damaged \(sha256 differs\): build it with"):
        cache.get(KEY)


def test_lost_engine_is_named(cache: EngineCache, tmp_path: Path) -> None:
    cache.put(KEY, b"engine")
    engine_file(tmp_path).unlink()
    assert not cache.holds(KEY)
    with pytest.raises(SpatuneError, match="is missing: build it with"):
        cache.get(KEY)


@pytest.mark.parametrize("length", [0, 1, 100, 250])
def test_truncated_sidecar_is_named(cache: EngineCache, tmp_path: Path, length: int) -> None:
    cache.put(KEY, b"engine")
    (sidecar,) = (tmp_path / "engines").glob("*.json")
    sidecar.write_bytes(sidecar.read_bytes()[:length])
    assert not cache.holds(KEY)
    with pytest.raises(SpatuneError, match=r"\.json cannot be read .*: build it with"):
        cache.get(KEY)


@pytest.mark.parametrize("text", ["[]", "null", '{"key": {}}', '{"key": 1, "file": 2}'])
def test_sidecar_of_another_form_is_named(cache: EngineCache, tmp_path: Path, text: str) -> None:
    cache.put(KEY, b"engine")
    (sidecar,) = (tmp_path / "engines").glob("*.json")
    sidecar.write_text(text)
    with pytest.raises(SpatuneError, match="cannot be read"):
        cache.get(KEY)


def test_truncated_sidecar_of_another_engine_does_no_harm(
    cache: EngineCache, tmp_path: Path
) -> None:
    cache.put(replace(KEY, sm="8.6"), b"other")
    (sidecar,) = (tmp_path / "engines").glob("*.json")
    sidecar.write_text("{")
    cache.put(KEY, b"engine")
    assert cache.get(KEY) == b"engine"


def test_sidecar_cannot_point_out_of_the_folder(cache: EngineCache, tmp_path: Path) -> None:
    cache.put(KEY, b"engine")
    (tmp_path / "secret.engine").write_bytes(b"engine")
    (sidecar,) = (tmp_path / "engines").glob("*.json")
    name = engine_file(tmp_path).name
    sidecar.write_text(sidecar.read_text().replace(name, "../secret.engine"))
    with pytest.raises(SpatuneError, match="is missing"):
        cache.get(KEY)


def test_newer_engine_replaces_the_older(cache: EngineCache, tmp_path: Path) -> None:
    other = replace(KEY, sm="8.9+12.0")
    cache.put(other, b"other")
    older = cache.put(KEY, b"older")
    kernels = older.with_name(f"{older.name}.kernels")
    kernels.write_bytes(b"compiled")
    newer = cache.put(replace(KEY, graph_sha256="b" * 64), b"newer")
    assert cache.get(replace(KEY, graph_sha256="b" * 64)) == b"newer"
    assert not older.exists()
    assert not kernels.exists()
    assert cache.get(other) == b"other"
    assert cache.put(replace(KEY, graph_sha256="b" * 64), b"newer") == newer
    assert newer.exists()


def test_crash_before_the_sidecar_leaves_the_older_engine(
    cache: EngineCache, tmp_path: Path
) -> None:
    cache.put(KEY, b"older")
    # What is on the disk when a process dies half way through `put`.
    folder = tmp_path / "engines"
    (folder / f"{KEY.name}.0123456789ab.engine").write_bytes(b"newer, whole")
    (folder / f".{KEY.name}.json.77").write_bytes(b"{")
    assert cache.get(KEY) == b"older"


def test_no_temporary_file_remains(cache: EngineCache, tmp_path: Path) -> None:
    cache.put(KEY, b"engine")
    names = sorted(path.suffix for path in (tmp_path / "engines").iterdir())
    assert names == [".engine", ".json"]


def test_unwritable_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "engines").write_text("a file")
    with pytest.raises(SpatuneError, match="cannot be written"):
        EngineCache(tmp_path / "engines").put(KEY, b"engine")
