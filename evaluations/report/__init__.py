"""The posted run report: its document, its strict reading, and its canonical form. Knows no Django."""

from evaluations.report.canonical_form import canonical_report, report_digest, score_rows
from evaluations.report.document import RunReport, json_schema
from evaluations.report.reading import parse_header, parse_report
from evaluations.report.refusal import Fault, ReportRefused

__all__ = [
    "Fault",
    "ReportRefused",
    "RunReport",
    "canonical_report",
    "json_schema",
    "parse_header",
    "parse_report",
    "report_digest",
    "score_rows",
]
