"""Routes of the API. Every one ends with a slash and works without it too, POST included."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from scorecard.api import describing, health
from scorecard.api.views import (
    catalogue,
    comparing,
    contrasting,
    evidence_kinds,
    expectations,
    frameworks,
    jobs,
    ledger,
    logs,
    plans,
    recorders,
    runs,
    safeguards,
    samples,
    scorecards,
    sources,
    uploads,
    validity,
    whatif,
    xray,
)

RUN, JOB, CARD = r"(?P<identifier>run_[0-9A-Z]{26})", r"(?P<identifier>job_[0-9A-Z]{26})", r"(?P<name>[A-Za-z0-9_-]+)"
LOG, UPLOAD = r"(?P<identifier>log_[0-9A-Z]{26})", r"(?P<identifier>upload_[0-9A-Z]{26})"
SOURCE = r"(?P<identifier>source_[0-9A-Z]{26})"
EVIDENCE = r"(?P<identifier>evd_[0-9A-Z]{26})"
ROUTES = (
    (r"runs", runs.Runs),
    (r"runs/compare", comparing.RunComparison),
    (rf"runs/{RUN}", runs.Run),
    (rf"runs/{RUN}/samples", samples.RunSamples),
    (rf"runs/{RUN}/sample", samples.OneSample),
    (rf"runs/{RUN}/changes", samples.RunChanges),
    (rf"runs/{RUN}/raw", runs.RunRaw),
    (r"logs", logs.Logs),
    (rf"logs/{LOG}", logs.OneLog),
    (rf"logs/{LOG}/raw", logs.LogRaw),
    (rf"logs/{LOG}/bind", logs.BindLog),
    (rf"logs/{LOG}/retry", logs.RetryLog),
    (r"recorders/openai-evals", recorders.OpenAIEvalsRecorder),
    (r"uploads", uploads.Uploads),
    (rf"uploads/{UPLOAD}", uploads.OneUpload),
    (rf"uploads/{UPLOAD}/parts/(?P<number>[0-9]{{1,6}})", uploads.Part),
    (rf"uploads/{UPLOAD}/complete", uploads.Complete),
    (r"sources", sources.Sources),
    (rf"sources/{SOURCE}", sources.OneSource),
    (rf"sources/{SOURCE}/pull", sources.PullSource),
    (rf"sources/{SOURCE}/settings", sources.SourceSettings),
    (r"evidence", evidence_kinds.EvidenceDocuments),
    (rf"evidence/{EVIDENCE}", evidence_kinds.OneEvidenceDocument),
    (rf"evidence/{EVIDENCE}/raw", evidence_kinds.EvidenceRaw),
    (r"jobs", jobs.Jobs),
    (rf"jobs/{JOB}", jobs.OneJob),
    (rf"jobs/{JOB}/retry", jobs.JobRetry),
    (r"subjects", catalogue.Subjects),
    (r"checkpoints", catalogue.Checkpoints),
    (r"evaluations", catalogue.Evaluations),
    (r"frameworks", catalogue.Frameworks),
    (r"frameworks/schema", frameworks.FrameworkSchema),
    (r"frameworks/dry-run", frameworks.FrameworkDryRun),
    (r"frameworks/(?P<identifier>fw_[0-9A-Z]{26})", catalogue.Framework),
    (r"mitigations", safeguards.Mitigations),
    (r"mitigations/(?P<identifier>sg_[0-9A-Z]{26})/versions", safeguards.MitigationVersions),
    (r"mitigations/(?P<identifier>sg_[0-9A-Z]{26})/withdraw", safeguards.MitigationWithdrawal),
    (r"applicability", validity.ApplicabilityDeterminations),
    (r"applicability/(?P<identifier>app_[0-9A-Z]{26})/withdraw", validity.ApplicabilityWithdrawal),
    (r"plans", plans.Plans),
    (r"changes", validity.Changes),
    (r"changes/(?P<identifier>chg_[0-9A-Z]{26})/withdraw", validity.ChangeWithdrawal),
    (r"scorecards/compare", contrasting.Contrast),
    (rf"scorecards/{CARD}/due", validity.Due),
    (r"scorecards", scorecards.Scorecards),
    (rf"scorecards/{CARD}", scorecards.OneScorecard),
    (rf"scorecards/{CARD}/xray", xray.XRay),
    (rf"scorecards/{CARD}/determinations", scorecards.Determinations),
    (rf"scorecards/{CARD}/forecasts", expectations.Forecasts),
    (r"forecasts/(?P<identifier>fc_[0-9A-Z]{26})/withdraw", expectations.ForecastWithdrawal),
    (rf"scorecards/{CARD}/exceptions", expectations.Exceptions),
    (r"exceptions/(?P<identifier>exc_[0-9A-Z]{26})/withdraw", expectations.ExceptionWithdrawal),
    (rf"scorecards/{CARD}/request", scorecards.RequestReview),
    (rf"scorecards/{CARD}/signatures", scorecards.Signatures),
    (rf"scorecards/{CARD}/decline", scorecards.Decline),
    (rf"scorecards/{CARD}/reopen", scorecards.Reopen),
    (rf"scorecards/{CARD}/seal", scorecards.Seal),
    (rf"scorecards/{CARD}/revoke", scorecards.Revoke),
    (rf"scorecards/{CARD}/next-version", scorecards.NextVersion),
    (rf"scorecards/{CARD}/(?P<kind>document\.pdf|scorecard\.json|bundle\.zip|evidence\.csv)", scorecards.Document),
    (r"whatif", whatif.WhatIf),
    (r"gate", ledger.Gate),
    (r"ledger/head", ledger.Head),
    (r"ledger/head/sign", ledger.SignHead),
    (r"ledger/entries", ledger.Entries),
    (r"ledger/proof", ledger.Proof),
)


AUTHENTICATION_SCHEME = describing.TokenScheme
"""Named here so that the description of the API knows it as soon as the routes are loaded."""

urlpatterns: list[URLPattern] = [re_path(rf"^{route}/?\Z", view.as_view()) for route, view in ROUTES]

health_urlpatterns: list[URLPattern] = [
    path("livez", health.livez),
    path("healthz", health.readyz),
    path("readyz", health.readyz),
]
