"""Ketamine for ME/CFS: a living systematic review, from CSV files to a book."""
