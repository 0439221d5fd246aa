"""Other tools' formats: what they read of ours, and what we read of theirs. One format a file; prints and sends
nothing."""
