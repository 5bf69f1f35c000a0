"""What every benchmark shares: episode keys, the work queue, records, statistics, reports.

No module here knows a benchmark: an environment is anything that follows `Env`, a policy anything
that follows `spatune.agent.ChunkPolicy`. Names load on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_names

if TYPE_CHECKING:
    from .bootstrap import mean_interval
    from .budgets import BudgetPoint
    from .controls import BlindPolicy, RandomPolicy, ZeroPolicy
    from .engine import EngineOptions, Lane, run_lanes
    from .environment import Env, EnvFactory
    from .episode_progress import EpisodeProgress
    from .intervals import clopper_pearson, wilson
    from .keys import EpisodeKey
    from .metrics import MetricSummary
    from .paired import PairedCounts
    from .paired_metrics import PairedMetric
    from .power import episodes_needed, episodes_needed_unpaired
    from .records import EpisodeRecord
    from .report import Report
    from .store import EpisodeStore
    from .suite_means import SuiteMean
    from .summary import Summary, summarise
    from .table import success_table

__all__ = [
    "BlindPolicy",
    "BudgetPoint",
    "EngineOptions",
    "Env",
    "EnvFactory",
    "EpisodeKey",
    "EpisodeRecord",
    "EpisodeStore",
    "EpisodeProgress",
    "Lane",
    "MetricSummary",
    "PairedCounts",
    "PairedMetric",
    "RandomPolicy",
    "Report",
    "SuiteMean",
    "Summary",
    "ZeroPolicy",
    "clopper_pearson",
    "episodes_needed",
    "episodes_needed_unpaired",
    "mean_interval",
    "run_lanes",
    "success_table",
    "summarise",
    "wilson",
]

_MODULES = {
    "BlindPolicy": ".controls",
    "BudgetPoint": ".budgets",
    "EngineOptions": ".engine",
    "Env": ".environment",
    "EnvFactory": ".environment",
    "EpisodeKey": ".keys",
    "EpisodeRecord": ".records",
    "EpisodeStore": ".store",
    "Lane": ".engine",
    "MetricSummary": ".metrics",
    "PairedCounts": ".paired",
    "PairedMetric": ".paired_metrics",
    "EpisodeProgress": ".episode_progress",
    "RandomPolicy": ".controls",
    "Report": ".report",
    "SuiteMean": ".suite_means",
    "Summary": ".summary",
    "ZeroPolicy": ".controls",
    "clopper_pearson": ".intervals",
    "episodes_needed": ".power",
    "episodes_needed_unpaired": ".power",
    "mean_interval": ".bootstrap",
    "run_lanes": ".engine",
    "success_table": ".table",
    "summarise": ".summary",
    "wilson": ".intervals",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
