"""Values become text and pages for people and other tools."""
