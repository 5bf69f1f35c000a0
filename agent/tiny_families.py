"""Tiny random checkpoints of the families that users load, each of its real transformers class.

They test behaviour, not skill: every family lays out its image tokens, patches and inputs in its
own way, and a tiny model of the same class shows it in milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SpatuneError
from .tiny import build_fastvlm, chat_template, end_tokens, save_checkpoint, token_id
from .tiny_tokenizer import build_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast, ProcessorMixin

QWEN_TOKENS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
QWEN_IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"
HEADS = 4


@dataclass(frozen=True)
class TinySize:
    """Widths and depths shared by language model and vision tower.

    Attributes:
        hidden: Width of both.
        layers: Depth of both.
        patch: Pixels of a patch's side, for the Qwen family; None takes the family's own.
        image: Side of a picture in pixels, for the Qwen family; None takes a small one.
    """

    hidden: int
    layers: int
    patch: int | None = None
    image: int | None = None

    @property
    def head_dim(self) -> int:
        """Width of an attention head."""
        return self.hidden // HEADS

    def text(self, tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
        """Keyword arguments of a language model's configuration."""
        return dict(
            vocab_size=len(tokenizer),
            hidden_size=self.hidden,
            intermediate_size=2 * self.hidden,
            num_hidden_layers=self.layers,
            num_attention_heads=HEADS,
            num_key_value_heads=HEADS // 2,
            max_position_embeddings=4096,
            bos_token_id=None,
            **end_tokens(tokenizer),
        )

    def vision(self, depth_name: str, **extra: Any) -> dict[str, Any]:
        """Keyword arguments of a vision tower's configuration."""
        return dict(hidden_size=self.hidden, intermediate_size=2 * self.hidden, **extra) | {
            depth_name: self.layers
        }


Built = tuple["PreTrainedModel", "ProcessorMixin"]


