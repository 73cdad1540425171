"""Programs that show what Latently survives: each prints a figure (`python -m endurance.NAME`)."""
