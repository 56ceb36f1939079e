"""Who is there: people from a data file, or planted taste clusters, in one numbering."""
