"""Which of many short stretches are one voice, by vectors that say how each sounds.

Spectral clustering (U. von Luxburg, A tutorial on spectral clustering, 2007): every stretch is tied to those that sound
most like it, and the ties fall apart into voices; how many, the widest gap between eigenvalues says. The work grows
with the cube of their number, so of many only some are clustered, and the others go to the voice they sound most like.
All vectors have length 1. No chance is in it: the same vectors give the same voices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy

    Vectors: TypeAlias = numpy.typing.NDArray[numpy.float32]
    Labels: TypeAlias = numpy.typing.NDArray[numpy.int64]

VOICES_MAX = 10
CLUSTERED_MAX = 1500
_TIES_SHARE = 0.012  # 3D-Speaker's choice for CAM++
_TIES_MIN = 6
_FEW = 10  # too few stretches to tell voices apart by
_VOICE_MIN = 4  # fewer stretches than this are no voice of their own
_ALIKE = 0.875  # two centres nearer than this are one voice: 3D-Speaker's choice for CAM++
_ROUNDS = 20


def cluster(vectors: Vectors, voices: int | None = None) -> tuple[Vectors, Labels]:
    """The centre of each voice (of length 1), and the voice of each vector; `voices` is their number, where known."""
    import numpy as np  # noqa: PLC0415  the modules of this room import in a moment; numpy does not

    some = vectors[:: -(-len(vectors) // CLUSTERED_MAX)]
    is_one = voices == 1 or len(some) < _FEW
    labels = np.zeros(len(some), dtype=np.int64) if is_one else _spectral(some, voices)
    centres = _centres(some, _of_some_size(some, labels))
    if voices is None:
        centres = _without_twins(some, centres)
    return _settled(vectors, centres)


def margins(vectors: Vectors, centres: Vectors, labels: Labels) -> Vectors | None:
    """By how much each vector is nearer to its own centre than to the next (cosines); None where there is one only."""
    import numpy as np  # noqa: PLC0415

    if len(centres) < 2:
        return None
    near = vectors @ centres.T
    rows = np.arange(len(vectors))
    own = near[rows, labels].copy()
    near[rows, labels] = -np.inf
    margin: Vectors = own - near.max(axis=1)
    return margin


def _spectral(vectors: Vectors, voices: int | None) -> Labels:
    import numpy as np  # noqa: PLC0415

    count = len(vectors)
    near = (vectors @ vectors.T).astype(np.float64)
    ties = min(count - 1, max(_TIES_MIN, round(_TIES_SHARE * count)))
    weakest = np.partition(near, count - ties, axis=1)[:, count - ties][:, None]
    tied = np.where(near >= weakest, near, 0.0)
    tied = 0.5 * (tied + tied.T)
    np.fill_diagonal(tied, 0.0)
    values, places = np.linalg.eigh(np.diag(np.abs(tied).sum(axis=1)) - tied)
    if voices is None:
        voices = int(np.diff(values[: VOICES_MAX + 1]).argmax()) + 1
    return _means(places[:, : min(voices, count)])


def _means(places: Vectors) -> Labels:
    """k-means, from points that lie as far from one another as can be; as many groups as there are dimensions."""
    import numpy as np  # noqa: PLC0415

    centres = places[:1]
    for _ in range(places.shape[1] - 1):
        far = ((places[:, None] - centres) ** 2).sum(axis=2).min(axis=1).argmax()
        centres = np.concatenate([centres, places[far : far + 1]])
    labels = np.zeros(len(places), dtype=np.int64)
    for _ in range(_ROUNDS):
        labels = ((places[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        own = [places[labels == one] for one in range(len(centres))]
        centres = np.stack([one.mean(axis=0) if len(one) else old for one, old in zip(own, centres, strict=True)])
    return labels


def _of_some_size(vectors: Vectors, labels: Labels) -> Labels:
    """Numbered from 0, and what is too little for a voice given to the one it sounds most like."""
    import numpy as np  # noqa: PLC0415

    names, sizes = np.unique(labels, return_counts=True)
    kept = names[sizes >= _VOICE_MIN]
    if not len(kept):
        return np.zeros_like(labels)
    inside = np.isin(labels, kept)
    numbered = np.searchsorted(kept, labels)
    numbered[~inside] = (vectors[~inside] @ _centres(vectors[inside], numbered[inside]).T).argmax(axis=1)
    return numbered


def _without_twins(vectors: Vectors, centres: Vectors) -> Vectors:
    import numpy as np  # noqa: PLC0415

    while len(centres) > 1:
        alike = np.triu(centres @ centres.T, 1)
        one, other = np.unravel_index(alike.argmax(), alike.shape)
        if alike[one, other] < _ALIKE:
            break
        labels = (vectors @ centres.T).argmax(axis=1)
        labels[labels == other] = one
        centres = _centres(vectors, _of_some_size(vectors, labels))
    return centres


def _settled(vectors: Vectors, centres: Vectors) -> tuple[Vectors, Labels]:
    """Every vector given to the nearest centre, and the centres moved to theirs, until nothing changes."""
    labels = (vectors @ centres.T).argmax(axis=1)
    for _ in range(_ROUNDS):
        centres = _centres(vectors, labels, centres)
        nearer = (vectors @ centres.T).argmax(axis=1)
        if (nearer == labels).all():
            break
        labels = nearer
    return centres, labels


def _centres(vectors: Vectors, labels: Labels, before: Vectors | None = None) -> Vectors:
    import numpy as np  # noqa: PLC0415

    count = int(labels.max()) + 1 if before is None else len(before)
    sums = np.stack([vectors[labels == one].sum(axis=0) for one in range(count)])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    if before is not None:  # a voice that lost all of its own stays where it was
        sums, lengths = np.where(lengths > 0, sums, before), np.where(lengths > 0, lengths, 1.0)
    centres: Vectors = (sums / np.maximum(lengths, 1e-9)).astype(np.float32)
    return centres
