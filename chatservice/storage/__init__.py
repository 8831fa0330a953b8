"""The database, and all of the SQL."""
