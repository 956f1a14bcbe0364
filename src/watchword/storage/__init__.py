"""Where rows live: the engine of each database, the schema on one page, and the unit of work of every use case."""
