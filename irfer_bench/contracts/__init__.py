"""What plugins and core agree on: values, interfaces, parameters, hooks."""
