"""One module for each group of queries: handlers from a query to effects."""
