"""What a line may hold, where it is more than a type."""

from __future__ import annotations

import pytest

from pipeline.show import direction


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "ltr"), ("ar", "rtl"), ("he-IL", "rtl"), ("fa-AF", "rtl"), ("az-Arab", "rtl"), ("ar-Latn", "ltr"),
        ("zh-Hant-TW", "ltr"), ("fil", "ltr"), ("ur-1994", "rtl"),
    ],
)  # fmt: skip
def test_a_language_is_written_in_one_direction(language: str, expected: str) -> None:
    assert direction(language) == expected
