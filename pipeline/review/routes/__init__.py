"""Pages of the desk, one file each; `pipeline.review.app` holds the table of them."""
