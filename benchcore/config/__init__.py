"""The settings of each command, as dataclasses: their fields are its flags and its keys in TOML."""

from benchcore.config.asking import AskConfig, EvalConfig, GateConfig
from benchcore.config.showing import CompareConfig, ReportConfig
from benchcore.config.training import (
    CurriculumConfig,
    MixtureConfig,
    PDSConfig,
    PhiConfig,
    SkillItConfig,
    SLMConfig,
    TrainConfig,
)
from benchcore.config.values import duration, in_words, split_names

__all__ = [
    "AskConfig",
    "CompareConfig",
    "CurriculumConfig",
    "EvalConfig",
    "GateConfig",
    "MixtureConfig",
    "PDSConfig",
    "PhiConfig",
    "ReportConfig",
    "SLMConfig",
    "SkillItConfig",
    "TrainConfig",
    "duration",
    "in_words",
    "split_names",
]
