"""What a run is: `schema` says what a file may hold, `reading` reads and refuses it."""
