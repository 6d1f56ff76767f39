"""An upload's body to its parts: `multipart/form-data` (RFC 7578), in pieces of any size, with bounds on everything. Pure.

    --boundary CRLF
    Content-Disposition: form-data; name="talkgroup" CRLF CRLF
    9001 CRLF
    --boundary CRLF
    Content-Disposition: form-data; filename="9001-1795280400.mp3"; name="audio" CRLF CRLF
    ID3... CRLF
    --boundary-- CRLF

What real senders do: SDRTrunk names the file before the part, gives the audio no content type, and ends its probe with
one line end too many, which then belongs to the last value; trunk-recorder sends the audio first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

PARTS_MAX = 64
"""The longest known form has 25."""

TEXT_MAX = 262_144
"""Bytes in all values together; trunk-recorder's `meta` is the longest, a few kilobytes."""

AUDIO = "audio"

# For the library, which logs a line for each bad form: whoever can reach the port could fill the journal.
_SILENT = logging.getLogger(f"{__name__}.library")
_SILENT.disabled = True


class BadForm(Exception):
    """The body is no form that can be read; the text says why."""


class FormTooLarge(BadForm):
    """The body holds more than is taken."""


@dataclass(slots=True)
class Form:
    """What was sent."""

    values: dict[str, str] = field(default_factory=dict)
    """Text parts by name, without white space around them; of two with one name the later."""
    audio: bytes | None = None
    audio_name: str = ""
    """The file name given with the audio part."""
    audio_type: str = ""
    """The content type given with the audio part."""


def boundary_of(content_types: Iterable[str]) -> bytes | None:
    """The boundary of the multipart form among a request's Content-Type headers.

    SDRTrunk sends two such headers, `multipart/form-data` and `audio/mpeg`.

    Raises:
        BadForm: there is a multipart header, or none at all, and it can't be read.
    """
    types = list(content_types)
    if not any(kind.strip() for kind in types):
        raise BadForm("no content type")
    for kind in types:
        if any(ord(sign) > 255 for sign in kind):
            continue
        name, options = parse_options_header(kind)
        if name == b"multipart/form-data":
            boundary = options.get(b"boundary", b"")
            if not 1 <= len(boundary) <= 250:
                raise BadForm("no boundary, or one that is too long")
            return boundary
    return None


class FormReader:
    """Takes the body in pieces.

    Args:
        boundary: as `boundary_of` gives it.
        audio_max: bytes of audio that are taken.
    """

    def __init__(self, boundary: bytes, audio_max: int) -> None:
        self._form = Form()
        self._audio_max = audio_max
        self._name = ""
        self._parts = 0
        self._text_bytes = 0
        self._header = bytearray()
        self._value = bytearray()
        self._disposition: bytes = b""
        self._content_type: bytes = b""
        self._body = bytearray()
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )
        self._parser.logger = _SILENT

    @property
    def held(self) -> int:
        """Bytes kept so far."""
        return self._text_bytes + len(self._body) + len(self._form.audio or b"")

    def feed(self, piece: bytes) -> None:
        """Take a piece of the body.

        Raises:
            FormTooLarge, BadForm
        """
        if self._ended:
            return  # an epilogue says nothing (RFC 2046, 5.1.1)
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise BadForm(str(error)) from error

    def finish(self) -> Form:
        """The form, once the body has ended.

        Raises:
            BadForm: it was cut off.
        """
        if not self._ended:
            raise BadForm("unexpected end of the form")
        return self._form

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > PARTS_MAX:
            raise FormTooLarge(f"more than {PARTS_MAX} parts")
        self._name, self._disposition, self._content_type = "", b"", b""
        self._body = bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        match bytes(self._header).strip().lower():
            case b"content-disposition":
                self._disposition = bytes(self._value)
            case b"content-type":
                self._content_type = bytes(self._value)
            case _:
                pass
        self._header, self._value = bytearray(), bytearray()

    def _headers_end(self) -> None:
        kind, options = parse_options_header(self._disposition)
        if kind != b"form-data" or b"name" not in options:
            raise BadForm("a part without a name")
        self._name = _text(options[b"name"])
        if self._name == AUDIO:
            self._form.audio = None
            self._form.audio_name = _text(options.get(b"filename", b""))
            self._form.audio_type = _text(self._content_type).partition(";")[0].strip().lower()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._name == AUDIO:
            if len(self._body) + end - start > self._audio_max:
                raise FormTooLarge("audio")
        else:
            self._text_bytes += end - start
            if self._text_bytes > TEXT_MAX:
                raise FormTooLarge(f"more than {TEXT_MAX} bytes of text")
        self._body += data[start:end]

    def _part_end(self) -> None:
        body, self._body = bytes(self._body), bytearray()
        if self._name == AUDIO:
            self._form.audio = body
        else:
            self._form.values[self._name] = _text(body)

    def _end(self) -> None:
        self._ended = True


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\0", "").strip()
