"""Checks of results that somebody else sent: a folder of records and predictions is data only."""
