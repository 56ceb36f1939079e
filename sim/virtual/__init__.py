"""Real peers on a virtual clock: one process, one heap, one seed.

heap.py      what is to happen when         links.py      streams over a bad network
host.py      one peer and its effects       store.py      what it has stored
shared.py    bundles and checks of all      trace.py      the digest of a run
world.py     everybody and everything       cast.py       keys, places, first words
topology.py  who links to whom              presence.py   who is there when
news.py      the way of what is new         asking.py     lists that people ask for
checkers.py  what must hold after events    figures.py    metrics of a run
spoils.py    what the hostile have got of honest peers
running.py   a scenario to its outcome
"""
