"""Trees in the official layouts, made by the tests."""
