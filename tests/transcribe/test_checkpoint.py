"""Reading CTranslate2's files: the real one, and ones that somebody damaged."""

from __future__ import annotations

import base64
import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import MissingTool
from pipeline.transcribe import weights
from pipeline.transcribe.checkpoint import alignment_heads, read_model

WIDTH, HEADS = 4, 2


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def tensor(name: str, values: object, dtype: str = "<f2") -> bytes:
    array = np.asarray(values, dtype=dtype)
    kind = ("<f4", "|i1", "<i2", "<i4", "<f2").index(array.dtype.str)
    shape = b"".join(struct.pack("<I", size) for size in array.shape)
    return text(name) + bytes([array.ndim]) + shape + bytes([kind]) + struct.pack("<I", array.nbytes) + array.tobytes()


def model(**changes: bytes) -> bytes:
    """A Whisper of one layer, four wide, in CTranslate2's layout."""
    rng = np.random.default_rng(1)

    def numbers(*shape: int) -> object:
        return rng.normal(size=shape)

    parts = {
        "encoder/conv1/weight": numbers(WIDTH, 80, 3),
        "encoder/position_encodings/encodings": numbers(6, WIDTH),
        "decoder/position_encodings/encodings": numbers(5, WIDTH),
        "decoder/embeddings/weight": numbers(9, WIDTH),
        "encoder/layer_0/self_attention/linear_0/weight": numbers(3 * WIDTH, WIDTH),
        "encoder/layer_0/self_attention/linear_0/bias": numbers(3 * WIDTH),
        "decoder/layer_0/attention/linear_1/weight": numbers(2 * WIDTH, WIDTH),
    }
    tensors = {name: tensor(name, values) for name, values in parts.items()}
    for side in ("encoder", "decoder"):
        tensors[f"{side}/num_heads"] = tensor(f"{side}/num_heads", HEADS, "<i2")
    tensors |= changes
    aliases = struct.pack("<I", 1) + text("decoder/projection/weight") + text("decoder/embeddings/weight")
    head = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<I", 3)
    return head + struct.pack("<I", len(tensors)) + b"".join(tensors.values()) + aliases


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.bin"


def test_fused_attention_is_split(path: Path) -> None:
    path.write_bytes(model())
    dimensions, state = read_model(path)
    assert dimensions == {
        "n_mels": 80,
        "n_audio_ctx": 6,
        "n_audio_state": WIDTH,
        "n_audio_head": HEADS,
        "n_audio_layer": 1,
        "n_vocab": 9,
        "n_text_ctx": 5,
        "n_text_state": WIDTH,
        "n_text_head": HEADS,
        "n_text_layer": 1,
    }
    attention = "encoder.blocks.0.attn"
    assert {name.removeprefix(attention) for name in state if name.startswith(attention)} == {
        ".query.weight",
        ".key.weight",
        ".value.weight",
        ".query.bias",
        ".value.bias",
    }, "OpenAI's key has no bias"
    fused = np.concatenate([state[f"{attention}.{part}.weight"] for part in ("query", "key", "value")])
    assert fused.shape == (3 * WIDTH, WIDTH)
    assert tensor("encoder/layer_0/self_attention/linear_0/weight", fused) in path.read_bytes()


def test_the_real_weights_have_the_dimensions_of_whisper_base(monkeypatch: pytest.MonkeyPatch) -> None:
    dimensions, state = read_model(weights.find("base", engine="faster-whisper").path / "model.bin")
    assert dimensions == {
        "n_mels": 80,
        "n_audio_ctx": 1500,
        "n_audio_state": 512,
        "n_audio_head": 8,
        "n_audio_layer": 6,
        "n_vocab": 51865,
        "n_text_ctx": 448,
        "n_text_state": 512,
        "n_text_head": 8,
        "n_text_layer": 6,
    }
    assert len(state) == 245, "as many as OpenAI's own state has"
    # Whisper fixes the encoder's positions by formula, so the file can be checked against mathematics.
    rates = np.exp(-np.log(10_000) / 255 * np.arange(256))
    angles = np.arange(1500)[:, None] * rates
    expected = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    assert np.allclose(state["encoder.positional_embedding"].astype(np.float64), expected, atol=2e-3)


def test_reduced_weights_are_refused_with_the_reason(path: Path) -> None:
    name = "decoder/embeddings/weight"
    path.write_bytes(model(**{name: tensor(name, np.zeros((9, WIDTH)), "|i1")}))
    with pytest.raises(MissingTool, match="reduced to int8"):
        read_model(path)


def test_unknown_tensors_are_refused_not_dropped(path: Path) -> None:
    path.write_bytes(model(extra=tensor("decoder/adapter/weight", np.zeros((2, 2)))))
    with pytest.raises(MissingTool, match="decoder/adapter/weight"):
        read_model(path)


@given(cut=st.integers(min_value=0, max_value=len(model()) - 1))
@settings(max_examples=60, deadline=None)
def test_a_file_cut_off_anywhere_is_told(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.bin"
    path.write_bytes(model()[:cut])
    with pytest.raises(MissingTool):
        read_model(path)


@given(place=st.integers(min_value=0, max_value=len(model()) - 1), value=st.integers(min_value=0, max_value=255))
@settings(max_examples=150, deadline=None)
def test_a_changed_byte_never_crashes_or_swells(
    place: int, value: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(model())
    content[place] = value
    path = tmp_path_factory.getbasetemp() / "changed.bin"
    path.write_bytes(content)
    try:
        _, state = read_model(path)
    except MissingTool:
        return
    assert sum(part.nbytes for part in state.values()) <= len(content)


def test_alignment_heads_come_from_the_weights_own_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"alignment_heads": [[0, 1], [1, 0]]}), "utf-8")
    packed = alignment_heads(tmp_path, 2, 2)
    assert packed is not None
    assert gzip.decompress(base64.b85decode(packed)) == bytes([0, 1, 1, 0])


@pytest.mark.parametrize("content", ["", "{}", '{"alignment_heads": [[7, 0]]}', '{"alignment_heads": 3}', "[1]"])
def test_alignment_heads_that_do_not_fit_are_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content, "utf-8")
    assert alignment_heads(tmp_path, 2, 2) is None
