"""The network process: the only place where libp2p is imported.

It speaks to its parent through `node.shell.pipe` and holds no state worth keeping: when it dies,
its parent starts another one. It never sees the author key, the store or the graph.
"""
