"""The outside world: searches, screening, releases, and how current the review is."""
