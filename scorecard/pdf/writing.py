"""The PDF itself: templates to HTML, HTML to bytes. The same card gives the same bytes on one host."""

from __future__ import annotations

import io
import logging
from datetime import UTC, datetime
from typing import Any

import segno
from django.template import Context, Engine
from fontTools.ttLib import TTFont
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration

from scorecard.environment import ROOT
from scorecard.pdf.arranging import context
from scorecard.pdf.fetching import BASE, STATIC, OwnFilesOnly, own_files

TEMPLATES = ROOT / "templates" / "pdf"
EPOCH = "1980-01-01T00:00:00Z"
QR_LONGEST = 400
ATTACHED = {
    "bundle.zip": ("Supplement", "Everything that an offline check needs: record, evidence, ledger proof and verifier"),
    "comparisons.csv": ("Supplement", "Published figures of other models, one row each; no part of the signed record"),
    "evidence.csv": ("Data", "The evidence, one row per run"),
    "scorecard.json": ("Source", "The signed record in canonical form"),
}
"""Name -> (relationship, description); anything else is attached as Unspecified."""


def covered(files: dict[str, bytes]) -> frozenset[int]:
    """Return the code points that every weight of the embedded text fonts can draw, and the line end."""
    tables: dict[str, set[int]] = {}
    for address, data in files.items():
        if address.endswith(".woff2") and "plex-sans" in address:
            weight = address.rsplit("-", 2)[1]
            tables.setdefault(weight, set()).update(TTFont(io.BytesIO(data)).getBestCmap())
    return frozenset(set.intersection(*tables.values()) | {ord("\n")})


class _Drawable(dict[int, str]):
    """A translation table that shows what the fonts lack as its code, so that no glyph is ever missing or borrowed."""

    def __init__(self, known: frozenset[int]) -> None:
        super().__init__((point, chr(point)) for point in known if chr(point).isprintable() or point == ord("\n"))
        self[0xA0] = "\u00a0"
        self[0x2009] = "\u2009"

    def __missing__(self, point: int) -> str:
        return f"\\u{point:04x}"


def _qr(url: str) -> bytes:
    drawing = io.BytesIO()
    segno.make(url, error="m", micro=False).save(drawing, kind="svg", border=0, scale=4, dark="#14232e", xmldecl=False)
    return drawing.getvalue()


def page_source(values: dict[str, Any], known: frozenset[int]) -> str:
    """Return the HTML of a card: fixed templates, every value escaped, every character one that can be drawn."""
    engine = Engine(dirs=[str(TEMPLATES)], autoescape=True)
    html: str = engine.get_template("document.html").render(Context(values, use_l10n=False, use_tz=False))
    return html.translate(_Drawable(known))


def _attachments(attachments: dict[str, bytes], at: datetime) -> list[Attachment]:
    return [
        Attachment(
            file_obj=io.BytesIO(data),
            name=name,
            description=ATTACHED.get(name, ("Unspecified", ""))[1],
            relationship=ATTACHED.get(name, ("Unspecified", ""))[0],
            created=at,
            modified=at,
        )
        for name, data in sorted(attachments.items())
    ]


def write(html: str, *, fetcher: OwnFilesOnly, attachments: dict[str, bytes], at: str) -> bytes:
    """Lay out HTML with our style sheets and write it as PDF/A-3a; `at` (RFC 3339) dates file and attachments."""
    fonts = FontConfiguration()
    sheets = [
        CSS(string=path.read_text(encoding="utf-8"), base_url=BASE, url_fetcher=fetcher, font_config=fonts)
        for path in (STATIC / "tokens.css", TEMPLATES / "document.css")
    ]
    moment = datetime.fromisoformat(at or EPOCH).astimezone(UTC)
    document = HTML(string=html, base_url=BASE, url_fetcher=fetcher).render(stylesheets=sheets, font_config=fonts)
    document.metadata.created = document.metadata.modified = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    pdf: bytes = document.write_pdf(
        pdf_variant="pdf/a-3a", attachments=_attachments(attachments, moment), pdf_identifier=True
    )
    return pdf


def render(
    sealed: dict[str, Any],
    *,
    framework: dict[str, Any],
    attachments: dict[str, bytes],
    verify_url: str,
    verification_key: str = "",
    comparisons: list[dict[str, Any]] | None = None,
) -> bytes:
    """Return the PDF of a sealed card ("sealed-card/1"): a pure function of its arguments and the installed fonts.

    `framework` is the framework document that the card names; `attachments` are embedded by name; `comparisons` are
    evidence items of other models, which the source prints beside these and nobody signed. A card that is not
    sealed is printed with DRAFT - NOT APPROVED across every page. Runs only inside the limited child process.
    """
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    values = context(
        sealed,
        framework=framework,
        verify_url=verify_url,
        verification_key=verification_key,
        comparisons=comparisons or [],
    )
    files = own_files(len(framework["levels"]))
    known = covered(files)
    if values["verify_url"] and len(verify_url) <= QR_LONGEST:
        files[f"{BASE}qr.svg"] = _qr(verify_url)
        values["qr"] = "qr.svg"
    fetcher = OwnFilesOnly(files)
    return write(page_source(values, known), fetcher=fetcher, attachments=attachments, at=values["created"])
