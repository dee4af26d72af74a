"""The level rule, by the table of the asset types."""
# The names are sentences; a docstring says what a name cannot.

import pytest

from domain.levels import LEVEL_RULE, level

INSTAGRAM = ("ADVERTISE", "ANALYZE", "COMMUNITY_ACTIVITY", "CONTENT", "MESSAGES")


def test_answers_can_name_the_version_of_the_rule() -> None:
    assert LEVEL_RULE == "2026.1"


@pytest.mark.parametrize(
    ("asset_type", "tasks"),
    [
        ("page", ("MANAGE",)),
        ("page", ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MANAGE", "MODERATE")),
        ("page", ("PROFILE_PLUS_FULL_CONTROL",)),
        ("ad_account", ("ADVERTISE", "MANAGE")),
        ("dataset", ("EDIT",)),
        ("catalog", ("MANAGE",)),
        ("instagram_account", INSTAGRAM),
        ("instagram_account", (*INSTAGRAM, "SOMETHING_NEW")),
        ("whatsapp_account", ("MANAGE",)),
        ("offline_event_set", ("MANAGE", "VIEW")),
    ],
)
def test_the_tasks_of_the_table_are_full_control(asset_type: str, tasks: tuple[str, ...]) -> None:
    assert level(asset_type, tasks) == "full_control"


@pytest.mark.parametrize(
    ("asset_type", "tasks"),
    [
        ("page", ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MODERATE")),
        ("page", ("PROFILE_PLUS_MANAGE",)),
        ("page", ("manage",)),
        ("page", ("MANAGE_LEADS",)),
        ("page", ("EDIT",)),
        ("ad_account", ("ADVERTISE", "ANALYZE", "DRAFT")),
        ("dataset", ("ADVERTISE", "ANALYZE", "UPLOAD")),
        ("dataset", ("MANAGE",)),
        ("catalog", ("MANAGE_AR",)),
        *[
            ("instagram_account", tuple(task for task in INSTAGRAM if task != left_out))
            for left_out in INSTAGRAM
        ],
        ("instagram_account", ("MANAGE",)),
        ("whatsapp_account", ("MANAGE_PHONE", "MANAGE_TEMPLATES")),
        ("offline_event_set", ("UPLOAD",)),
        ("kubernetes_namespace", ("MANAGE",)),
        ("Page", ("MANAGE",)),
    ],
)
def test_any_other_task_is_partial_and_so_is_every_task_on_an_unknown_type(
    asset_type: str, tasks: tuple[str, ...]
) -> None:
    assert level(asset_type, tasks) == "partial"


@pytest.mark.parametrize("asset_type", ["page", "dataset", "kubernetes_namespace"])
def test_no_tasks_are_no_level(asset_type: str) -> None:
    assert level(asset_type, ()) == "none"


@pytest.mark.parametrize("tasks", [(), ("MANAGE",)])
def test_an_app_has_no_tasks_for_partners_so_its_level_is_never_specified(
    tasks: tuple[str, ...],
) -> None:
    assert level("app", tasks) == "unspecified"