def build_tiny(
    architecture: str,
    out_dir: str | Path,
    *,
    hidden_size: int = 64,
    layers: int = 2,
    corpus: Iterable[str],
    vocab_size: int = 512,
    image_size: int | None = None,
    patch_size: int | None = None,
    location_bins: int = 0,
    seed: int = 0,
) -> Path:
    """Writes a tiny random checkpoint that `SpatialVLM.from_pretrained` loads.

    Args:
        architecture: One of `TINY_ARCHITECTURES`.
        out_dir: Folder to write; made if it is not there.
        hidden_size: Width of the language model and of the vision tower, a multiple of 32.
        layers: Depth of both, at least 2.
        corpus: Text to train the tokenizer on.
        vocab_size: Upper bound of byte and merge tokens.
        image_size: Side of a picture in pixels, for the Qwen family.
        patch_size: Side of a patch in pixels, for the Qwen family.
        location_bins: Number of `<locNNN>` tokens; of the families other than fastvlm.
        seed: Seed of the random weights.

    Returns:
        `out_dir` as a path.

    Raises:
        SpatuneError: The architecture is unknown or a size does not fit.
    """
    import torch

    if hidden_size % 32 or layers < 2:
        raise SpatuneError(f"hidden_size {hidden_size}, layers {layers}: use 32 n and at least 2")
    if image_size and patch_size and image_size % (2 * patch_size):
        # Two patches a side become one token.
        raise SpatuneError(f"image_size {image_size} is not a multiple of 2 x {patch_size} pixels")
    if architecture == "fastvlm":
        return build_fastvlm(
            out_dir,
            hidden_size=hidden_size,
            layers=layers,
            image_size=64,
            corpus=corpus,
            vocab_size=vocab_size,
            location_bins=16,
            pretrained_backbone=False,
            seed=seed,
        )
    if architecture not in _FAMILIES:
        known = ", ".join(TINY_ARCHITECTURES)
        raise SpatuneError(f"architecture {architecture!r} is unknown; use one of {known}")
    family = _FAMILIES[architecture]
    tokenizer = build_tokenizer(
        corpus,
        vocab_size=vocab_size,
        special_tokens=family.tokens,
        location_bins=location_bins,
        named_tokens=family.named_tokens,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        size = TinySize(hidden_size, layers, patch_size, image_size)
        model, processor = family.build(size, tokenizer)
    return save_checkpoint(Path(out_dir), model, processor, tokenizer)


def _qwen2_5_vl(size: TinySize, tokenizer: PreTrainedTokenizerFast) -> Built:
    import transformers as T

    half, patch = size.head_dim // 2, size.patch or 14
    time, height = half // 4, (half - half // 4) // 2
    rope = dict(
        rope_type="default", rope_theta=1e6, mrope_section=[time, height, half - time - height]
    )
    config = T.Qwen2_5_VLConfig(
        text_config=size.text(tokenizer)
        | dict(rope_parameters=rope, max_window_layers=size.layers),
        vision_config=size.vision(
            "depth",
            num_heads=HEADS,
            patch_size=patch,
            spatial_merge_size=2,
            temporal_patch_size=2,
            # Two merged tokens a side, so that a tiny image already has several windows.
            window_size=4 * patch,
            out_hidden_size=size.hidden,
            fullatt_block_indexes=[size.layers - 1],
            tokens_per_second=2,
        ),
        **_qwen_tokens(tokenizer),
    )
    processor = T.Qwen2_5_VLProcessor(
        image_processor=_qwen_pixels(size.image or 112, patch),
        tokenizer=tokenizer,
        video_processor=T.Qwen2VLVideoProcessor(patch_size=patch),
        chat_template=chat_template(QWEN_IMAGE),
    )
    return T.Qwen2_5_VLForConditionalGeneration(config), processor


def _qwen3_vl(size: TinySize, tokenizer: PreTrainedTokenizerFast) -> Built:
    import transformers as T

    half, patch = size.head_dim // 2, size.patch or 16
    third = half // 3
    rope = dict(
        rope_type="default",
        rope_theta=5e6,
        mrope_section=[half - 2 * third, third, third],
        mrope_interleaved=True,
    )
    text = size.text(tokenizer) | dict(head_dim=size.head_dim, rope_parameters=rope)
    config = T.Qwen3VLConfig(
        text_config=text,
        vision_config=size.vision(
            "depth",
            num_heads=HEADS,
            patch_size=patch,
            spatial_merge_size=2,
            temporal_patch_size=2,
            out_hidden_size=size.hidden,
            num_position_embeddings=((size.image or 128) // patch) ** 2,
            deepstack_visual_indexes=[0],
        ),
        **_qwen_tokens(tokenizer),
    )
    processor = T.Qwen3VLProcessor(
        image_processor=_qwen_pixels(
            size.image or 128, patch, image_mean=[0.5] * 3, image_std=[0.5] * 3
        ),
        tokenizer=tokenizer,
        video_processor=T.Qwen3VLVideoProcessor(patch_size=patch),
        chat_template=chat_template(QWEN_IMAGE),
    )
    return T.Qwen3VLForConditionalGeneration(config), processor


def _qwen_tokens(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    return dict(
        image_token_id=token_id(tokenizer, "<|image_pad|>"),
        video_token_id=token_id(tokenizer, "<|video_pad|>"),
        vision_start_token_id=token_id(tokenizer, "<|vision_start|>"),
        vision_end_token_id=token_id(tokenizer, "<|vision_end|>"),
        tie_word_embeddings=True,
    )


def _qwen_pixels(side: int, patch: int, **extra: Any) -> Any:
    from transformers import Qwen2VLImageProcessor

    # The Qwen family gives sizes as numbers of pixels; equal bounds fix the resolution.
    return Qwen2VLImageProcessor(
        patch_size=patch,
        temporal_patch_size=2,
        merge_size=2,
        size=dict(shortest_edge=side * side, longest_edge=side * side),
        **extra,
    )


def _internvl(size: TinySize, tokenizer: PreTrainedTokenizerFast) -> Built:
    import transformers as T

    pixels = dict(height=112, width=112)
    config = T.InternVLConfig(
        text_config=size.text(tokenizer) | dict(model_type="qwen2"),
        vision_config=size.vision(
            "num_hidden_layers",
            num_attention_heads=HEADS,
            image_size=[112, 112],
            patch_size=[14, 14],
        ),
        image_token_id=token_id(tokenizer, "<IMG_CONTEXT>"),
        image_seq_length=16,
        downsample_ratio=0.5,
    )
    processor = T.InternVLProcessor(
        image_processor=T.GotOcr2ImageProcessor(size=pixels, crop_to_patches=True),
        tokenizer=tokenizer,
        video_processor=T.InternVLVideoProcessor(size=pixels),
        image_seq_length=16,
        chat_template=chat_template("<IMG_CONTEXT>\\n"),
    )
    return T.InternVLForConditionalGeneration(config), processor


def _smolvlm(size: TinySize, tokenizer: PreTrainedTokenizerFast) -> Built:
    import transformers as T

    options: dict[str, Any] = {"pad_token_id": tokenizer.pad_token_id}
    config = T.SmolVLMConfig(
        text_config=size.text(tokenizer) | dict(model_type="llama"),
        vision_config=size.vision(
            "num_hidden_layers", num_attention_heads=HEADS, image_size=128, patch_size=16
        ),
        image_token_id=token_id(tokenizer, "<image>"),
        scale_factor=2,
        **options,
        tie_word_embeddings=True,
    )
    processor = T.SmolVLMProcessor(
        image_processor=T.SmolVLMImageProcessor(
            size=dict(longest_edge=256), max_image_size=dict(longest_edge=128)
        ),
        tokenizer=tokenizer,
        video_processor=T.SmolVLMVideoProcessor(),
        image_seq_len=16,
        chat_template=chat_template("<image>"),
    )
    return T.SmolVLMForConditionalGeneration(config), processor


def _llava_onevision(size: TinySize, tokenizer: PreTrainedTokenizerFast) -> Built:
    import transformers as T

    pixels = dict(height=112, width=112)
    config = T.LlavaOnevisionConfig(
        text_config=size.text(tokenizer) | dict(model_type="qwen2"),
        vision_config=size.vision(
            "num_hidden_layers",
            model_type="siglip_vision_model",
            num_attention_heads=HEADS,
            image_size=112,
            patch_size=14,
            vision_use_head=False,
        ),
        image_token_index=token_id(tokenizer, "<image>"),
        video_token_index=token_id(tokenizer, "<video>"),
        image_grid_pinpoints=[[112, 112]],
        tie_word_embeddings=True,
    )
    processor = T.LlavaOnevisionProcessor(
        image_processor=T.LlavaOnevisionImageProcessor(
            size=pixels, image_grid_pinpoints=[[112, 112]]
        ),
        tokenizer=tokenizer,
        video_processor=T.LlavaOnevisionVideoProcessor(size=pixels),
        num_image_tokens=64,
        vision_feature_select_strategy="full",
        chat_template=chat_template("<image>\\n"),
    )
    return T.LlavaOnevisionForConditionalGeneration(config), processor


@dataclass(frozen=True)
class _Family:
    build: Callable[[TinySize, PreTrainedTokenizerFast], Built]
    tokens: tuple[str, ...]
    named_tokens: dict[str, str]


_FAMILIES = {
    "qwen3_vl": _Family(_qwen3_vl, QWEN_TOKENS, {}),
    "qwen2_5_vl": _Family(_qwen2_5_vl, QWEN_TOKENS, {}),
    "internvl": _Family(
        _internvl,
        ("<img>", "</img>", "<IMG_CONTEXT>", "<video>"),
        {
            "start_image_token": "<img>",
            "end_image_token": "</img>",
            "context_image_token": "<IMG_CONTEXT>",
            "video_token": "<video>",
        },
    ),
    "smolvlm": _Family(
        _smolvlm,
        ("<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"),
        {
            "image_token": "<image>",
            "fake_image_token": "<fake_token_around_image>",
            "global_image_token": "<global-img>",
            "end_of_utterance_token": "<end_of_utterance>",
        },
    ),
    "llava_onevision": _Family(_llava_onevision, ("<image>", "<video>"), {}),
}

TINY_ARCHITECTURES = (*_FAMILIES, "fastvlm")
