"""Real speech heard on a cluster: the words, and every byte of machine.json, are those of one machine."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.cluster.runner import ClusterRunner
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.cutting import cut
from pipeline.transcribe.transcribe import transcribe
from pipeline.transcript import machine_to_bytes
from tests.clusters import TlsCluster, let_in
from tests.real_speech import Spoken
from tests.transcribe.sounds import write_wav

pytestmark = pytest.mark.speech


def test_a_cluster_hears_what_one_machine_hears(phone: Spoken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with wave.open(str(phone.path), "rb") as stream:
        spoken: Any = np.frombuffer(stream.readframes(stream.getnframes()), "<i2")
    quiet = (np.random.default_rng(2).standard_normal(16_000 * 95) * 4).astype(np.int16)
    speech = write_wav(tmp_path / "speech.wav", np.concatenate([spoken, quiet] * 2))
    assert len(cut(speech)) == 2

    def heard(speech: Path, name: str, runner: ClusterRunner | None = None) -> bytes:
        machine = transcribe(
            speech,
            audio_digest=f"sha256:{'0' * 64}",
            settings=TranscriptionSettings(),
            language=None,
            hotwords=("insurance",),
            report=lambda part: None,
            pieces_folder=tmp_path / name,
            runner=runner,
        )
        return machine_to_bytes(machine)

    with TlsCluster(tmp_path) as cluster:
        cluster.start_scheduler()
        cluster.start_worker()
        cluster.start_worker()
        let_in(cluster, monkeypatch)
        with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner:
            long, short = heard(speech, "long there", runner), heard(phone.path, "short there", runner)
    assert long == heard(speech, "long here")
    assert short == heard(phone.path, "short here"), "which takes all cores"
