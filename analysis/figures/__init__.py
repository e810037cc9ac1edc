"""Drawing answers: one theme, one way of printing numbers, nothing computed."""
