"""The desk's queue of doubts: `doubts` makes it of what `hearing` and `wording` find in `words`."""

from pipeline.review.queue.doubts import Doubt, doubts

__all__ = ["Doubt", "doubts"]
