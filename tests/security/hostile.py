"""What somebody who means harm would write into a field of a form: by what it would have to reach to do any."""

SHELL = [
    "; touch {mark}",
    "$(touch {mark})",
    "`touch {mark}`",
    "| touch {mark}",
    "&& touch {mark} &&",
    "'; touch {mark}; '",
    '"; touch {mark}; "',
    "> {mark}",
    "--result={mark}",
    "--reason",
    "-h",
    "$HOME ${PATH} $(AWS_SECRET_ACCESS_KEY) $$(AWS_SECRET_ACCESS_KEY) $",
    "%COMSPEC% & calc",
    "*?[a-z]~{{a,b}}",
    "\\",
]
TEMPLATES = [
    "{{ 7 * 191 }}",
    "{{ conn.get('postgres').password }}",
    "{{ var.value.secret }}",
    "{{ ti.xcom_pull(task_ids='evaluate') }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% import os %}{{ os.system('touch {mark}') }}",
    "{{ macros.datetime.now() }}",
    "${7*191}",
    "<%= 7*191 %>",
    "%(password)s {0.__class__} {password}",
]
QUERIES = [
    "' OR '1'='1",
    "'; DROP TABLE journal; --",
    '" OR ""="',
    "2013-05' OR part <> '",
    "') OR (key is not null",
    "1 UNION SELECT password FROM users",
    "tags.`x` = 'y' and name LIKE '%'",
    "\\' OR 1=1 --",
    "COPY (SELECT 1) TO '{mark}'",
]
PATHS = [
    "../../../../etc/passwd",
    "..",
    "/etc/passwd",
    "....//....//etc/passwd",
    "..\\..\\windows",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "file:///etc/passwd",
    "s3://another-bucket/key",
    "models:/flight_delay/1/../../secret",
    "{mark}",
    "CON",
    "a/./b//c/",
]
UNREADABLE = [
    "line one\nline two",
    "carriage\rreturn",
    "a tab\tand\x0bmore\x0c",
    "a zero \0 in it",
    "\x1b[2J\x1b]0;title\x07 escape",
    "\u202egnp.exe turned",
    "\u2066isolated\u2069",
    "\ud800 half a pair",
    "\ufeff\u200b nothing to see",
    "e\u0301 \uff21 \ufb01 \u0131nfo",
    "\U0001d54f \U0001f469\u200d\U0001f680 \U0001f3f4\U000e0067\U000e007f",
    "\x85\u2028\u2029 ends of lines",
]
LARGE = ["A" * 3_000, "x" * 200_000, "é" * 100_000, " " * 5_000]
FORMATS = [
    "- &a [*a, *a]",
    "!!python/object/apply:os.system ['touch {mark}']",
    "key: value\n---\nother: document",
    '{"__proto__": {"polluted": true}}',
    '{"a": 1e999, "b": NaN}',
    "null",
    "true",
    "0x41",
    "1e308",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    "[click](javascript:alert(1)) | cell | `code",
    "<!--#exec cmd='touch {mark}'-->",
    "gASVHQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==",
]
STRINGS = [*SHELL, *TEMPLATES, *QUERIES, *PATHS, *UNREADABLE, *LARGE, *FORMATS]


def marked(mark: object) -> list[str]:
    """All of them, with the file that they would make if one reached a shell, a template or a query."""
    return [text.replace("{mark}", str(mark)).replace("{{a,b}}", "{a,b}") for text in STRINGS]


def named(text: str) -> str:
    """As the id of a test's case."""
    return ascii(text[:24]).strip("'\"")
