"""Makes the legacy site's tables with real Django, and in them one user of every password format and every finding.

    python3 legacy-django.py postgres://user:password@host:port/database

Runs on Django 3.2 to 4.2. The tables are those of the legacy models; the constraint whose absence made the repair
necessary (one profile per user) is left out, as it was in those databases.
"""
import base64
import hashlib
import sys
from datetime import date, datetime, timedelta, timezone
from urllib.parse import unquote, urlparse

import argon2
import django
from django.conf import settings

url = urlparse(sys.argv[1])
FORMATS = ["PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "Argon2PasswordHasher",
           "BCryptSHA256PasswordHasher", "BCryptPasswordHasher"]
if django.VERSION >= (4, 0):
    FORMATS.append("ScryptPasswordHasher")
settings.configure(
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": url.path[1:], "USER": unquote(url.username),
        "PASSWORD": unquote(url.password or ""), "HOST": url.hostname, "PORT": url.port,
    }},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    PASSWORD_HASHERS=["django.contrib.auth.hashers." + name for name in FORMATS],
    USE_TZ=True, TIME_ZONE="UTC", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.utils.crypto import get_random_string  # noqa: E402

PASSWORD = "Grüße, Ärger 7 violets"


class CustomerProfile(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, db_constraint=False)
    phone_number = models.CharField(max_length=20, null=True)
    address = models.TextField(null=True)
    city = models.CharField(max_length=100, null=True)
    state = models.CharField(max_length=100, null=True)
    country = models.CharField(max_length=100, null=True)
    postal_code = models.CharField(max_length=20, null=True)
    date_of_birth = models.DateField(null=True)
    is_active_customer = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        app_label = "accounts"


class StaffProfile(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, db_constraint=False)
    role = models.CharField(max_length=20)
    phone_number = models.CharField(max_length=20, null=True)
    department = models.CharField(max_length=100, null=True)
    is_active_staff = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        app_label = "accounts"


call_command("migrate", verbosity=0)
with connection.schema_editor() as editor:
    editor.create_model(CustomerProfile)
    editor.create_model(StaffProfile)

DAY_ONE = datetime(2021, 3, 4, 5, 6, 7, 891011, tzinfo=timezone.utc)
# Of everybody else, so that a test in which all of them sign in is quick.
CHEAP = "argon2" + argon2.PasswordHasher(time_cost=1, memory_cost=512, parallelism=1).hash(PASSWORD)


def user(username, email=None, password=CHEAP, seen=None, **more):
    joined = DAY_ONE + timedelta(days=User.objects.count())
    last = None if seen is None else DAY_ONE + timedelta(days=365 + seen)
    fields = {"first_name": "Ann", "last_name": username.title()[:150], **more}
    return User.objects.create(
        username=username, email=f"{username}@example.com" if email is None else email,
        password=password, date_joined=joined, last_login=last, **fields)


def profile(user_id, age=0, **fields):
    at = DAY_ONE + timedelta(days=30 - age)
    return CustomerProfile.objects.create(user_id=user_id, created_at=at, updated_at=at, **fields)


def customer(username, email=None, profile_fields=None, **more):
    made = user(username, email, **more)
    profile(made.id, **(profile_fields or {}))
    return made


def staff(username, role, active=True, **more):
    made = user(username, is_staff=True, **more)
    StaffProfile.objects.create(user_id=made.id, role=role, phone_number="+1 202 555 0143", department="Desk",
                                is_active_staff=active, created_at=DAY_ONE, updated_at=DAY_ONE)
    return made



def argon2i():
    """As Django up to 3.1 made them."""
    return "argon2" + argon2.PasswordHasher(time_cost=2, memory_cost=512, parallelism=2, type=argon2.Type.I).hash(PASSWORD)


def scrypt():
    """As Django makes them since 4.0, also where this one is older."""
    salt, n, r, p = get_random_string(22), 2 ** 14, 8, 1
    made = hashlib.scrypt(PASSWORD.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=2 ** 26, dklen=64)
    return f"scrypt${n}${salt}${r}${p}${base64.b64encode(made).decode()}"


# Every password format.
for name in ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt"]:
    customer(f"format.{name}", password=make_password(PASSWORD, hasher=name))
customer("format.argon2i", password=argon2i())
customer("format.scrypt", password=make_password(PASSWORD, hasher="scrypt") if django.VERSION >= (4, 0) else scrypt())
customer("format.unusable", password=make_password(None))
customer("format.unknown", password="md5$salt$5f4dcc3b5aa765d61d8327deb882cf99")
customer("format.damaged", password="pbkdf2_sha256$260000$salt")

# Ordinary people.
customer("whole", profile_fields=dict(
    phone_number="(202) 555-0147", address="1 Quay Street", city="Baltimore", state="Maryland",
    country="United States", postal_code="21201", date_of_birth=date(1984, 5, 27)))
staff("desk", "customer_care")
staff("manager", "manager")
staff("admin", "admin", is_superuser=True)

# Profiles.
several = user("several.profiles")
profile(several.id, age=3, phone_number="+49 30 901820", city="Berlin", address="Old Street 1")
profile(several.id, age=2, city="Hamburg", postal_code="")
profile(several.id, age=1, country="Germany", city=None)
profile(987654, phone_number="+1 202 555 0199")
user("no.profile")
wrong_customer = user("customer.with.staff.profile")
StaffProfile.objects.create(user_id=wrong_customer.id, role="manager", created_at=DAY_ONE, updated_at=DAY_ONE)
wrong_staff = staff("staff.with.customer.profile", "customer_care")
profile(wrong_staff.id, city="Boston")
user("staff.without.profile", is_staff=True)
user("superuser.without.profile", is_staff=True, is_superuser=True)
staff("unknown.role", "janitor")
staff("inactive.staff", "manager", active=False)

# Addresses and usernames.
customer("shared.early", "Shared@Example.com", seen=1)
customer("shared.late", "shared@example.com", seen=9)
customer("shared.never", "SHARED@example.com")
customer("no.address", "")
customer("bad.address", "not an address")
customer("two.addresses", "one@example.com, two@example.com")
customer("owner@example.com", "owner@example.com")
customer("whole@example.com", "impostor@example.com")
customer("only.by.username@example.com", "")
customer("Case.Folded", "folded1@example.com", seen=1)
customer("case.folded", "folded2@example.com", seen=2)
customer("nameless name", "")
customer("nobody@", "nowhere")

# What does not parse.
customer("bad.phone", profile_fields=dict(phone_number="ring twice"))
customer("bad.date", profile_fields=dict(date_of_birth=date(1812, 2, 7)))
customer("future.date", profile_fields=dict(date_of_birth=date(2999, 1, 1)))
customer("bad.country", profile_fields=dict(country="Atlantis"))
customer("long.address", profile_fields=dict(address="x" * 600))
customer("odd.name", first_name="An\u202en", last_name="Two\nlines")
customer("empty.name", first_name="", last_name="")

# Standing.
customer("inactive", is_active=False)
customer("inactive.customer", profile_fields=dict(is_active_customer=False))
