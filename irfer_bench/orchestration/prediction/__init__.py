"""Labels of a user's own images and videos: files in, a table and figures out."""
