#!/usr/bin/env bash
# Prints, as SQL, the tables that legacy-django.py made: legacy-django-dump.sh postgres://… > legacy-django.sql
set -euo pipefail
for table in auth_user accounts_customerprofile accounts_staffprofile django_migrations; do
  psql "$1" -qAt <<SQL
    select format('create table %I (%s);', '$table', string_agg(format('%I %s%s', attname,
      format_type(atttypid, atttypmod), case when attnotnull then ' not null' else '' end), ', ' order by attnum))
    from pg_attribute where attrelid = '$table'::regclass and attnum > 0 and not attisdropped;
    select format('alter table %I add %s;', '$table', pg_get_constraintdef(oid))
    from pg_constraint where conrelid = '$table'::regclass and contype in ('p', 'u') order by conname;
    select format('insert into %I select * from json_populate_record(null::%I, %L);', '$table', '$table', to_json(t))
    from "$table" t order by id;
SQL
done
