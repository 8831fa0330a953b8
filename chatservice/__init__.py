"""One chat on one port, for whatever client people have.

Read :mod:`chatservice.server` first; :mod:`chatservice.tap` is where everything meets.
"""
