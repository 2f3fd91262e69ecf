"""S3 as the AWS_* variables describe it: how Arrow and Delta Lake reach it, and what its refusals ask for."""

import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pyarrow import fs

from pipelines.errors import CallerError, TrainyardError, Unavailable

KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
# By S3's code, lower case and without underscores: Arrow writes NO_SUCH_BUCKET, Delta Lake NoSuchBucket.
CREDENTIALS = ("accessdenied", "invalidaccesskeyid", "signaturedoesnotmatch", "expiredtoken", "invalidtoken")
AWAY = ("networkconnection", "requesttimeout", "slowdown", "internalfailure", "internalerror", "serviceunavailable")
# What Delta Lake writes when no answer came at all.
UNANSWERED = ("client error (connect)", "operation timed out", "error sending request")
# Where Delta Lake looks for a machine's own credentials when it was given none.
MACHINE_CREDENTIALS = "169.254.169.254"


@dataclass(frozen=True)
class Account:
    """Whose bucket it is, where it is not that of the AWS_* variables. endpoint: empty for Amazon's own."""

    key: str
    secret: str = field(repr=False)
    endpoint: str
    region: str

    @classmethod
    def from_environment(cls, prefix: str) -> "Account | None":
        """Of the variables PREFIX_ACCESS_KEY_ID and so on, named as the AWS_* are; None where no key is set."""
        key, secret, endpoint, region = (
            os.environ.get(f"{prefix}_{name}", "")
            for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "ENDPOINT_URL", "REGION")
        )
        return cls(key, secret, endpoint, region or "us-east-1") if key else None


def endpoint() -> str:
    """AWS_ENDPOINT_URL; empty for Amazon's own."""
    return os.environ.get("AWS_ENDPOINT_URL", "")


def open_bucket(uri: str, account: Account | None = None) -> fs.FileSystem:
    """The bucket and prefix of s3://bucket/prefix."""
    location, at = urlsplit(uri), account.endpoint if account else endpoint()
    s3 = fs.S3FileSystem(
        access_key=account.key if account else None,
        secret_key=account.secret if account else None,
        endpoint_override=at.split("://")[-1] or None,
        scheme="http" if at.startswith("http://") else "https",
        region=account.region if account else os.environ.get("AWS_REGION"),
    )
    return fs.SubTreeFileSystem(f"{location.netloc}{location.path}", s3)


def delta_options(account: Account | None = None) -> dict[str, str]:
    """What Delta Lake does not read from AWS_*: an endpoint without TLS is meant as it is written."""
    at = account.endpoint if account else endpoint()
    options = {"allow_http": "true"} if at.startswith("http://") else {}
    if account is None:
        return options
    named = {"ACCESS_KEY_ID": account.key, "SECRET_ACCESS_KEY": account.secret, "REGION": account.region}
    # Amazon's own is said too, or AWS_ENDPOINT_URL would stand in for it.
    named["ENDPOINT_URL"] = at or f"https://s3.{account.region}.amazonaws.com"
    return options | {f"AWS_{name}": value for name, value in named.items()}


def refusal(uri: str, error: Exception) -> TrainyardError | None:
    """What an error of Arrow or Delta Lake asks of the caller; None when it is not one of S3's.

    Unavailable when nobody answers, CallerError naming the variable when the store is refused.
    """
    text = str(error)
    codes = {code.replace("_", "").lower() for code in re.findall(r"(?:AWS Error |<Code>)(\w+)", text)}
    at = endpoint() or "Amazon S3"
    if MACHINE_CREDENTIALS in text:
        return CallerError(f"The store {uri} asks for credentials, and there are none. Set {KEYS}.")
    if refused := codes.intersection(CREDENTIALS):
        return CallerError(
            f"{at} refuses the credentials of the store {uri} ({min(refused)}). Correct {KEYS}, "
            "or let them read and write there."
        )
    if "nosuchbucket" in codes:
        return CallerError(
            f"{at} has no bucket {urlsplit(uri).netloc}. Make it, or correct TRAINYARD_STORE (now {uri})."
        )
    if codes.intersection(AWAY) or any(words in text.lower() for words in UNANSWERED):
        return Unavailable(f"The store {uri} cannot be reached: {at} does not answer. Is AWS_ENDPOINT_URL right?")
    return None
