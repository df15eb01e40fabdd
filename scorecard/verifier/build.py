"""Building verify.py: the modules that decide, joined into one standard-library file that an auditor can read."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

from scorecard.ledger.canonical import digest_bytes

ROOT = Path(__file__).resolve().parents[2]
MODULES = (
    "evaluations/strict_json.py",
    "evaluations/estimates/wilson.py",
    "evaluations/estimates/clopper_pearson.py",
    "evaluations/estimates/newcombe.py",
    "evaluations/estimates/scores.py",
    "evaluations/estimates/tally.py",
    "evaluations/estimates/reported.py",
    "evaluations/estimates/paired_table.py",
    "evaluations/estimates/deciding.py",
    "scorecard/framework/ladders.py",
    "scorecard/framework/findings.py",
    "scorecard/framework/derivation.py",
    "scorecard/framework/levels.py",
    "scorecard/framework/gates.py",
    "scorecard/framework/credit.py",
    "scorecard/framework/decay.py",
    "scorecard/framework/planned.py",
    "scorecard/ledger/canonical.py",
    "scorecard/ledger/merkle.py",
    "scorecard/ledger/ed25519.py",
    "scorecard/ledger/note.py",
    "scorecard/ledger/entry.py",
    "scorecard/ledger/chain.py",
    "scorecard/verifier/archive.py",
    "scorecard/verifier/pdf_file.py",
    "scorecard/verifier/opened.py",
    "scorecard/verifier/ledger_checks.py",
    "scorecard/verifier/signature_checks.py",
    "scorecard/verifier/recompute.py",
    "scorecard/verifier/validity_checks.py",
    "scorecard/verifier/plan_checks.py",
    "scorecard/verifier/credit_checks.py",
    "scorecard/verifier/informing_checks.py",
    "scorecard/verifier/carried.py",
    "scorecard/verifier/command.py",
)
HEADER = '''#!/usr/bin/env python3
"""Verify a preparedness scorecard offline, with nothing but Python 3.9 or newer: python3 -I verify.py DIR|ZIP|PDF

This one file is joined from the product's own modules. It cannot vouch for itself: whoever altered the bundle could
have altered it too. Its digest stands in the ledger entry of the seal (kind scorecard.sealed, data.verifier) and is
published with the laboratory's ledger key; compare it, or fetch your copy from there.
"""
'''


class NotJoinable(ValueError):
    """A module that cannot be joined: an import it may not have, or a name that another module defines too."""


def _is_internal(node: ast.ImportFrom) -> bool:
    return node.level > 0 or (node.module or "").split(".")[0] in ("evaluations", "scorecard")


def _top_level_names(tree: ast.Module) -> list[str]:
    names: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return names


def _split(path: str) -> tuple[ast.Module, set[str], list[str]]:
    """Return the tree, the standard-library import lines, and the remaining source lines of a module."""
    text = (ROOT / path).read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    lines: list[str | None] = list(text.splitlines())
    imports = set()
    for place, node in enumerate(tree.body):
        docstring = place == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not docstring and not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            if any(alias.asname for alias in node.names):
                raise NotJoinable(f"{path}: an import is renamed")
            internal = isinstance(node, ast.ImportFrom) and _is_internal(node)
            if not internal and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
                imports.add(ast.unparse(node))
        lines[node.lineno - 1 : node.end_lineno] = [None] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return tree, imports, [line for line in lines if line is not None]


def _imported_names(lines: set[str]) -> list[str]:
    trees = [ast.parse(line).body[0] for line in sorted(lines)]
    return [alias.name for node in trees if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names]


@functools.cache
def source() -> str:
    """Return the text of verify.py: the same modules give the same text. Raises NotJoinable."""
    imports: set[str] = set()
    owners: dict[str, str] = {}
    imported: dict[str, str] = {}
    bodies = []
    for path in MODULES:
        tree, found, lines = _split(path)
        for name in _top_level_names(tree):
            if name in owners:
                raise NotJoinable(f"{name} is defined by {owners[name]} and by {path}")
            owners[name] = path
        imports |= found
        for name in _imported_names(found):
            imported.setdefault(name, path)
        title = (ast.get_docstring(tree) or "").splitlines()[0]
        bodies.append(f"# {'-' * 117}\n# {path}: {title}\n\n" + "\n".join(lines).strip() + "\n")
    for name in sorted(set(owners) & set(imported)):
        raise NotJoinable(f"{name} is defined by {owners[name]} and imported by {imported[name]}")
    head = f"{HEADER}\nfrom __future__ import annotations\n\n" + "\n".join(sorted(imports)) + "\n"
    tail = '\nif __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))\n'
    return head + "\n\n" + "\n\n".join(bodies) + "\n" + tail


def verifier_digest() -> str:
    """Return the digest of verify.py, which every seal records."""
    return digest_bytes(source().encode())
