"""The case player: plays a file of conformance cases against a real server, and judges what can be seen from outside.

A case has givens, steps and expectations (`cases.py`). Each is played with a server process, a home folder and sinks of
its own (`player.py`, `steps.py`); what was seen is compared by pure functions (`judge.py`). Whatever a file says that
the player does not know is an error of that case: nothing is skipped in silence.
"""
