"""Our own pages: one self-contained HTML file each, which opens offline; and texts in Markdown."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **content: Any) -> str:
    pages = Environment(
        loader=PackageLoader("pipelines.report"),
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return pages.get_template(template).render(**content)
