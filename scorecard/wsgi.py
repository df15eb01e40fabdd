"""WSGI entry point for any server; `manage.py up` serves it with granian."""

import os

from django.core.wsgi import get_wsgi_application

from scorecard.operating.memory import keep_large_blocks_apart

keep_large_blocks_apart()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scorecard.settings")
application = get_wsgi_application()
