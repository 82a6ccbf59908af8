"""The types of condition that Perigee writes: of any other somebody else has the say."""

from typing import Final

OF_SATELLITES: Final = frozenset(
    {
        "AgentSilent",
        "AgentStuck",
        "ClockSkewed",
        "ContactPlanAccurate",
        "ContactsPredicted",
        "ElementsStale",
        "EpochCurrent",
        "HardwareMatches",
        "LossHeld",
        "MaintenanceAdvised",
        "OrbitValid",
        "Ready",
        "ReportValid",
        "Spared",
        "SpecValid",
        "StationSuspect",
    }
)

OF_MODELS: Final = frozenset(
    {
        "Available",
        "Degraded",
        "DependenciesMet",
        "HasRoom",
        "InReach",
        "InWindow",
        "InvariantsHold",
        "NameTaken",
        "PolicyResolved",
        "Progressing",
        "RolledBackOnBoard",
        "SpecValid",
    }
)
