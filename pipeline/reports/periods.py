"""The periods of reports, under the name by which reports know them."""

from pipeline.domain.periods import Period, Unit, before, buckets, midnight, period_of, series

__all__ = ["Period", "Unit", "before", "buckets", "midnight", "period_of", "series"]
