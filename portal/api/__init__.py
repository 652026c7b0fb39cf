"""What every REST endpoint shares: problems, paging, the schema."""
