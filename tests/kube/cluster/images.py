"""Images, of which a double needs to know only whether they can be pulled. Messages: containerd's."""

import re
from dataclasses import dataclass

_REFERENCE = re.compile(
    r"(?P<name>[a-z0-9]+([._-]+[a-z0-9]+)*(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*)"
    r"(:(?P<tag>\w[\w.-]{0,127}))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True)
class PullError:
    """reasons: what the kubelet reports first, and while it waits to try again."""

    message: str
    first: str = "ErrImagePull"
    then: str = "ImagePullBackOff"

    def waiting(self, image: str, attempt: int) -> dict[str, str]:
        if attempt == 0 or self.first == self.then:
            return {"reason": self.first, "message": self.message}
        return {"reason": self.then, "message": f'Back-off pulling image "{image}": {self.first}: {self.message}'}


def pull_error(image: str, policy: str, unknown: set[str]) -> PullError | None:
    """None for an image that is there; unknown: whole images, or tags."""
    found = _REFERENCE.fullmatch(image)
    if not found:
        message = f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": '
        return PullError(f"{message}invalid reference format", "InvalidImageName", "InvalidImageName")
    if not unknown & {image, found["tag"] or "latest", found["digest"]}:
        return None
    if policy == "Never":
        message = f'Container image "{image}" is not present with pull policy of Never'
        return PullError(message, "ErrImageNeverPull", "ErrImageNeverPull")
    where = image if "." in image.split("/")[0] or ":" in image.split("/")[0] else f"docker.io/{image}"
    return PullError(
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{where}": '
        f'failed to resolve reference "{where}": {where}: not found'
    )
