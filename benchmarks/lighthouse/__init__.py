"""How quickly the pages of the book can be read on a slow phone."""
