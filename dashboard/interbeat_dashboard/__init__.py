"""The pages: static HTML, CSS and ES modules, served as they are."""
