"""What lists and their spread are worth: pure functions over arrays, one meaning everywhere."""
