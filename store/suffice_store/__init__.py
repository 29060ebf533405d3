"""The store: owns the database. Tables, appends, commands and the named reads. The only SQL."""
