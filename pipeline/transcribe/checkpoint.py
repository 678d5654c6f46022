"""From CTranslate2's `model.bin` to a checkpoint that `whisper.load_model` reads.

So both engines can hear with the very same weights, and openai-whisper works where only the packages of the
default install are. The layout read here is CTranslate2's binary version 6, as its `ModelSpec` writes it:

    uint32 version, string "WhisperSpec", uint32 revision, uint32 count,
    count x (string name, uint8 rank, rank x uint32 size, uint8 type, uint32 bytes, the numbers),
    uint32 count, count x (string alias, string name)

little-endian; a string is a uint16 length (its final NUL included) and its bytes. Attention's query, key and
value are fused there and split here; OpenAI's key has no bias, so the zeros in its place are dropped.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from pipeline import files
from pipeline.errors import MissingTool, Problem
from pipeline.transcribe.weights import MODEL_NAME, Weights, digest_of, locked_cache

if TYPE_CHECKING:
    import numpy

    Tensor: TypeAlias = numpy.typing.NDArray[Any]

_VERSION = 6
_SPEC = "WhisperSpec"
_TYPES = ("<f4", "i1", "<i2", "<i4", "<f2")
_FLOATS = ("<f4", "<f2")
_MAX_TENSORS = 100_000
_MAX_RANK = 4


class _UnreadableError(Exception):
    """Why a model.bin is none that can be read; becomes a MissingTool with its path."""


def checkpoint(weights: Weights) -> Path:
    """The checkpoint made from the folder `weights.path`, made anew when it is missing or damaged.

    It lies in the cache under the digest of its `model.bin`. Raises MissingTool when the file is no Whisper
    in half or full precision (weights reduced to int8 cannot be turned back).
    """
    with locked_cache() as cache:
        target = cache / "openai-whisper" / f"{weights.digest.removeprefix('sha256:')[:16]}.pt"
        noted = target.with_suffix(".json")
        files.remove_leftovers(target.parent)
        if target.is_file() and noted.is_file() and noted.read_text("utf-8").strip() == digest_of(target):
            return target
        import torch  # noqa: PLC0415  the extra openai-whisper; seconds to import

        dimensions, state = read_model(weights.path / MODEL_NAME)
        with files.replacing(target) as temporary:
            torch.save(
                {
                    "dims": dimensions,
                    "model_state_dict": {name: torch.from_numpy(tensor) for name, tensor in state.items()},
                },
                temporary,
            )
        files.write_text(noted, digest_of(target) + "\n")
        return target


def alignment_heads(folder: Path, layers: int, heads: int) -> bytes | None:
    """The attention heads that follow the sound, from `config.json`, as `Whisper.set_alignment_heads` takes them.

    `layers` and `heads` are the decoder's. None when the file does not name any that fit.
    """
    try:
        pairs = json.loads((folder / "config.json").read_bytes())["alignment_heads"]
        mask = bytearray(layers * heads)
        for layer, head in pairs:
            if not (0 <= layer < layers and 0 <= head < heads):
                return None
            mask[layer * heads + head] = 1
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return base64.b85encode(gzip.compress(bytes(mask), mtime=0)) if any(mask) else None


def read_model(path: Path) -> tuple[dict[str, int], dict[str, Tensor]]:
    """OpenAI's dimensions and state, read from a `model.bin`. Raises MissingTool when it is none of ours to read."""
    try:
        with path.open("rb") as stream:
            return _openai_state(_read_tensors(stream, path.stat().st_size))
    except (_UnreadableError, OSError) as error:
        raise MissingTool(
            Problem(
                str(path),
                f"openai-whisper cannot use these weights ({error})",
                "Use the engine faster-whisper with them, or name other weights in show.toml",
            )
        ) from error


def _read_tensors(stream: BinaryIO, size_bytes: int) -> dict[str, Tensor]:
    import numpy as np  # noqa: PLC0415  the modules of this room import in a moment; numpy does not

    def take(count: int) -> bytes:
        if count > size_bytes - stream.tell():
            raise _UnreadableError("the file ends too early")
        return stream.read(count)

    def number(form: str) -> int:
        return int(struct.unpack(f"<{form}", take(struct.calcsize(f"<{form}")))[0])

    def text() -> str:
        content = take(number("H"))
        try:
            return content.removesuffix(b"\0").decode("ascii")
        except UnicodeDecodeError as error:
            raise _UnreadableError("a name in it cannot be read") from error

    if number("I") != _VERSION or text() != _SPEC:
        raise _UnreadableError("it is not a Whisper of CTranslate2's binary version 6")
    number("I")  # the revision of the specification: it tells of settings, not of the layout
    count = number("I")
    if count > _MAX_TENSORS:
        raise _UnreadableError("it claims to hold too many tensors")
    tensors: dict[str, Tensor] = {}
    for _ in range(count):
        name = text()
        rank = number("B")
        if rank > _MAX_RANK:
            raise _UnreadableError(f"{name} has {rank} dimensions")
        shape = tuple(number("I") for _ in range(rank))
        kind = number("B")
        dtype = _TYPES[kind] if kind < len(_TYPES) else None
        length = number("I")
        if dtype is None or length != math.prod(shape) * np.dtype(dtype).itemsize:
            raise _UnreadableError(f"{name} has a type or a length that does not fit")
        # A copy: what is read from bytes is read-only, and PyTorch wants to own its memory.
        tensors[name] = np.frombuffer(take(length), dtype=dtype).reshape(shape).copy()
    for _ in range(2 * number("I")):
        text()  # other names for the same tensors, which OpenAI's layout does not need
    if stream.tell() != size_bytes:
        raise _UnreadableError("something follows its end")
    return tensors


