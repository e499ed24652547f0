"""Measuring the portal: `joptimiz bench`. One file per theme, listed in `themes.py`; each line has its reference."""

from portal.runtime.bench.command import bench

__all__ = ["bench"]
