"""Extended Cohn-Kanade."""
