"""What can go wrong while the book is made."""


class CellError(Exception):
    """A cell raised an exception; the message holds its line and traceback."""


class ExecutionFailed(Exception):
    """A step or a chapter failed; what went wrong is on standard error."""


class BuildFailed(Exception):
    """Sphinx found faults in the pages, which are on standard error."""
