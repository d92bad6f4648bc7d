"""What happens before Reverie starts: environment, torch build, system libraries, checks, doctor.

Standard library only, so that it runs with any Python 3.10-3.13 before anything is installed.
"""
