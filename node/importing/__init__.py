"""Files of other programs, read into rows of taste.

    reader.py    one call: a file in, rows and counts out        (start here)
    layout.py    which format a file has, which column is what
    records.py   lines to fields: delimited text, JSON lines
    lines.py     bytes to lines: encoding, byte order marks, the cap on a line
    values.py    fields to weights, days and item names
    titles.py    the companion files that hold titles
    collapse.py  many plays or ratings of one item to one row
    rejects.py   what could not be read, for a person to mend

A bad line costs that line: everything in here reports it with its number and goes on. Only a file
that cannot be read at all, or whose columns cannot be told, raises `ImportUnreadable`.
"""
