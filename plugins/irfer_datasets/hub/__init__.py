"""Images in the columns of a Hugging Face dataset, on this machine or pinned on the hub."""
