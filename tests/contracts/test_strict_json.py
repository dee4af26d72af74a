"""JSON from outside: what orjson takes, and no name twice in one object."""

import pytest

from ledger.importing import BadLine, parse_line
from ledger.strict_json import strict_json

FACT = '"fact":"partner-added","owner":"506914307656634","partner":"563920174410288"'


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{ "a" : 1, "b": {"c": [ {"d": 1, "d": 2} ] } }',
        '{"a":1,"\\u0061":2}',
        '[{"a":1},{"b":1,"b":1}]',
    ],
)
def test_a_name_that_is_given_twice_is_refused(text: str) -> None:
    """Also where it is spelled otherwise, in bytes and in text."""
    for given in (text, text.encode()):
        with pytest.raises(ValueError, match="is given twice in one object; give it once"):
            strict_json(given)


@pytest.mark.parametrize(
    "text", ['{"a":1,"b":{"a":1}}', ' {"a": 1, "b": "a"}\n', '{"a":"\\u00e9","b":"é"}', "1", "[]"]
)
def test_what_says_each_name_once_is_taken(text: str) -> None:
    """Spaces and spelling are free."""
    assert strict_json(text) == strict_json(text.encode())


@pytest.mark.parametrize(
    "raw", [f'{{{FACT},"id":"a","id":"b"}}', f'[{{"id":"a","id":"b",{FACT}}}]']
)
def test_a_fact_line_with_two_ids_is_none(raw: str) -> None:
    """The ledger would keep one of them for ever."""
    with pytest.raises(BadLine, match="'id' is given twice in one object"):
        parse_line(raw)


def test_a_line_that_is_nested_without_end_is_none() -> None:
    """Whatever reads it first."""
    with pytest.raises(BadLine):
        parse_line(b'{ "a":' * 500 + b"1" + b"}" * 500)
