"""The designer's form: texts as people type them on one side, a version's values on the other."""
