"""From the bytes of a file to its text, for files that no program should have written."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.evidence.faults import Fault, Problem
from analysis.evidence.schema import Schema, empty_template

#: Beginnings of files that are no text at all, or text in another encoding.
_OTHER_FORMATS = {
    b"PK\x03\x04": "an Excel or LibreOffice workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\xff\xfe": "text in UTF-16, which Excel calls Unicode text",
    b"\xfe\xff": "text in UTF-16, which Excel calls Unicode text",
    b"%PDF": "a PDF",
}

_MEND = "run: python -m analysis sort {table}"
EXPORT = "save it as 'CSV UTF-8 (comma delimited)' (Excel) or as UTF-8 text CSV (LibreOffice)"


#: Characters kept of a faulty line: it is known again, and a file full of them fits in memory.
_SEEN = 200


@dataclass
class Reader:
    """Collects what is wrong with the form of one file while it is read."""

    schema: Schema
    file: str
    faults: list[Fault] = field(default_factory=list)

    def report(
        self,
        code: str,
        message: str,
        allowed: str,
        fix: str,
        *,
        line: int = 1,
        column: str = "",
        value: str = "",
        study_id: str = "",
        warning: bool = False,
    ) -> None:
        """Add a fault of form."""
        problem = Problem(code, message, allowed, fix, "warning" if warning else "error")
        self.faults.append(Fault(problem, self.file, line, column, study_id, value[:_SEEN]))

    @property
    def mend(self) -> str:
        """The command that mends order and form of the table."""
        return _MEND.format(table=self.schema.name)


def decode(data: bytes, reader: Reader) -> str | None:
    """Return the text of a file with plain line ends, or None if it is no text."""
    for start, what in _OTHER_FORMATS.items():
        if data.startswith(start):
            reader.report(
                "file-not-csv",
                f"this is not a CSV file but {what}",
                "a CSV file in UTF-8",
                f"open it in the program it was made with and {EXPORT}",
            )
            return None
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        reader.report(
            "file-bom",
            "the file begins with an invisible byte order mark, which Excel adds",
            "UTF-8 without a byte order mark",
            reader.mend,
        )
    text = _text(data, reader)
    text = _plain_line_ends(text, reader)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        reader.report(
            "file-nul",
            f"the file holds {text.count(chr(0))} NUL bytes, which no text has; "
            "it may have been damaged while it was saved",
            "text only",
            f"compare line {line} with an earlier version and restore it",
            line=line,
        )
        text = text.replace("\0", "")
    if not text or text.isspace():
        reader.report(
            "file-empty",
            "the file is empty",
            "at least the line with the column names",
            "restore it (git checkout), or begin it with this line: "
            + empty_template(reader.schema.name).strip(),
        )
        return None
    if not text.endswith("\n"):
        reader.report(
            "file-no-final-newline",
            "the last line does not end with a line break, so a row added later would be glued "
            "to it",
            "a line break after the last row",
            f"press Enter at the end of the last line, or {reader.mend}",
            line=text.count("\n") + 1,
        )
    return text


def _text(data: bytes, reader: Reader) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        position = error.start - (before.rfind(b"\n") + 1) + 1
        around = data[max(0, error.start - 15) : error.start + 15].splitlines()
        reader.report(
            "file-not-utf8",
            f"the file is not UTF-8: byte {position} of line {line} is 0x{data[error.start]:02x}, "
            "which usually means that Excel saved it in an old Windows encoding, and accents or "
            "symbols would be lost",
            "UTF-8",
            f"open the file and {EXPORT}",
            line=line,
            value=b" ".join(around).decode("cp1252", errors="replace"),
        )
        # Reading on in the likely encoding finds the other faults in the same run.
        return data.decode("cp1252", errors="replace")


def _plain_line_ends(text: str, reader: Reader) -> str:
    if "\r" not in text:
        return text
    windows = text.count("\r\n")
    kind = "Windows line ends (CR LF)" if windows else "old Macintosh line ends (CR)"
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    first = text.replace("\r\n", "\r").split("\r", 1)[0].count("\n") + 1
    reader.report(
        "file-line-ends",
        f"the file has {kind} in {text.count(chr(13))} lines",
        "plain line ends (LF), so that two versions can be compared line by line",
        reader.mend,
        line=first,
    )
    return plain
