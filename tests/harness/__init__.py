"""What tests stand on: private servers, a migrated database, our processes, a browser."""
