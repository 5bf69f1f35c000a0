"""Full-size VLMs with random weights, whose speed is that of the published checkpoints."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from spatune.agent.tiny_families import build_tiny
from spatune.agent.vlm import SpatialVLM

# Widths and depths as the models' published configurations give them.
QWEN3_VISION = {
    "hidden_size": 1024, "intermediate_size": 4096, "depth": 24, "num_heads": 16,
    "num_position_embeddings": 2304, "deepstack_visual_indexes": [5, 11, 17],
}  # fmt: skip
QWEN3_TEXT = {"vocab_size": 151936, "num_key_value_heads": 8, "head_dim": 128}
SIZES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "tiny": ("qwen3_vl", {}, {}),
    "qwen2.5-vl-tiny": ("qwen2_5_vl", {}, {}),
    "qwen3-vl-2b": (
        "qwen3_vl",
        {**QWEN3_TEXT, "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 28,
         "num_attention_heads": 16},
        {**QWEN3_VISION, "out_hidden_size": 2048},
    ),
    "qwen3-vl-4b": (
        "qwen3_vl",
        {**QWEN3_TEXT, "hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 36,
         "num_attention_heads": 32},
        {**QWEN3_VISION, "out_hidden_size": 2560},
    ),
    "qwen2.5-vl-3b": (
        "qwen2_5_vl",
        {"vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 11008,
         "num_hidden_layers": 36, "num_attention_heads": 16, "num_key_value_heads": 2},
        {"hidden_size": 1280, "intermediate_size": 3420, "depth": 32, "num_heads": 16,
         "out_hidden_size": 2048, "window_size": 112, "fullatt_block_indexes": [7, 15, 23, 31]},
    ),
}  # fmt: skip
SECTIONS = {"qwen3_vl": [24, 20, 20], "qwen2_5_vl": [16, 24, 24]}


def random_vlm(
    name: str,
    folder: Path,
    *,
    corpus: Iterable[str],
    side: int,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> SpatialVLM:
    """A VLM of one of `SIZES` with a tokenizer of the corpus, for square pictures of `side` pixels.

    Weights are drawn where they stay: billions of them take minutes on a CPU.
    """
    vlm = SpatialVLM.from_pretrained(build_tiny(SIZES[name][0], folder, corpus=corpus))
    processor: Any = vlm.processor
    processor.image_processor.size = {"shortest_edge": side**2, "longest_edge": side**2}
    config = sized(vlm.model.config, name)
    standard = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            vlm.model = type(vlm.model)(config).eval()
    finally:
        torch.set_default_dtype(standard)
    return vlm


def sized(config: Any, name: str) -> Any:
    """A tiny configuration with the widths and depths of a size."""
    architecture, text, vision = SIZES[name]
    if not text:
        return config
    values = config.to_dict()
    values["text_config"] |= text
    values["text_config"]["rope_parameters"]["mrope_section"] = SECTIONS[architecture]
    # Follows from the depth.
    values["text_config"].pop("layer_types", None)
    values["vision_config"] |= vision
    values["tie_word_embeddings"] = values["text_config"]["tie_word_embeddings"] = True
    return type(config).from_dict(values)
