"""The pages under /plans/."""
