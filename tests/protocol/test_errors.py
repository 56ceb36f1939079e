"""Who is to blame."""

import pytest

from protocol.errors import (
    LocalProtocolError,
    Offence,
    ProtocolError,
    RemoteProtocolError,
    UnknownVersion,
)
from protocol.messages import UnknownMessage
from trust.ledger import OFFENCE_POINTS


def test_a_remote_error_names_its_offence():
    error = RemoteProtocolError(Offence.FLOOD, "too many")
    assert error.offence is Offence.FLOOD
    assert str(error) == "too many"


@pytest.mark.parametrize("innocent", [LocalProtocolError, UnknownVersion, UnknownMessage])
def test_what_is_charged_to_nobody_is_no_remote_error(innocent):
    assert issubclass(innocent, ProtocolError)
    assert not issubclass(innocent, RemoteProtocolError)


def test_every_offence_has_its_price():
    assert sorted(OFFENCE_POINTS) == sorted(Offence)
