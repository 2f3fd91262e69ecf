import pytest

from pipelines.errors import CallerError, Unavailable
from pipelines.s3 import delta_options, refusal

STORE = "s3://rows/store"


@pytest.fixture(autouse=True)
def endpoint(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://minio:9000")


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (
            "When listing objects under key 'a/': AWS Error NETWORK_CONNECTION during ListObjectsV2 operation",
            Unavailable,
            "http://minio:9000 does not answer",
        ),
        (
            "Generic S3 error\n HTTP error\n client error (Connect)",
            Unavailable,
            "AWS_ENDPOINT_URL",
        ),
        ("AWS Error SLOW_DOWN during PutObject operation: Reduce your request rate", Unavailable, "cannot be reached"),
        ("AWS Error NO_SUCH_BUCKET during CreateMultipartUpload operation", CallerError, "no bucket rows"),
        ("404 Not Found\n<Error><Code>NoSuchBucket</Code>", CallerError, "TRAINYARD_STORE"),
        ("AWS Error ACCESS_DENIED during HeadObject operation: No response body.", CallerError, "AWS_ACCESS_KEY_ID"),
        ("403\n<Error><Code>SignatureDoesNotMatch</Code>", CallerError, "AWS_SECRET_ACCESS_KEY"),
        ("Error performing PUT http://169.254.169.254/latest/api/token", CallerError, "there are none. Set AWS_ACCESS"),
    ],
)
def test_what_arrow_and_delta_lake_say_becomes_what_to_do(text, kind, words):
    told = refusal(STORE, OSError(text))
    assert type(told) is kind and words in str(told) and STORE in str(told)


def test_other_errors_are_not_the_stores():
    assert refusal(STORE, KeyError("carrier")) is None
    assert refusal(STORE, OSError("AWS Error INVALID_PART during CompleteMultipartUpload operation")) is None


def test_delta_lake_is_let_to_an_endpoint_without_tls_alone(monkeypatch):
    assert delta_options() == {"allow_http": "true"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://minio:9000")
    assert delta_options() == {}
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert delta_options() == {}
