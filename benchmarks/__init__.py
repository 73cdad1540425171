"""The benchmarks: Latently against the libraries that people use today, and against the machine itself."""
