"""A backend that isn't ours: emits within its own transactions, by psycopg.

Takes a URL and the store's schema, and prints what it saw as one JSON object.
"""

import json
import sys
from datetime import datetime, timedelta, timezone

import psycopg

url, schema = sys.argv[1], sys.argv[2]
emit = f"SELECT {schema}.emit(topic => %(topic)s, data => %(data)s, id => %(id)s, tenant => %(tenant)s)"


def course(connection, name, topic="course.created"):
    connection.execute(f"INSERT INTO {schema}_host.courses VALUES (%s)", [name])
    row = connection.execute(
        emit, {"topic": topic, "data": '{"name":"Café \\u0000","n":1.50}', "id": name, "tenant": "school-42"}
    ).fetchone()
    return row[0]


with psycopg.connect(url, autocommit=True) as connection:
    connection.execute(f"CREATE SCHEMA {schema}_host")
    connection.execute(f"CREATE TABLE {schema}_host.courses (name text)")

seen = {}
with psycopg.connect(url) as connection:
    seen["committed"] = course(connection, "committed")

with psycopg.connect(url) as connection:
    seen["rolledBack"] = course(connection, "rolled-back")
    connection.rollback()

with psycopg.connect(url) as connection:
    try:
        course(connection, "refused", topic="Course Created")
    except psycopg.Error as error:
        seen["refused"] = [error.sqlstate, error.diag.message_primary]

with psycopg.connect(url) as connection:
    due = datetime.now(timezone.utc) + timedelta(hours=1)
    seen["later"] = connection.execute(
        f"SELECT {schema}.emit('payment.reminder', '{{}}', deliver_at => %s)", [due]
    ).fetchone()[0]

with psycopg.connect(url) as connection:
    seen["cancelled"] = [
        connection.execute(f"SELECT {schema}.cancel(%s)", [seen["later"]]).fetchone()[0] for _ in range(2)
    ]

with psycopg.connect(url, autocommit=True) as connection:
    seen["courses"] = [row[0] for row in connection.execute(f"SELECT name FROM {schema}_host.courses")]
    connection.execute(f"DROP SCHEMA {schema}_host CASCADE")

print(json.dumps(seen))
