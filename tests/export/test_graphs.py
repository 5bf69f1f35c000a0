"""Graphs compute what the policy computes, for every head, pooling and prompt length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from spatune.agent.tiny_families import build_tiny
from spatune.agent.vlm import SpatialVLM
from spatune.envs.spec import CameraSpec
from spatune.errors import SpatuneError
from spatune.export.graphs import PolicyGraphs, Prompts, QwenVisionTower, build_graphs
from spatune.export.graphs.heads import step_times
from spatune.policies.features import probe_feature_specs
from spatune.policies.loading import load_policy
from spatune.policies.network import NetworkConfig, SpatuneNetwork
from spatune.policies.normalisation import ACTION, STATE, Statistics
from spatune.policies.rollout import SpatuneRollout
from spatune.policies.scaling import PolicyScaling
from spatune.policies.spec import PolicySpec
from spatune.policies.vlm_features import VlmFeatures, VlmSource

TASKS = (
    "pick the milk",
    "pick the alphabet soup and place it in the basket",
    "pick the akita black bowl between the plate and the ramekin and place it on the plate",
)
SOURCES = {
    "fine": "vision.timm_model.blocks.2:grid",
    "text": "language.-1:last",
    "words": "language.1:mean",
    "seen": "language.-1:grid",
}
INTERNVL_SOURCES = {
    "fine": "vision.encoder.layer.0:grid",
    "flat": "vision.encoder.layer.1:mean",
    "seen": "language.1:grid",
    "text": "language.-1:last",
}
SIZES = {"fastvlm": 64, "internvl": 112, "smolvlm": 64, "qwen2_5_vl": 112, "qwen3_vl": 128}
QWEN_SOURCES = {
    "fine": "vision.blocks.0:grid",
    "merged": "vision.merger:grid",
    "words": "language.1:mean",
    "text": "language.-1:last",
}
LAYOUT = ("x", "y", "z", "gap")


def tiny_policy(
    folder: Path, architecture: str, head: str, sources: dict, size: int | None = None
) -> SpatuneRollout:
    """A policy of random weights over a tiny VLM of a real class."""
    vlm = SpatialVLM.from_pretrained(build_tiny(architecture, folder / architecture, corpus=TASKS))
    if size is not None:
        edge = {"shortest_edge": size**2, "longest_edge": size**2}
        vlm.processor.image_processor.size = edge
    size = size or SIZES[architecture]
    features = probe_feature_specs(vlm, sources, 2, size)
    torch.manual_seed(0)
    config = NetworkConfig.tiny(features, "flow" if head == "flow" else "l1")
    shape = {"state_dim": 4, "action_dim": 4, "gripper_index": 3, "chunk_length": 6}
    config = replace(config, **shape, rotation_indices=())
    statistics = Statistics(
        {
            STATE: {"mean": (0.1, -0.2, 0.3, 0.0), "std": (0.5, 2.0, 1.0, 0.1)},
            ACTION: {"mean": (0.1, 0.0, -0.1, 0.0), "std": (0.4, 0.5, 0.6, 1.0)},
        }
    )
    spec = PolicySpec(
        cameras=tuple(CameraSpec(f"observation.images.{i}", str(i), size, size) for i in range(2)),
        resize="exact",
        state_layout=LAYOUT,
        action_layout=("dx", "dy", "dz", "gripper"),
        gripper_convention="-1 open, +1 close",
        action_low=(-1.0,) * 4,
        action_high=(1.0,) * 4,
        state_normalisation="mean_std",
        action_normalisation="mean_std",
        statistics_sha256=statistics.sha256,
        chunk_length=6,
        execute_steps=3,
        control_hz=20.0,
    )
    network = SpatuneNetwork(config).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            assert module.running_mean is not None
            module.running_mean.normal_()
    scaling = PolicyScaling(spec, statistics)
    return SpatuneRollout(spec, scaling, network, VlmFeatures(VlmSource(""), vlm))


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., SpatuneRollout]:
    def build(head: str, sources: dict = SOURCES, architecture: str = "fastvlm") -> SpatuneRollout:
        return tiny_policy(tmp_path_factory.mktemp(head), architecture, head, sources)

    return build


def observation(policy: SpatuneRollout, task: str, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    values = {
        camera.key: rng.integers(0, 256, (camera.height, camera.width, 3), dtype=np.uint8)
        for camera in policy.spec.cameras
    }
    state = rng.normal(size=policy.spec.state_dim).astype(np.float32)
    return {**values, STATE: state, "task": task}


def arguments(policy: SpatuneRollout, prompts: Prompts, seen: dict, seed: int) -> tuple:
    images = np.stack([seen[camera.key] for camera in policy.spec.cameras])[None]
    ids, mask = prompts.row(seen["task"])
    shape = (1, policy.spec.chunk_length, policy.spec.action_dim)
    noise = np.random.default_rng(seed + 100).normal(size=shape).astype(np.float32)
    arrays = (images, ids[None], mask[None], seen[STATE][None], noise)
    return tuple(map(torch.from_numpy, arrays))


def check_equal(policy: SpatuneRollout, graphs: PolicyGraphs, tolerance: float) -> None:
    for seed, task in enumerate(TASKS):
        seen = observation(policy, task, seed)
        inputs = arguments(policy, graphs.prompts, seen, seed)
        expected = policy.predict([seen], inputs[-1].numpy())
        with torch.inference_mode():
            actions = graphs.fused(*inputs)
        np.testing.assert_allclose(actions.numpy(), expected, rtol=0, atol=tolerance)
        assert np.ptp(expected[..., :-1]) > 0.01


def test_the_embedded_policy_is_taken_apart_without_a_change() -> None:
    policy = load_policy("embedded")
    assert isinstance(policy, SpatuneRollout)
    check_equal(policy, build_graphs(policy, TASKS), 5e-6)


@pytest.mark.parametrize("head", ["l1", "flow"])
def test_every_pooling_and_head(head: str, make: Callable[..., SpatuneRollout]) -> None:
    policy = make(head)
    check_equal(policy, build_graphs(policy, TASKS), 5e-6)


@pytest.mark.parametrize("architecture", ["internvl", "qwen2_5_vl", "qwen3_vl"])
def test_other_families(architecture: str, make: Callable[..., SpatuneRollout]) -> None:
    sources = INTERNVL_SOURCES if architecture == "internvl" else QWEN_SOURCES
    policy = make("flow", sources, architecture)
    check_equal(policy, build_graphs(policy, TASKS), 5e-6)


def test_windows_of_unequal_size(tmp_path: Path) -> None:
    policy = tiny_policy(tmp_path, "qwen2_5_vl", "l1", QWEN_SOURCES, size=140)
    graphs = build_graphs(policy, TASKS)
    assert isinstance(graphs.vision, QwenVisionTower)
    assert len(set(graphs.vision.segments[0])) > 1 == len(set(graphs.vision.segments[1]))
    check_equal(policy, graphs, 5e-6)


def test_a_policy_of_vision_alone_has_no_prefill(make: Callable[..., SpatuneRollout]) -> None:
    policy = make("l1", {"fine": SOURCES["fine"]})
    graphs = build_graphs(policy, TASKS)
    assert graphs.prefill is None and graphs.vision.outputs == ("fine",)
    check_equal(policy, graphs, 5e-6)


def test_stages_one_after_the_other_are_the_fused_graph(
    make: Callable[..., SpatuneRollout],
) -> None:
    policy = make("flow")
    graphs = build_graphs(policy, TASKS)
    assert graphs.prefill is not None and graphs.denoise is not None
    inputs = arguments(policy, graphs.prompts, observation(policy, TASKS[1], 5), 5)
    images, ids, mask, state, chunk = inputs
    with torch.inference_mode():
        features = dict(zip(graphs.vision.outputs, graphs.vision(images), strict=True))
        language = graphs.prefill(features["image_tokens"], ids, mask)
        features.update(zip(graphs.prefill.outputs, language, strict=True))
        memory = graphs.head(*(features[name] for name in SOURCES), state)
        for time in step_times(graphs.denoise.steps, 1):
            chunk, actions = graphs.denoise(memory, chunk, time)
        torch.testing.assert_close(actions, graphs.fused(*inputs), rtol=0, atol=0)


@pytest.mark.parametrize(
    "case",
    [
        ("l1",),
        ("flow",),
        ("l1", INTERNVL_SOURCES, "internvl"),
        ("l1", QWEN_SOURCES, "qwen2_5_vl"),
        ("l1", QWEN_SOURCES, "qwen3_vl"),
    ],
    ids=["l1", "flow", "internvl", "qwen2_5_vl", "qwen3_vl"],
)
def test_the_whole_policy_exports(case: tuple, make: Callable[..., SpatuneRollout]) -> None:
    policy = make(*case)
    graphs = build_graphs(policy, TASKS)
    first, other = (
        arguments(policy, graphs.prompts, observation(policy, TASKS[seed], seed), seed)
        for seed in (0, 2)
    )
    with torch.no_grad():
        exported = torch.export.export(graphs.fused, first, strict=False).module()
        torch.testing.assert_close(exported(*other), graphs.fused(*other), rtol=0, atol=1e-6)


def test_errors_name_the_fix(make: Callable[..., SpatuneRollout], tmp_path: Path) -> None:
    policy = make("l1")
    with pytest.raises(SpatuneError, match="not among the 3 that were exported"):
        build_graphs(policy, TASKS).prompts.row("dance")
    with pytest.raises(SpatuneError, match="give at least one task"):
        build_graphs(policy, ())
    other = make("l1", {"seen": "language.-1:grid"}, "smolvlm")
    with pytest.raises(
        SpatuneError, match="'smolvlm' cannot be exported; supported: FastVLM, InternVL, Qwen2.5"
    ):
        build_graphs(other, TASKS)


@pytest.mark.parametrize(
    ("architecture", "sources", "size"),
    [
        ("fastvlm", SOURCES, (96, 80)),
        ("internvl", {"seen": "language.1:grid"}, (100, 100)),
        ("qwen2_5_vl", QWEN_SOURCES, (120, 100)),
        ("qwen3_vl", QWEN_SOURCES, (130, 150)),
    ],
)
def test_images_of_another_size_are_resized_in_the_graph(
    architecture: str, sources: dict, size: tuple[int, int], make: Callable[..., SpatuneRollout]
) -> None:
    policy = make("l1", sources, architecture)
    cameras = tuple(CameraSpec(f"observation.images.{i}", str(i), *size) for i in range(2))
    policy.spec = replace(policy.spec, cameras=cameras)
    vlm = policy.vlm
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    wanted = vlm.processor.image_processor([noise], return_tensors="pt")["pixel_values"]
    found = build_graphs(policy, TASKS).vision.pixels(torch.from_numpy(noise)[None].float())
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)


def test_pixels_that_have_no_graph_are_refused(make: Callable[..., SpatuneRollout]) -> None:
    policy = make("l1")
    camera = CameraSpec("observation.images.0", "0", 96, 96)
    policy.spec = replace(policy.spec, cameras=(camera, camera))
    policy.vlm.processor.image_processor.resample = 0
    with pytest.raises(SpatuneError, match="96x96 pixels, the VLM reads 64x64, and its resampling"):
        build_graphs(policy, TASKS)
    policy.spec = replace(policy.spec, cameras=(camera, replace(camera, width=64)))
    with pytest.raises(SpatuneError, match="the cameras differ in size"):
        build_graphs(policy, TASKS)
