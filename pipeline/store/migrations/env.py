"""Alembic's entry: migrates over the connection that `pipeline.store.database` hands in."""

from alembic import context

import pipeline.store.action_tables  # its tables belong to the metadata
import pipeline.store.alerts  # its table belongs to the metadata
import pipeline.store.calibration_tables  # its tables belong to the metadata
import pipeline.store.originals  # its table belongs to the metadata
import pipeline.store.retention_tables  # its tables belong to the metadata
import pipeline.store.review_tables  # its tables belong to the metadata
import pipeline.store.sampling_tables  # noqa: F401 - its tables belong to the metadata
from pipeline.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
