"""`SpatialVLM`: any transformers image-text-to-text checkpoint as features and typed answers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..errors import SpatuneError
from .answers import LOCATION_BINS, Answer, AnswerKind, location_token, parse_answer
from .features import SpatialFeatures
from .inputs import InputBuilder
from .quiet import quiet_progress
from .sources import (
    LAST_LAYER,
    LanguageSource,
    capture,
    image_token,
    language_grids,
    parse_source,
    vision_features,
    vision_tower,
)

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, ProcessorMixin

    from .inputs import Images


class SpatialVLM:
    """A vision-language model that shows where it looks and answers in types.

    Methods:
        from_pretrained: Load a local folder or a hub id.
        save_pretrained: Write model and processor as a Hugging Face folder.
        prompt: Text of the conversation that the model reads.
        inputs: The model's input tensors of a batch, for training.
        encode: Features of a batch from one source.
        encode_sources: Features of a batch from several sources in one forward pass.
        generate: Continuations as text.
        answer: One question, one typed answer.

    Attributes:
        model: The transformers model, in evaluation mode after loading.
        processor: Its processor.
        revision: Commit of the hub repository that was loaded; None for a local folder.

    >>> vlm = SpatialVLM.from_pretrained("checkpoints/tiny")                # doctest: +SKIP
    >>> features = vlm.encode([[agent_view, wrist_view]], ["pick up the mug"])  # doctest: +SKIP
    >>> features.camera_map(0).shape                                        # doctest: +SKIP
    torch.Size([1, 192, 4, 4])
    """

    def __init__(
        self, model: PreTrainedModel, processor: ProcessorMixin, *, revision: str | None = None
    ) -> None:
        self.model = model.eval()
        self.processor = processor
        self.revision = revision
        self._builder = InputBuilder(processor)

    def __deepcopy__(self, memo: dict[int, Any]) -> SpatialVLM:
        """The same object: copying what holds a VLM, such as an environment's specification,
        must not copy its weights. Copy `model` for another set of weights.
        """
        return self

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path,
        revision: str | None = None,
        trust_remote_code: bool = False,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> SpatialVLM:
        """Loads a checkpoint; weights from safetensors only, and every tensor must match.

        Args:
            path_or_id: A folder with `config.json`, or a hub id `owner/name`.
            revision: Branch, tag or commit of a hub id. It is resolved to a commit once, so that
                model and processor come from the same one, and kept as `revision`.
            trust_remote_code: Run Python code that the checkpoint carries.
            device: Where the model runs.
            dtype: Type of the weights.

        Raises:
            SpatuneError: Nothing is there, the class is not image-text-to-text, or weights are
                missing or left over.
        """
        from safetensors import SafetensorError
        from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

        name = os.path.expanduser(path_or_id)
        _check_exists(name)
        common: dict[str, Any] = {"trust_remote_code": trust_remote_code}
        try:
            with quiet_progress():
                config = AutoConfig.from_pretrained(name, revision=revision or "main", **common)
                _check_class(config, name)
                commit = getattr(config, "_commit_hash", None)
                common["revision"] = commit or revision or "main"
                processor = AutoProcessor.from_pretrained(name, **common)
                loader: Any = AutoModelForImageTextToText
                model, info = loader.from_pretrained(
                    name, dtype=dtype, use_safetensors=True, output_loading_info=True, **common
                )
        except SpatuneError:
            raise
        except (ImportError, OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            line = str(error).strip().split("\n")[0]
            where = "cannot be loaded as a VLM"
            if not Path(name).exists():
                where = "no such folder, and as a hub id it cannot be loaded as a VLM"
            raise SpatuneError(f"{name}: {where}: {line}") from error
        for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
            keys = sorted(str(key) for key in info[problem])
            if keys:
                raise SpatuneError(
                    f"{name}: {len(keys)} {problem.replace('_', ' ')} in the weights, such as "
                    f"{keys[0]}; save the checkpoint again with save_pretrained"
                )
        for module in model.modules():
            if isinstance(module, torch.nn.Conv2d):
                # A convolutional tower runs about 1.3 times faster on a CPU in this layout.
                weight = module.weight.data
                module.weight.data = weight.contiguous(memory_format=torch.channels_last)
        return cls(model.to(device), processor, revision=commit)

    def save_pretrained(self, path: str | Path) -> None:
        """Writes model (safetensors) and processor as a Hugging Face folder."""
        with quiet_progress():
            self.model.save_pretrained(str(path))
            self.processor.save_pretrained(str(path))

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        return self.model.device

    @property
    def image_size(self) -> tuple[int, int] | None:
        """(height, width) in pixels that every image is brought to; None if it depends on it."""
        size = getattr(vision_tower(self.model).config, "image_size", None)
        if size is None:
            wanted = self.processor.image_processor.size
            if "height" not in wanted:
                return None
            size = (wanted["height"], wanted["width"])
        return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))

    @cached_property
    def location_bins(self) -> int:
        """Number of `<locNNN>` tokens of the vocabulary; 0 for a model that has none."""
        vocabulary = self.processor.tokenizer.get_vocab()
        return next(i for i in range(len(vocabulary)) if location_token(i) not in vocabulary)

    def prompt(self, text: str, cameras: int) -> str:
        """The conversation up to the assistant's turn: `cameras` images, then `text`."""
        return self._builder.prompt(text, cameras)

    def inputs(
        self, images: Sequence[Images], texts: Sequence[str], *, padding_side: str = "right"
    ) -> dict[str, Tensor]:
        """The model's input tensors of B samples on its device; see `InputBuilder.build`."""
        built = self._builder.build(images, texts, padding_side=padding_side)
        floats = self.model.dtype
        return {
            key: value.to(self.device, floats if value.is_floating_point() else None)
            for key, value in built.items()
        }

    def encode(
        self, images: Sequence[Images], texts: Sequence[str], source: str | None = None
    ) -> SpatialFeatures:
        """Features of B samples from one source; see `encode_sources`.

        Args:
            images: B lists of C uint8 (H, W, 3) RGB arrays.
            texts: B texts.
            source: `language.<layer>` or `vision.<module path>`; None is `language.-1`.
        """
        source = source or LAST_LAYER
        return self.encode_sources(images, texts, [source])[source]

    def encode_sources(
        self,
        images: Sequence[Images],
        texts: Sequence[str],
        sources: Sequence[str],
        *,
        gradients: bool = False,
    ) -> dict[str, SpatialFeatures]:
        """Features of B samples from every source, in one forward pass.

        The language model is not run when only vision sources are asked for. On a CPU the same
        call gives the same bits; batches of another size differ in the last ones.

        Args:
            images: B lists of C uint8 (H, W, 3) RGB arrays, the same C in every sample.
            texts: B texts, put after the images into the chat template.
            sources: At least one of `language.<layer>`, `vision.<module path>`.
            gradients: Keep the graph, to train the model through its features.

        Returns:
            Features of shape (B, T, D) for each source: T is the padded prompt for a language
            source, the cameras' grid points one after the other for a vision source.

        Raises:
            SpatuneError: Bad images, or a source that this model does not have.
        """
        parsed = {source: parse_source(source, self.model) for source in sources}
        if not parsed:
            raise SpatuneError("no source to encode; give one such as 'language.-1'")
        inputs = self.inputs(images, texts)
        batch, cameras = len(images), len(images[0])
        last = self.model.config.get_text_config().num_hidden_layers
        layers = [s.layer for s in parsed.values() if isinstance(s, LanguageSource)]
        inner = any(layer not in (-1, last) for layer in layers)
        output: Any = None
        with torch.set_grad_enabled(gradients), capture(self.model, parsed.values()) as hooked:
            output = self.model.base_model(**inputs, use_cache=False, output_hidden_states=inner)
        results = {}
        for name, source in parsed.items():
            if isinstance(source, LanguageSource):
                final = source.layer in (-1, last)
                tokens = output.last_hidden_state if final else output.hidden_states[source.layer]
                mask = inputs["attention_mask"].bool()
                grids = language_grids(
                    inputs,
                    cameras,
                    image_token=self.image_token,
                    view_tokens=getattr(self.processor, "num_image_tokens", None),
                )
                results[name] = SpatialFeatures(tokens * mask[..., None], mask, grids)
            elif source not in hooked:
                raise SpatuneError(f"source {name!r}: the model does not run this module on images")
            else:
                results[name] = vision_features(
                    hooked[source], source, vision_tower(self.model), inputs, batch, cameras
                )
        return results

    @property
    def image_token(self) -> int:
        """Id of the placeholder token of an image."""
        return image_token(self.model)

    @torch.no_grad()
    def generate(
        self, images: Sequence[Images], texts: Sequence[str], max_new_tokens: int = 32
    ) -> list[str]:
        """Greedy continuations of B samples, without special tokens."""
        inputs = self.inputs(images, texts, padding_side="left")
        model: Any = self.model
        output = model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)
        new = output[:, inputs["input_ids"].shape[1] :]
        texts = self.processor.tokenizer.batch_decode(new, skip_special_tokens=True)
        return [text.strip() for text in texts]

    def answer(
        self,
        images: Images,
        question: str,
        kind: AnswerKind | None = None,
        max_new_tokens: int = 32,
    ) -> Answer:
        """Asks one question about one sample's images.

        Args:
            images: C uint8 (H, W, 3) RGB arrays.
            question: The question, with its options when the answer is a choice.
            kind: Type to read the answer as; None types only what the whole text spells.
            max_new_tokens: Longest answer in tokens.

        Raises:
            AnswerError: The answer cannot be read as `kind`; the error carries the raw text.
        """
        raw = self.generate([images], [question], max_new_tokens)[0]
        return parse_answer(raw, kind, bins=self.location_bins or LOCATION_BINS)


def _check_class(config: Any, name: str) -> None:
    """Raises unless transformers, or the checkpoint's own code, has a VLM class for it."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    if config.model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        return
    if "AutoModelForImageTextToText" not in getattr(config, "auto_map", {}):
        raise SpatuneError(
            f"{name}: a {config.model_type!r} model does not take images and text; give an "
            "image-text-to-text checkpoint, such as one of the Qwen-VL family"
        )


def _check_exists(name: str) -> None:
    path = Path(name)
    looks_local = path.is_absolute() or name.startswith(".") or name.count("/") != 1
    if path.exists():
        if not (path / "config.json").is_file():
            raise SpatuneError(f"{name}: no config.json; give the folder of a saved checkpoint")
    elif looks_local:
        raise SpatuneError(
            f"{name}: no such checkpoint; give a folder with config.json or a hub id 'owner/name'"
        )
