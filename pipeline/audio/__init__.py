"""The sound: from a recording to a mastered, tagged MP3, with what the editor's desk and Whisper need beside it.

    ffmpeg      finds ffmpeg, and runs it on files nobody here wrote
    probe       what a recording is, and whether it is whole
    chain       from files to one stream of samples: decode, shape, cut, join
    loudness    EBU R128, measured
    join        intro and outro, crossfaded
    master      the release: level, limit, encode, measure, correct
    derive      the review proxy, the speech for Whisper, the peaks
    peaks       the waveform as numbers
    tags        ID3, and the facts of the release

Nothing here holds a recording in memory: it streams through ffmpeg, whatever its length.
"""
