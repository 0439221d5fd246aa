"""When a run happens and what it takes with it: one run from its settings to the file it leaves (`once`)."""
