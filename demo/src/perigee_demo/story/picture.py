"""An act as a picture: what a terminal showed of it, as SVG."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console, RenderableType

COLUMNS: Final = 100

FORM: Final = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
}}
.{unique_id}-title {{ font: bold 18px system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""For rich's `export_svg`; its own form fetches a font, which a picture in a page may not."""


def write_picture(path: Path, title: str, shown: Sequence[RenderableType]) -> None:
    """Writes what was shown, one beneath the other, as on a terminal of `COLUMNS`."""
    console = Console(
        record=True,
        file=io.StringIO(),
        width=COLUMNS,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        highlight=False,
    )
    for each in shown:
        console.print(each)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(console.export_svg(title=title, code_format=FORM), encoding="utf-8")
