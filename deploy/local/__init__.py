"""Running the product on one machine: set-up, embedded servers, one process tree."""
