"""Django settings: derived from `scorecard.environment`, safe by default, the same for one machine and for a team."""

from __future__ import annotations

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from scorecard.account_settings import caches, identity_providers
from scorecard.environment import ROOT, Environment, secret_key

ENVIRONMENT = Environment()
DATA_DIR = ENVIRONMENT.scorecard_data_dir
DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
BASE_DIR = ROOT

SECRET_KEY = secret_key(ENVIRONMENT)
DEBUG = ENVIRONMENT.scorecard_debug
DEMO = ENVIRONMENT.scorecard_demo
PUBLIC_URL = ENVIRONMENT.scorecard_url.rstrip("/")
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "evaluations.apps.EvaluationsConfig",
    "scorecard.apps.ScorecardConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "scorecard.web.session_limits.SessionLimits",
    "allauth.account.middleware.AccountMiddleware",
    "scorecard.web.second_factor_first.SecondFactorFirst",
]
ROOT_URLCONF = "scorecard.urls"
WSGI_APPLICATION = "scorecard.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "scorecard.web.context.shell",
            ],
            "builtins": ["scorecard.web.templatetags.scorecard_display"],
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(ENVIRONMENT.database_url or f"sqlite:///{DATA_DIR / 'scorecard.sqlite3'}"),
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE because two deferred writers that upgrade at once fail with "database is locked" instead of waiting.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "scorecard.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "scorecard.password_rules.Bounded"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
REQUIRE_SECOND_FACTOR = ENVIRONMENT.scorecard_require_second_factor
SESSION_IDLE_SECONDS = 60 * ENVIRONMENT.scorecard_idle_minutes

ACCOUNT_ADAPTER = "scorecard.web.account_adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {"login": "60/5m/ip", "login_failed": "20/5m/ip,5/5m/key"}
ACCOUNT_FORMS = {
    "login": "scorecard.web.account_forms.SignInForm",
    "change_password": "scorecard.web.account_forms.NewPasswordForm",
}
MFA_ADAPTER = "scorecard.web.account_adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 10
MFA_TOTP_ISSUER = "Preparedness Scorecard"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "scorecard.web.account_forms.CodeForm",
    "reauthenticate": "scorecard.web.account_forms.FreshCodeForm",
    "authenticate_webauthn": "scorecard.web.account_forms.PasskeyForm",
    "reauthenticate_webauthn": "scorecard.web.account_forms.FreshPasskeyForm",
    "login_webauthn": "scorecard.web.account_forms.PasskeySignInForm",
    "add_webauthn": "scorecard.web.account_forms.AddPasskeyForm",
}
SOCIALACCOUNT_ADAPTER = "scorecard.web.account_adapters.IdentityAdapter"
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
OIDC_ISSUER = ENVIRONMENT.scorecard_oidc_issuer
SOCIALACCOUNT_PROVIDERS = identity_providers(ENVIRONMENT)

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # because WhiteNoise warns about a folder that nothing was collected into yet
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "scorecard.operating.static_files.GzippedManifestStorage"},
}
WHITENOISE_MANIFEST_STRICT = False
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("map", "jpg", "jpeg", "png", "gif", "webp", "zip", "gz", "br", "woff", "woff2")
MEDIA_ROOT = DATA_DIR / "media"

SESSION_COOKIE_NAME = "__Host-sid" if ENVIRONMENT.scorecard_tls else "sid"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.scorecard_tls
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.scorecard_tls else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENVIRONMENT.scorecard_tls
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

MAX_BODY_BYTES = ENVIRONMENT.scorecard_max_body_bytes
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
WRITES_PER_MINUTE = ENVIRONMENT.scorecard_writes_per_minute
MAX_LOG_BYTES = ENVIRONMENT.scorecard_max_log_bytes
BLOB_BUCKET = ENVIRONMENT.scorecard_blob_bucket
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["scorecard.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["scorecard.api.permissions.Deny"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["scorecard.api.parsing.StrictJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["scorecard.api.throttling.WritesPerToken"],
    "EXCEPTION_HANDLER": "scorecard.api.problems.handle",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Preparedness Scorecard API",
    "DESCRIPTION": "Evidence in, levels and signatures out. Errors are RFC 9457 problem documents.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

LEDGER_ORIGIN = ENVIRONMENT.ledger_origin
LEDGER_KEY_FILE = ENVIRONMENT.ledger_key_file or DATA_DIR / "ledger-key.pem"

JOB_LEASE_SECONDS = 60
JOB_MAX_ATTEMPTS = 3
JOB_REDISPATCH_SECONDS = 5
SPOOL_DIR = DATA_DIR / "broker"
BROKER_URL = ENVIRONMENT.broker_url or "filesystem://localhost//"
CACHES = caches(BROKER_URL)

SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"] * (
    not ENVIRONMENT.scorecard_tls
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)r"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
