"""The command line: `watchword serve`, and what an operator, the support desk and tests do without a browser.

A command returns an answer, which is a document for programs and a few lines for people; one place prints it. So the
same commands run one by one, each in a process of its own, or many in one process over an installation opened once.
"""
