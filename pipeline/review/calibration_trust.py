"""Which precisions can be relied on, for pages that show them."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.domain.calibration import SubjectKind
from pipeline.store.calibration_results import TrustTable, trust

if TYPE_CHECKING:
    from pipeline.review.app import Desk


def rules_trusted(desk: "Desk") -> TrustTable:
    """The trust in the precision of each rule, by the sessions that the desk's settings count."""
    since = datetime.now(UTC) - timedelta(days=desk.settings.calibration_days)
    return trust(desk.database, level=desk.settings.calibration_level, since=since, kind=SubjectKind.RULE)
