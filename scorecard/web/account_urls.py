"""Addresses of the account pages, under the names by which allauth looks for them.

Only what this product offers is here; a name that the library still asks for, but we do not offer, answers 404.
"""

from __future__ import annotations

from django.urls import path

from scorecard.web import account_factors, account_pages, openid, signing_in
from scorecard.web.doors import form

ABSENT = (
    "account_signup", "account_email", "account_email_verification_sent", "account_set_password",
    "account_confirm_login_code", "mfa_trust", "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
    "socialaccount_signup", "socialaccount_login_cancelled", "socialaccount_login_error",
)  # fmt: skip
PASSKEY = "account/passkeys/<int:pk>/"

urlpatterns = [
    path("sign-in/", form(signing_in.SignIn), name="account_login"),
    path("sign-in/second-factor/", form(account_factors.SecondFactor), name="mfa_authenticate"),
    path("sign-in/passkey/", form(account_factors.PasskeySignIn), name="mfa_login_webauthn"),
    path("sign-in/with/<str:provider_id>/", openid.begin, name="openid_connect_login"),
    path("sign-in/with/<str:provider_id>/done/", openid.finish, name="openid_connect_callback"),
    path("sign-in/disabled/", signing_in.disabled, name="account_inactive"),
    path("sign-out/", signing_in.sign_out, name="account_logout"),
    path("account/", account_pages.account, name="account"),
    *(path("account/", account_pages.account, name=name)
      for name in ("mfa_index", "mfa_list_webauthn", "usersessions_list", "socialaccount_connections")),
    path("account/second-factor/", account_pages.second_factor, name="second_factor"),
    path("account/sessions/end/", account_pages.end, name="end_session"),
    path("account/identity/unlink/", account_pages.unlink, name="unlink_identity"),
    path("account/password/", form(account_factors.ChangePassword), name="account_change_password"),
    path("account/prove/", form(account_factors.ByPassword), name="account_reauthenticate"),
    path("account/prove/code/", form(account_factors.ByCode), name="mfa_reauthenticate"),
    path("account/prove/passkey/", form(account_factors.ByPasskey), name="mfa_reauthenticate_webauthn"),
    path("account/app/", form(account_factors.AddApp), name="mfa_activate_totp"),
    path("account/app/remove/", form(account_factors.RemoveApp), name="mfa_deactivate_totp"),
    path("account/passkeys/add/", form(account_factors.AddPasskey), name="mfa_add_webauthn"),
    path(f"{PASSKEY}remove/", form(account_factors.RemovePasskey), name="mfa_remove_webauthn"),
    path(f"{PASSKEY}rename/", form(account_factors.RenamePasskey), name="mfa_edit_webauthn"),
    path("account/recovery-codes/", account_pages.recovery_codes, name="mfa_view_recovery_codes"),
    *(path(f"account/absent/{name}/", account_pages.absent, name=name) for name in ABSENT),
]  # fmt: skip
