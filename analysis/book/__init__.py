"""The book: pieces of pages from results, executing chapters, building."""
