"""Fuzz target: any file that an office may import as register, members or places."""

from __future__ import annotations

from dispatch.register.csv_import import RegisterRow, parse_register
from dispatch.register.members_csv import parse_members
from dispatch.register.places_csv import parse_places_csv

SEEDS = (
    b"\x00reference,first_name,last_name,notice_status,notice_served_on,notice_expires_on\r\n"
    b"FN-0001,Sorrel,Winstanley,active,2026-01-05,2026-07-05\r\n",
    b"\x00ref;surname;dob;status;aliases;height\nFN-2;Bo;5/1/1990;none;An;5ft 9\n",
    b"\x01name,site,unit,phone\nTobin,Corner Books,1001,07700 900123\n",
    b'\x02name,aliases\n"Mill Lane",the lane\n',
    b'\x00\xef\xbb\xbfreference,notice_status\n"FN\n3",active\n',
    b"\x00\xff\xfer\x00e\x00f\x00",
)


def one_input(data: bytes) -> None:
    """The first byte chooses which kind of file. Nothing raises, and every refusal can be shown."""
    if not data:
        return
    parse = (parse_register, parse_members, parse_places_csv)[data[0] % 3]
    parsed = parse(data[1:])
    lines = data.count(b"\n") + data.count(b"\r") + data.count(b"\0") + 2
    if len(parsed.rows) > lines:
        raise AssertionError(f"{len(parsed.rows)} rows in {lines} lines")
    for refusal in parsed.refusals:
        str(refusal).encode("utf-8", "surrogatepass")
    references = [row.reference for row in parsed.rows if isinstance(row, RegisterRow)]
    if len(references) != len(set(references)) or not all(references):
        raise AssertionError("a person without a reference, or two with the same")