_BLOCK = re.compile(r"^(encoder|decoder)/layer_(\d+)/(.+)/(weight|bias|gamma|beta)$")
_PLACES = {
    "encoder/conv1/weight": "encoder.conv1.weight",
    "encoder/conv1/bias": "encoder.conv1.bias",
    "encoder/conv2/weight": "encoder.conv2.weight",
    "encoder/conv2/bias": "encoder.conv2.bias",
    "encoder/position_encodings/encodings": "encoder.positional_embedding",
    "encoder/layer_norm/gamma": "encoder.ln_post.weight",
    "encoder/layer_norm/beta": "encoder.ln_post.bias",
    "decoder/embeddings/weight": "decoder.token_embedding.weight",
    "decoder/position_encodings/encodings": "decoder.positional_embedding",
    "decoder/layer_norm/gamma": "decoder.ln.weight",
    "decoder/layer_norm/beta": "decoder.ln.bias",
}
# Each layer's part, and the parts of OpenAI's block that are stacked in it, in order.
_PARTS = {
    "self_attention/layer_norm": ("attn_ln",),
    "self_attention/linear_0": ("attn.query", "attn.key", "attn.value"),
    "self_attention/linear_1": ("attn.out",),
    "attention/layer_norm": ("cross_attn_ln",),
    "attention/linear_0": ("cross_attn.query",),
    "attention/linear_1": ("cross_attn.key", "cross_attn.value"),
    "attention/linear_2": ("cross_attn.out",),
    "ffn/layer_norm": ("mlp_ln",),
    "ffn/linear_0": ("mlp.0",),
    "ffn/linear_1": ("mlp.2",),
}
_LEAVES = {"weight": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}


def _openai_state(tensors: dict[str, Tensor]) -> tuple[dict[str, int], dict[str, Tensor]]:
    state: dict[str, Tensor] = {}
    layers = {"encoder": 0, "decoder": 0}
    for name, tensor in tensors.items():
        match = _BLOCK.match(name)
        if name not in _PLACES and (match is None or match[3] not in _PARTS):
            if tensor.ndim:
                raise _UnreadableError(f"it holds {name}, which Whisper in full precision does not have")
            continue  # settings of CTranslate2's own
        if tensor.dtype.str not in _FLOATS:
            raise _UnreadableError(f"{name} is reduced to {tensor.dtype.name}, which cannot be turned back")
        if match is None:
            state[_PLACES[name]] = tensor
            continue
        side, layer, parts = match[1], int(match[2]), _PARTS[match[3]]
        layers[side] = max(layers[side], layer + 1)
        if not tensor.ndim or tensor.shape[0] % len(parts):
            raise _UnreadableError(f"{name} cannot be split")
        rows = tensor.shape[0] // len(parts)
        for index, part in enumerate(parts):
            leaf = _LEAVES[match[4]]
            if not (part.endswith("attn.key") and leaf == "bias"):
                state[f"{side}.blocks.{layer}.{part}.{leaf}"] = tensor[index * rows : (index + 1) * rows]
    return _dimensions(tensors, layers), state


def _dimensions(tensors: dict[str, Tensor], layers: dict[str, int]) -> dict[str, int]:
    try:
        audio_context, audio_state = tensors["encoder/position_encodings/encodings"].shape
        text_context, text_state = tensors["decoder/position_encodings/encodings"].shape
        return {
            "n_mels": tensors["encoder/conv1/weight"].shape[1],
            "n_audio_ctx": audio_context,
            "n_audio_state": audio_state,
            "n_audio_head": int(tensors["encoder/num_heads"]),
            "n_audio_layer": layers["encoder"],
            "n_vocab": tensors["decoder/embeddings/weight"].shape[0],
            "n_text_ctx": text_context,
            "n_text_state": text_state,
            "n_text_head": int(tensors["decoder/num_heads"]),
            "n_text_layer": layers["decoder"],
        }
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise _UnreadableError(f"a part of it is missing or has another shape: {error}") from error
