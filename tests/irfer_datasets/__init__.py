"""Trees in the owners' layouts, made by the tests."""
