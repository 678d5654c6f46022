from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from pipeline import files
from pipeline.audio.alternate import Kind, encode
from pipeline.audio.master import Mastered, master
from pipeline.errors import ToolFailed
from pipeline.show.settings import AudioSettings


@pytest.fixture(scope="module")
def mastered(voice: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mastered]:
    target = tmp_path_factory.mktemp("mastered") / "mastered.mp3"
    return target, master(voice, target, AudioSettings(), intro=None, outro=None, report=lambda _: None)


def _samples_at_48_khz(path: Path) -> np.ndarray:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=48_000)
    with av.open(str(path)) as container:
        parts = [out.to_ndarray()[0] for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        parts += [out.to_ndarray()[0] for out in resampler.resample(None)]
    return np.concatenate(parts)


@pytest.mark.parametrize(("kind", "media_type", "codec"), [("opus", "audio/ogg", "opus"), ("aac", "audio/mp4", "aac")])
def test_it_is_the_same_sound_at_the_same_times_and_smaller(
    mastered: tuple[Path, Mastered], tmp_path: Path, kind: Kind, media_type: str, codec: str
) -> None:
    source, facts = mastered
    target = tmp_path / "alternate"
    made = encode(source, target, kind, channels=facts.channels, duration_ms=facts.duration_ms)
    assert (made.media_type, made.size_bytes, made.digest) == (
        media_type,
        target.stat().st_size,
        files.digest_file(target),
    )
    assert made.size_bytes < source.stat().st_size
    assert abs(made.bitrate_kbps - made.size_bytes * 8 / facts.duration_ms) <= 1
    with av.open(str(target)) as container:
        assert container.streams.audio[0].codec_context.name.startswith(codec)
        assert container.metadata.get("title") is None
    one, other = _samples_at_48_khz(source), _samples_at_48_khz(target)
    assert abs(len(one) - len(other)) < 48_000 * 0.05
    # Both start together: the cross-correlation of the middle peaks within 2 ms of no shift at all.
    middle = slice(48_000 * 5, 48_000 * 8)
    size = 2**19
    spectrum = np.fft.rfft(one[middle], size) * np.conj(np.fft.rfft(other[middle], size))
    shift = int(np.argmax(np.fft.irfft(spectrum)))
    assert min(shift, size - shift) < 96


@pytest.mark.parametrize("kind", ["opus", "aac"])
def test_same_input_same_bytes(mastered: tuple[Path, Mastered], tmp_path: Path, kind: Kind) -> None:
    source, facts = mastered
    first = encode(source, tmp_path / "one", kind, channels=facts.channels, duration_ms=facts.duration_ms)
    again = encode(source, tmp_path / "two", kind, channels=facts.channels, duration_ms=facts.duration_ms)
    assert first == again


def test_what_is_no_mp3_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "broken.mp3"
    source.write_bytes(b"no sound" * 100)
    with pytest.raises(ToolFailed):
        encode(source, tmp_path / "out.opus", "opus", channels=1, duration_ms=1000)
    assert not (tmp_path / "out.opus").exists()
