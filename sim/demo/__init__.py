"""`make demo`: real daemons, real people's taste, a real attack, on one machine.

dataset    MovieLens-100K out of a wheel: fetched, checksummed, parsed
split      which ratings are held out, person by person
vouches    who vouches for whom (made up from shared rows: MovieLens has no friends)
sybil      the hostile region: attack edges, identities, fake films
feeds      what everybody tells her node, and the files it is imported from
cast       all of that for one run, from one seed
measure    recall, shares of fakes
reference  the same ranking in one process
fleet      daemons as subprocesses, asked over their own sockets
network    what is done to them: host, vouch, share, wait, ask
show       what stands on the screen
acts       the story, in order
"""
