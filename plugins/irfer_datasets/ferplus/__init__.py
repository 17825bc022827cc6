"""FER+: FER-2013 with the votes of ten annotators per image."""
