"""Reports of a CM108-family chip."""

from __future__ import annotations

from radio_drivers.cm108.protocol import SIZE, input_reports, squelch_level


def one_input(data: bytes) -> None:
    """Any bytes are some reports."""
    reports = input_reports(data)
    if len(reports) != len(data) // SIZE:
        raise AssertionError(f"{len(reports)} reports in {len(data)} bytes")
    for report in reports:
        if squelch_level(report, "volume_down") is None or squelch_level(report, "vox") is not None:
            raise AssertionError(f"{report} read wrongly")
