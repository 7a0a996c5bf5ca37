"""The messages of ``tensorflow-metadata`` as text, with what can go wrong in reading them."""

from __future__ import annotations

from typing import Any

from trimtab.base.errors import InputError


class NoTensorflowMetadataError(InputError):
    """A schema of TFDV is to be read or written, and tensorflow-metadata is not installed."""

    code = "TT1223"


class TfdvSchemaError(InputError):
    """What was given as a schema of TFDV is none that can be read."""

    code = "TT1224"


def definitions(name: str) -> Any:
    """A module of message classes: ``schema_pb2``, ``anomalies_pb2``.

    Raises:
        NoTensorflowMetadataError: tensorflow-metadata is not installed.
    """
    try:
        if name == "schema_pb2":
            from tensorflow_metadata.proto.v0 import schema_pb2  # type: ignore[import-untyped]

            return schema_pb2
        from tensorflow_metadata.proto.v0 import anomalies_pb2
    except ModuleNotFoundError as error:
        fix = "Install it: pip install 'trimtab[tfdv]'."
        raise NoTensorflowMetadataError("tensorflow-metadata is not installed", fix=fix) from error
    return anomalies_pb2


def parsed(text: str, message: Any) -> Any:
    """The message filled from its text.

    Raises:
        TfdvSchemaError: the text is not one of such a message.
    """
    from google.protobuf import text_format  # type: ignore[import-untyped]

    try:
        return text_format.Parse(text, message)
    except text_format.ParseError as error:
        fix = "Give the text form (.pbtxt), as tfdv.write_schema_text writes it."
        raise TfdvSchemaError(f"this is not a {type(message).__name__} of TFDV: {error}", fix=fix) from error


def formatted(message: Any) -> str:
    """The message's text."""
    from google.protobuf import text_format

    return str(text_format.MessageToString(message))
