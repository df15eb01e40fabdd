"""Where the doors stand: pages at the root, the API under /api/v1/, its description beside it, signs of life."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from scorecard.api.urls import health_urlpatterns

urlpatterns = [
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/v1/", include("scorecard.api.urls")),
    *health_urlpatterns,
    path("", include("scorecard.web.urls")),
    path("", include("scorecard.web.account_urls")),
]
handler404 = "scorecard.api.problems.not_found"
handler429 = "scorecard.web.signing_in.too_many"
handler500 = "scorecard.api.problems.failed"
