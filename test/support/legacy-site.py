"""Uses a repaired legacy database as the legacy site does, through real Django, and prints what became of it as JSON.

    python3 legacy-site.py postgres://user:password@host:port/database
"""
import json
import os
import sys
import types
from urllib.parse import unquote, urlparse

import django
from django.conf import settings

# An app without a file of its own, so that Django knows whose these models are when it deletes a user.
accounts = types.ModuleType("accounts")
accounts.__path__ = [os.path.dirname(os.path.abspath(__file__))]
sys.modules["accounts"] = accounts

url = urlparse(sys.argv[1])
settings.configure(
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": url.path[1:], "USER": unquote(url.username),
        "PASSWORD": unquote(url.password or ""), "HOST": url.hostname, "PORT": url.port,
    }},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "accounts"],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    USE_TZ=True, TIME_ZONE="UTC", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import IntegrityError, connection, models, transaction  # noqa: E402


class CustomerProfile(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE)
    phone_number = models.CharField(max_length=20, null=True)
    city = models.CharField(max_length=100, null=True)
    company = models.CharField(max_length=80, default="")
    is_active_customer = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "accounts"


class StaffProfile(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE)
    role = models.CharField(max_length=20)
    is_active_staff = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "accounts"


def refused(act):
    try:
        with transaction.atomic():
            act()
        return None
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name


# Everybody's own page: each of these raised where there were several profiles or none.
shown = sum(1 for user in User.objects.all() if (user.staffprofile if user.is_staff else user.customerprofile))

# The sign-in by address, which raised where two users had one.
signed_in = User.objects.get(email__iexact="shared@EXAMPLE.com").username

merged = User.objects.get(username="several.profiles").customerprofile
merged.city = "Bremen"
merged.save()

# The registration of the incident: the signal makes the profile, and so does the form.
new = User.objects.create_user("new.customer", "new.customer@example.com", "kettle harbour")
CustomerProfile.objects.create(user=new)
twice = refused(lambda: CustomerProfile.objects.create(user=new))
got, created = CustomerProfile.objects.get_or_create(user=new)
address = refused(lambda: User.objects.create_user("another", "NEW.customer@example.com"))
username = refused(lambda: User.objects.create_user("New.Customer", "else@example.com"))

with connection.cursor() as cursor:
    constraints = connection.introspection.get_constraints(cursor, "accounts_customerprofile")
unique = [name for name, each in constraints.items() if each["unique"] and each["columns"] == ["user_id"]]

new.delete()
print(json.dumps({
    "shown": shown, "users": User.objects.count(), "signed_in": signed_in, "city": CustomerProfile.objects.get(id=merged.id).city,
    "twice": twice, "created": created, "address": address, "username": username, "unique": unique,
    "left": CustomerProfile.objects.filter(id=got.id).count(),
}))
