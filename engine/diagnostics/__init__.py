"""What is left behind when something went wrong: logs, crash dumps, traces, reports to send in."""
