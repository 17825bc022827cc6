"""Contracts between core and plugins: values, interfaces, parameters, hooks."""
