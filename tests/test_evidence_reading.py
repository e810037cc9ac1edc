"""Files as people and spreadsheets save them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.evidence.faults import Fault, InvalidDataError
from analysis.evidence.reading import read_bytes, read_file, read_table
from analysis.evidence.rendering import FORMATS
from analysis.evidence.schema import load_schema
from analysis.evidence.table import Table
from analysis.evidence.validation import Validation, check_table
from analysis.evidence.writing import as_csv
from evidence_tables import NAMES, ROWS, TODAY, changed, faults_of, only_fault, put, valid_text

SCHEMA = load_schema("studies")


def test_the_valid_table_has_no_fault(tmp_path: Path) -> None:
    assert faults_of(tmp_path, valid_text()) == []


def test_an_accent_saved_by_excel_is_named_by_its_byte_and_line(tmp_path: Path) -> None:
    data = valid_text().replace("invented people", "invented peöple", 1).encode("cp1252")
    fault = only_fault(tmp_path, data)
    place = data.split(b"\n")[1].index(b"\xf6") + 1
    assert (fault.code, fault.line) == ("file-not-utf8", 2)
    assert f"byte {place} of line 2 is 0xf6" in fault.problem.message
    assert "Excel" in fault.problem.message
    assert "CSV UTF-8" in fault.problem.fix
    assert "peöple" in fault.value


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "file-empty", "the file is empty"),
        (b"\n \n", "file-empty", "the file is empty"),
        (b"\x1c\n", "file-empty", "the file is empty"),
        (b"PK\x03\x04rest", "file-not-csv", "an Excel or LibreOffice workbook"),
        (valid_text().encode("utf-16"), "file-not-csv", "UTF-16"),
        (b"a,b,c\n1,2,3\n", "header-missing", "the first line does not hold the column names"),
    ],
)
def test_a_file_that_is_no_table_gets_one_sentence(
    tmp_path: Path, data: bytes, code: str, words: str
) -> None:
    fault = only_fault(tmp_path, data)
    assert fault.code == code
    assert words in fault.problem.message


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"\xef\xbb\xbf" + valid_text().encode(), "file-bom", "invisible byte order mark"),
        (valid_text().replace("\n", "\r\n").encode(), "file-line-ends", "Windows line ends"),
        (valid_text().replace("\n", "\r").encode(), "file-line-ends", "old Macintosh line ends"),
        (valid_text().rstrip("\n").encode(), "file-no-final-newline", "does not end with a line"),
    ],
)
def test_a_slip_of_form_is_one_fault_with_the_command_that_mends_it(
    tmp_path: Path, data: bytes, code: str, words: str
) -> None:
    fault = only_fault(tmp_path, data)
    assert fault.code == code
    assert words in fault.problem.message
    assert "python -m analysis sort studies" in fault.problem.fix


def test_one_windows_line_end_is_found_on_its_line(tmp_path: Path) -> None:
    lines = valid_text().split("\n")
    lines[3] += "\r"
    assert only_fault(tmp_path, "\n".join(lines)).line == 4


def test_nul_bytes_are_reported_with_their_line(tmp_path: Path) -> None:
    lines = valid_text().split("\n")
    lines[2] = lines[2].replace("invented", "inv\0ented")
    fault = only_fault(tmp_path, "\n".join(lines))
    assert (fault.code, fault.line) == ("file-nul", 3)


def test_semicolons_are_named_and_the_cells_still_checked(tmp_path: Path) -> None:
    text = valid_text().replace(",", ";").replace(";0.5;", ";0,5;", 1)
    found = {fault.code: fault for fault in faults_of(tmp_path, text)}
    assert set(found) == {"file-delimiter", "cell-decimal-comma"}
    assert "separated by semicolons" in found["file-delimiter"].problem.message
    assert found["cell-decimal-comma"].problem.fix == "write 0.5"
    assert found["cell-decimal-comma"].value == "0,5"


def test_tabs_are_named(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, valid_text().replace(",", "\t"))
    assert "separated by tabs" in fault.problem.message


def test_a_missing_column_is_described_and_placed(tmp_path: Path) -> None:
    route = NAMES.index("route")
    rows = [cells[:route] + cells[route + 1 :] for cells in _with_header()]
    fault = only_fault(tmp_path, _written(rows))
    assert fault.code == "column-missing"
    assert fault.problem.message == "the column route is missing"
    assert fault.problem.fix.startswith("add the column route after drug")


def test_a_renamed_column_gets_the_nearest_name_and_its_cells_are_still_checked(
    tmp_path: Path,
) -> None:
    text = valid_text().replace("dose_mg_per_kg", "Dose mg/kg", 1).replace(",0.5,", ",half,", 1)
    found = {fault.code: fault for fault in faults_of(tmp_path, text)}
    assert set(found) == {"column-renamed", "cell-type"}
    assert "write dose_mg_per_kg" in found["column-renamed"].problem.fix
    assert found["cell-type"].column == "dose_mg_per_kg"


def test_a_column_of_ones_own_and_one_that_stands_twice_are_named(tmp_path: Path) -> None:
    text = "\n".join(
        line + (",my remark,drug" if number == 0 else ",,")
        for number, line in enumerate(valid_text().splitlines())
    )
    found = {fault.code: fault for fault in faults_of(tmp_path, text + "\n")}
    assert set(found) == {"column-unknown", "column-twice"}
    assert "'my remark'" in found["column-unknown"].problem.message
    assert f"delete column {len(NAMES) + 2}" in found["column-twice"].problem.fix


def test_another_order_of_columns_is_one_fault(tmp_path: Path) -> None:
    rows = [[second, first, *rest] for first, second, *rest in _with_header()]
    fault = only_fault(tmp_path, _written(rows))
    assert (fault.code, fault.column) == ("column-order", "first_author")


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("", "row-blank", "the line is blank"),
        ("   ", "row-blank", "the line is blank"),
        ("," * (len(NAMES) - 1), "row-blank", "the line is blank"),
        ("zed2020,Zed", "row-cells", f"has 2 cells instead of {len(NAMES)}"),
        ("zed2020" + "," * 70, "row-cells", f"has 71 cells instead of {len(NAMES)}"),
    ],
)
def test_a_line_that_is_no_row_is_reported_where_it_stands(
    tmp_path: Path, line: str, code: str, words: str
) -> None:
    fault = only_fault(tmp_path, valid_text() + line + "\n")
    assert (fault.code, fault.line) == (code, len(ROWS) + 2)
    assert words in fault.problem.message


def test_an_unclosed_quote_costs_one_row_and_hides_no_later_fault(tmp_path: Path) -> None:
    lines = valid_text().split("\n")
    lines[2] = lines[2].replace("invented people", '"invented people')
    lines[4] = lines[4].replace("fibromyalgia", "fibromyalga")
    found = {fault.code: fault for fault in faults_of(tmp_path, "\n".join(lines))}
    assert set(found) == {"row-quote", "cell-choice"}
    assert (found["row-quote"].line, found["row-quote"].study_id) == (3, "means2020")
    assert "is not closed" in found["row-quote"].problem.message
    assert found["cell-choice"].line == 5


def test_an_unclosed_quote_before_a_quoted_cell_is_found_at_its_beginning(tmp_path: Path) -> None:
    lines = _quoted_lines()
    lines[2] = lines[2].replace("saline,inert", '"saline,inert')
    found = faults_of(tmp_path, "\n".join(lines))
    assert [(fault.code, fault.line) for fault in found] == [("row-quote", 3)]


def test_an_unclosed_quote_in_the_last_row_is_found(tmp_path: Path) -> None:
    text = valid_text().rstrip("\n")
    last = text.rindex("saline") if "saline" in text.splitlines()[-1] else text.rindex("invented")
    fault = only_fault(tmp_path, text[:last] + '"' + text[last:] + "\n")
    assert (fault.code, fault.line) == ("row-quote", len(ROWS) + 1)


def test_a_single_quote_sign_inside_a_quoted_cell_must_be_doubled(tmp_path: Path) -> None:
    lines = valid_text().split("\n")
    lines[1] = lines[1].replace("invented people", '"the "invented" people, all"')
    fault = only_fault(tmp_path, "\n".join(lines))
    assert fault.line == 2
    assert 'twice ("")' in fault.problem.fix


def test_a_cell_of_several_lines_moves_the_line_numbers_of_later_rows(tmp_path: Path) -> None:
    rows = changed("events2020", note="first\nsecond\nthird")
    rows[2] = rows[2] | {"route": "by nose"}
    fault = only_fault(tmp_path, rows)
    text = (tmp_path / "studies.csv").read_text()
    assert text.split("\n")[fault.line - 1].startswith("other2020")


def test_needless_quotes_are_only_a_warning(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, valid_text().replace(",saline,", ',"saline",', 1))
    assert (fault.code, fault.severity, fault.line) == ("quotes-not-needed", "warning", 2)


def test_a_file_full_of_unclosed_quotes_is_given_up_with_a_word(tmp_path: Path) -> None:
    lines = valid_text().replace("invented people", '"invented people').split("\n")
    found = faults_of(tmp_path, "\n".join([lines[0], *lines[1:6] * 20]))
    stop = next(fault for fault in found if fault.code == "file-quotes")
    assert "reading stopped at line 26, after 25 rows" in stop.problem.message


def test_a_missing_file_and_a_folder_in_its_place_are_faults(tmp_path: Path) -> None:
    validation = Validation(tmp_path, TODAY)
    assert validation.table(tmp_path / "studies.csv", "studies")[0].code == "file-missing"
    assert validation.table(tmp_path, "studies")[0].code == "file-unreadable"


def test_reading_a_broken_table_raises_all_its_faults(tmp_path: Path) -> None:
    path = put(tmp_path, valid_text() + "a,b\nc,d\n")
    with pytest.raises(InvalidDataError, match=r"line 7: the row has 2 cells") as caught:
        read_table("studies", path)
    assert len(caught.value.faults) == 2


def test_a_table_gives_its_rows_back_as_they_were(tmp_path: Path) -> None:
    table = read_table("studies", put(tmp_path, valid_text()))
    assert table.rows == [{name: row.get(name, "") for name in NAMES} for row in ROWS]
    assert table.row(1)["study_id"] == "means2020"
    assert table.lines == [2, 3, 4, 5, 6]


def test_read_file_names_the_file_as_people_do(tmp_path: Path) -> None:
    _, faults = read_file(tmp_path / "none.csv", SCHEMA)
    assert faults[0].file.endswith("none.csv")


@given(st.binary(max_size=2000))
@settings(deadline=None)
def test_any_bytes_get_a_report_and_never_a_traceback(data: bytes) -> None:
    _reported(*read_bytes(data, SCHEMA, "studies.csv"))


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(valid_text())),
            st.one_of(st.sampled_from('",;\n\r\0\t= <é'), st.characters(codec="utf-8")),
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(deadline=None, max_examples=150)
def test_a_table_with_signs_strewn_in_gets_a_report(signs: list[tuple[int, str]]) -> None:
    text = valid_text()
    for place, sign in signs:
        text = text[:place] + sign + text[place:]
    _reported(*read_bytes(text.encode(), SCHEMA, "studies.csv"))


def _reported(table: Table | None, faults: list[Fault]) -> None:
    found = [*faults, *(check_table(table, TODAY) if table else ())]
    assert found or table is not None
    for write in FORMATS.values():
        write(found)


def _with_header() -> list[list[str]]:
    return [list(NAMES), *([row.get(name, "") for name in NAMES] for row in ROWS)]


def _written(rows: list[list[str]]) -> str:
    return "".join(",".join(cells) + "\n" for cells in rows)


def _quoted_lines() -> list[str]:
    rows = [row | {"note": "one, two"} for row in ROWS]
    return as_csv(SCHEMA, rows).split("\n")
