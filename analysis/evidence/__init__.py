"""The review's tables: their columns, their checks, and reading and writing them."""

from analysis.evidence.faults import Fault, InvalidDataError, Problem
from analysis.evidence.loading import load_studies, load_table
from analysis.evidence.paths import data_directory, project_root, table_path
from analysis.evidence.reading import read_table
from analysis.evidence.table import Table
from analysis.evidence.validation import validate
from analysis.evidence.writing import write_atomically, write_table_atomically

__all__ = [
    "Fault",
    "InvalidDataError",
    "Problem",
    "Table",
    "data_directory",
    "load_studies",
    "load_table",
    "project_root",
    "read_table",
    "table_path",
    "validate",
    "write_atomically",
    "write_table_atomically",
]
