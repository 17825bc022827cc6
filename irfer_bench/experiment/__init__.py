"""Planning: from requests to cells and steps, without reading data."""
