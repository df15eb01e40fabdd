"""Addresses of the pages; every one is stable and shareable."""

from __future__ import annotations

from django.urls import path, register_converter

from scorecard.web import (
    access,
    cards,
    categories,
    checkpoints,
    comparing,
    contrasting,
    demo,
    evidence_kinds,
    exports,
    frameworks,
    frameworks_proposing,
    invitations,
    jobs,
    ledger,
    logs,
    outlook,
    overview,
    people,
    plans,
    reviews,
    runs,
    safeguards,
    samples,
    signing_in,
    sources,
    tokens,
    validity,
    verify,
    whatif,
    xray,
)
from scorecard.web.doors import form


class NumberConverter:
    """A scorecard number such as PSC-2024-0001."""

    regex = r"[A-Z]{2,6}-[0-9]{4}-[0-9]{4,8}"

    def to_python(self, value: str) -> str:
        """Keep the text."""
        return value

    def to_url(self, value: str) -> str:
        """Keep the text."""
        return value


register_converter(NumberConverter, "number")
app_name = "web"
CARD = "scorecards/<number:number>/v<int:version>/"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("scorecards/<number:number>/", cards.newest, name="newest"),
    path(CARD, cards.scorecard, name="scorecard"),
    path(f"{CARD}live/", cards.live, name="live"),
    path(f"{CARD}history/", ledger.history, name="history"),
    path(f"{CARD}x-ray/", xray.xray, name="xray"),
    path(f"{CARD}plan/", plans.plan, name="plan"),
    path(f"{CARD}outlook/", outlook.outlook, name="outlook"),
    path(f"{CARD}outlook/forecast/", outlook.forecast, name="forecast"),
    path(f"{CARD}outlook/forecast/<str:forecast_id>/withdraw/", outlook.withdraw_forecast, name="withdraw_forecast"),
    path(f"{CARD}outlook/invoke/", outlook.invoke, name="invoke"),
    path(f"{CARD}outlook/invoked/<str:invocation_id>/withdraw/", outlook.withdraw_exception, name="withdraw_exception"),
    path(f"{CARD}review/", reviews.review, name="review"),
    path(f"{CARD}review/request/", reviews.ask, name="request_review"),
    path(f"{CARD}review/sign/", reviews.sign, name="sign"),
    path(f"{CARD}review/decline/", reviews.decline, name="decline"),
    path(f"{CARD}review/reopen/", reviews.reopen, name="reopen"),
    path(f"{CARD}review/seal/", reviews.seal, name="seal"),
    path(f"{CARD}document.pdf", exports.document, name="document"),
    path(f"{CARD}bundle.zip", exports.bundle, name="bundle"),
    path(f"{CARD}scorecard.json", exports.record, name="record"),
    path(f"{CARD}evidence.csv", exports.evidence, name="evidence"),
    path(f"{CARD}<slug:category>/", categories.category, name="category"),
    path(f"{CARD}<slug:category>/determine/", categories.determine, name="determine"),
    path(f"{CARD}<slug:category>/what-if/", whatif.what_if, name="what_if"),
    path("safeguards/", safeguards.registry, name="safeguards"),
    path("safeguards/<str:safeguard_id>/", safeguards.safeguard, name="safeguard"),
    path("models/", checkpoints.checkpoints, name="checkpoints"),
    path("scorecards/compare/", contrasting.contrast, name="contrast"),
    path("due/", validity.due, name="due"),
    path("models/<str:name>/holds/", validity.hold, name="hold"),
    path("models/<str:name>/", checkpoints.checkpoint, name="checkpoint"),
    path("models/<str:subject>/<str:name>/", checkpoints.checkpoint_of, name="checkpoint_of"),
    path("runs/", runs.runs, name="runs"),
    path("runs/compare/", comparing.compare, name="compare"),
    path("runs/<str:run_id>/", runs.run, name="run"),
    path("runs/<str:run_id>/raw", runs.raw, name="raw"),
    path("runs/<str:run_id>/samples/", samples.samples, name="samples"),
    path("runs/<str:run_id>/sample/", samples.sample, name="sample"),
    path("logs/", logs.logs, name="logs"),
    path("logs/<str:log_id>/", logs.log, name="log"),
    path("logs/<str:log_id>/live/", logs.live, name="log_live"),
    path("logs/<str:log_id>/raw", logs.raw, name="log_raw"),
    path("logs/<str:log_id>/bind/", logs.bind, name="log_bind"),
    path("logs/<str:log_id>/retry/", logs.retry, name="log_retry"),
    path("evidence/", evidence_kinds.evidence_list, name="evidence_list"),
    path("evidence/<str:document_id>/", evidence_kinds.evidence_document, name="evidence_document"),
    path("evidence/<str:document_id>/raw", evidence_kinds.evidence_raw, name="evidence_raw"),
    path("frameworks/", frameworks.frameworks, name="frameworks"),
    path("frameworks/propose/", frameworks_proposing.propose, name="propose_framework"),
    path("frameworks/proposed/<str:proposal_id>/", frameworks_proposing.proposed, name="proposed_framework"),
    path("frameworks/<slug:slug>/<str:version>/", frameworks.framework, name="framework"),
    path("frameworks/<slug:slug>/<str:version>/against/<str:other>/", frameworks_proposing.against, name="against"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/entries.jsonl", ledger.entries, name="entries"),
    path("sources/", sources.sources, name="sources"),
    path("sources/<str:slug>/", sources.source, name="source"),
    path("sources/<str:slug>/pull/", sources.pull, name="pull"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/live/", jobs.live, name="jobs_live"),
    path("jobs/<str:job_id>/retry/", jobs.retry, name="retry"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("access/", access.access, name="access"),
    path("access/clearances/propose/", access.propose_clearance, name="propose_clearance"),
    path("access/roles/propose/", access.propose_role, name="propose_role"),
    path("access/clearances/<str:clearance_id>/end/", access.end_clearance, name="end_clearance"),
    path("access/roles/<int:membership_id>/end/", access.end_role, name="end_role"),
    path("access/proposals/<str:proposal_id>/", access.decide, name="decide"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/<str:token_id>/rotate/", tokens.rotate, name="rotate_token"),
    path("account/tokens/<str:token_id>/revoke/", tokens.revoke, name="revoke_token"),
    path("verify/", verify.verify, name="verify"),
    path("sign-in/", form(signing_in.SignIn), name="sign_in"),
    path("sign-out/", signing_in.sign_out, name="sign_out"),
    path("invitations/<str:secret>/", invitations.invitation, name="invitation"),
    path("recovery/<str:secret>/", invitations.recovery, name="recovery"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/revoke/", people.revoke, name="revoke_invitation"),
    path("people/recover/", people.recover, name="offer_recovery"),
    path("people/disable/", people.disable, name="disable_account"),
    path("people/enable/", people.enable, name="enable_account"),
    path("demo/enter/<str:token>/", demo.enter, name="demo_enter"),
    path("demo/switch/", demo.switch, name="demo_switch"),
]
