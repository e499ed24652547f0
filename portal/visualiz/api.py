"""What the regular work of an installation may ask of Visualiz."""

from portal.visualiz.alerts.services import erase_unconfirmed
from portal.visualiz.alerts.telling import ask_for_due_alerts

__all__ = ["ask_for_due_alerts", "erase_unconfirmed"]
