"""The `restricted` pod security standard, as the admission plugin checks and words it.

Source: k8s.io/pod-security-admission/policy; kubernetes.io/docs/concepts/security/pod-security-standards
"""

from collections.abc import Callable
from typing import Any

LABEL = "pod-security.kubernetes.io/enforce"
VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"),
    *("persistentVolumeClaim", "projected", "secret"),
}
SECCOMP = ("RuntimeDefault", "Localhost")
Container = dict[str, Any]


def violations(pod: dict[str, Any]) -> list[str]:
    """One text per check that the pod fails, in the order of the plugin."""
    checks = (
        _host_namespaces,
        _privileged,
        _privilege_escalation,
        _capabilities,
        _volumes,
        _run_as_non_root,
        _run_as_user,
        _seccomp,
    )
    return [said for check in checks if (said := check(pod["spec"]))]


def _context(holder: Container) -> dict[str, Any]:
    return holder.get("securityContext") or {}


def _failing(spec: dict[str, Any], is_fine: Callable[[dict[str, Any]], bool]) -> str:
    """`container "a"` or `containers "a", "b"`; empty when all are fine."""
    names = [f'"{one["name"]}"' for one in spec["containers"] if not is_fine(_context(one))]
    return f"container{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""


def _host_namespaces(spec: dict[str, Any]) -> str:
    shared = [f"{key}=true" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    return f"host namespaces ({', '.join(shared)})" if shared else ""


def _privileged(spec: dict[str, Any]) -> str:
    who = _failing(spec, lambda context: not context.get("privileged"))
    return f"privileged ({who} must not set securityContext.privileged=true)" if who else ""


def _privilege_escalation(spec: dict[str, Any]) -> str:
    who = _failing(spec, lambda context: context.get("allowPrivilegeEscalation") is False)
    must = f"({who} must set securityContext.allowPrivilegeEscalation=false)"
    return f"allowPrivilegeEscalation != false {must}" if who else ""


def _capabilities(spec: dict[str, Any]) -> str:
    def is_fine(context: dict[str, Any]) -> bool:
        capabilities = context.get("capabilities") or {}
        added = set(capabilities.get("add") or [])
        return "ALL" in (capabilities.get("drop") or []) and added <= {"NET_BIND_SERVICE"}

    who = _failing(spec, is_fine)
    return f'unrestricted capabilities ({who} must set securityContext.capabilities.drop=["ALL"])' if who else ""


def _volumes(spec: dict[str, Any]) -> str:
    wrong = [
        f'volume "{volume["name"]}" uses restricted volume type "{kind}"'
        for volume in spec.get("volumes") or []
        for kind in set(volume) - {"name"} - VOLUMES
    ]
    return f"restricted volume types ({', '.join(wrong)})" if wrong else ""


def _run_as_non_root(spec: dict[str, Any]) -> str:
    by_pod = _context(spec).get("runAsNonRoot")
    who = _failing(spec, lambda context: context.get("runAsNonRoot", by_pod) is True)
    return f"runAsNonRoot != true (pod or {who} must set securityContext.runAsNonRoot=true)" if who else ""


def _run_as_user(spec: dict[str, Any]) -> str:
    if _context(spec).get("runAsUser") == 0:
        return "runAsUser=0 (pod must not set runAsUser=0)"
    who = _failing(spec, lambda context: context.get("runAsUser") != 0)
    return f"runAsUser=0 ({who} must not set runAsUser=0)" if who else ""


def _seccomp(spec: dict[str, Any]) -> str:
    by_pod = _context(spec).get("seccompProfile") or {}
    who = _failing(spec, lambda context: (context.get("seccompProfile") or by_pod).get("type") in SECCOMP)
    must = f'must set securityContext.seccompProfile.type to "{SECCOMP[0]}" or "{SECCOMP[1]}"'
    return f"seccompProfile (pod or {who} {must})" if who else ""
