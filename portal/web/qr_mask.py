"""The data mask of a QR code, chosen as ISO/IEC 18004:2015 (7.8.3) asks: the one with the lowest penalty.

segno weighs the eight masks module by module, which takes four fifths of its time; here they are weighed at once. The
choice is the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import segno

type _Modules = npt.NDArray[np.uint8]
type _Flags = npt.NDArray[np.bool_]

_RUN: Final = 5
_FINDER: Final = 0b1011101
_FINDER_LENGTH: Final = 7
_LIGHT: Final = 4
_SAME_BLOCK, _LIKE_A_FINDER, _UNBALANCED = 3, 40, 10
_WITH_VERSION_INFO: Final = 7


def best_mask(code: segno.QRCode) -> int:
    """Return the number (0 to 7) of the mask to draw a code with. code: drawn with mask 0, no Micro QR code."""
    version = int(code.version)
    open_to_data, masks = _plan(version)
    modules = np.array(code.matrix, dtype=np.uint8)
    modules[_told_later(version)] = 0
    drawn: _Modules = np.where(open_to_data, modules ^ masks[0] ^ masks, modules)
    # Each line of each drawing, once by rows and once by columns.
    lines = np.concatenate((drawn, drawn.transpose(0, 2, 1)), axis=1)
    penalties = _runs(lines) + _blocks(drawn) + _finders(lines) + _balance(drawn)
    return int(penalties.argmin())


@lru_cache(maxsize=40)
def _plan(version: int) -> tuple[_Flags, _Modules]:
    """(n, n) where data stand, (8, n, n) what each mask turns."""
    size = 17 + 4 * version
    fixed = np.zeros((size, size), dtype=np.bool_)
    fixed[:9, :9] = fixed[:9, -8:] = fixed[-8:, :9] = True
    fixed[6, :] = fixed[:, 6] = True
    centres = _alignments(version)
    for row in centres:
        for column in centres:
            # Three corners hold the finders.
            if (row, column) not in {(6, 6), (6, size - 7), (size - 7, 6)}:
                fixed[row - 2 : row + 3, column - 2 : column + 3] = True
    if version >= _WITH_VERSION_INFO:
        fixed[:6, -11:-8] = fixed[-11:-8, :6] = True
    i, j = np.indices((size, size))
    turned = (
        (i + j) % 2,
        i % 2,
        j % 3,
        (i + j) % 3,
        (i // 2 + j // 3) % 2,
        i * j % 2 + i * j % 3,
        (i * j % 2 + i * j % 3) % 2,
        ((i + j) % 2 + i * j % 3) % 2,
    )
    return ~fixed, np.array([rule == 0 for rule in turned], dtype=np.uint8)


def _alignments(version: int) -> list[int]:
    """Rows and columns of the centres of the alignment patterns."""
    if version == 1:
        return []
    count, size = version // 7 + 2, 17 + 4 * version
    step = 26 if version == 32 else (version * 4 + count * 2 + 1) // (count * 2 - 2) * 2
    return [6, *sorted(size - 7 - step * place for place in range(count - 1))]


def _told_later(version: int) -> _Flags:
    """(n, n) the modules of format and version, which are light while masks are weighed."""
    size = 17 + 4 * version
    later = np.zeros((size, size), dtype=np.bool_)
    later[8, :9] = later[:9, 8] = later[8, -8:] = later[-8:, 8] = True
    later[8, 6] = later[6, 8] = False
    if version >= _WITH_VERSION_INFO:
        later[:6, -11:-8] = later[-11:-8, :6] = True
    return later


def _runs(lines: _Modules) -> npt.NDArray[np.int64]:
    """(8,) 3 for five modules alike in a row, and 1 for each more."""
    same = lines[..., 1:] == lines[..., :-1]
    five = same[..., :-3] & same[..., 1:-2] & same[..., 2:-1] & same[..., 3:]
    begun = five.copy()
    begun[..., 1:] &= ~five[..., :-1]
    return np.asarray(five.sum(axis=(1, 2)) + 2 * begun.sum(axis=(1, 2)), dtype=np.int64)


def _blocks(drawn: _Modules) -> npt.NDArray[np.int64]:
    """(8,) 3 for each block of two by two alike."""
    across = drawn[:, :, 1:] == drawn[:, :, :-1]
    alike = across[:, 1:] & across[:, :-1] & (drawn[:, 1:, 1:] == drawn[:, :-1, 1:])
    return np.asarray(_SAME_BLOCK * alike.sum(axis=(1, 2)), dtype=np.int64)


def _finders(lines: _Modules) -> npt.NDArray[np.int64]:
    """(8,) 40 for each row of modules that looks like a finder pattern beside four light ones."""
    size, length = lines.shape[2], _FINDER_LENGTH
    read = np.zeros((*lines.shape[:2], size - length + 1), dtype=np.uint8)
    for place in range(length):
        read = read << 1 | lines[..., place : size - length + 1 + place]
    number, line, at = found = np.nonzero(read == _FINDER)
    # Beyond the edge all is light: the quiet zone.
    beside = np.pad(lines, ((0, 0), (0, 0), (_LIGHT, _LIGHT)))[
        number[:, None], line[:, None], at[:, None] + np.arange(2 * _LIGHT + length)
    ]
    dark_before, dark_after = beside[:, :_LIGHT].any(axis=1), beside[:, -_LIGHT:].any(axis=1)
    counts = ~dark_before | ~dark_after | (at == 0) | (at == size - length)
    penalties = np.zeros(len(lines), dtype=np.int64)
    before, free_from = (-1, -1), 0
    for drawing, row, place, is_counted in zip(*(part.tolist() for part in (*found, counts)), strict=True):
        if (drawing, row) != before:
            before, free_from = (drawing, row), 0
        # One pattern is counted once: the next begins after it.
        if place < free_from:
            continue
        if is_counted:
            penalties[drawing] += _LIKE_A_FINDER
            free_from = place + length
    return penalties


def _balance(drawn: _Modules) -> npt.NDArray[np.int64]:
    """(8,) 10 for each five hundredths that dark modules are more or fewer than half."""
    dark = drawn.mean(axis=(1, 2))
    return np.asarray(_UNBALANCED * (np.abs(dark * 100 - 50) / 5).astype(np.int64), dtype=np.int64)
