"""Drives a server through one of the released client libraries: every operation that this server offers.

usage: svix_client.py SERVER TOKEN ENDPOINT_NAME
Prints a line for each step; ends with an error at the first that goes wrong.
"""

import datetime
import importlib.metadata
import json
import sys
import time

import svix.api as api
from svix.api import Svix, SvixOptions

VERSION = importlib.metadata.version("svix")
MAJOR = tuple(int(part) for part in VERSION.split(".")[:2])
SERVER, TOKEN = sys.argv[1:3]


def model(names, /, **members):
    """A model of the library, by the name that this version has for it."""
    for candidate in names.split("|"):
        if hasattr(api, candidate):
            return getattr(api, candidate)(**members)
    import svix.models as models

    for candidate in names.split("|"):
        if hasattr(models, candidate):
            return getattr(models, candidate)(**members)
    raise SystemExit(f"the library has no {names}")


def method(resource, names):
    for name in names.split("|"):
        if hasattr(resource, name):
            return getattr(resource, name)
    raise SystemExit(f"the library has no {names}")


def has(resource, name):
    return hasattr(resource, name)


def get(value, *names):
    for name in names:
        if hasattr(value, name):
            return getattr(value, name)
    raise SystemExit(f"{value} has none of {names}")


def fails(status, call, *arguments):
    try:
        call(*arguments)
    except Exception as error:  # the library's own classes differ between versions
        found = getattr(error, "status_code", None)
        assert found == status, f"{status} expected: {error!r} {found}"
        return error
    raise AssertionError(f"{status} expected, and it went well")


def whole(uid, reference):
    """A message with its payload, which newer libraries have to be asked for."""
    if hasattr(api, "MessageGetOptions"):
        return svix.message.get(uid, reference, model("MessageGetOptions", with_content=True))
    return svix.message.get(uid, reference)


def step(name):
    print("step", name, flush=True)


svix = Svix(TOKEN, SvixOptions(server_url=SERVER))
step(f"library {VERSION}")

# Applications
uid = f"school-{VERSION}"
app = svix.application.create(model("ApplicationIn", name="North School", uid=uid))
assert app.uid == uid and app.id.startswith("app_")
same = svix.application.get_or_create(model("ApplicationIn", name="Another", uid=uid))
assert same.id == app.id and same.name == "North School"
fails(409, svix.application.create, model("ApplicationIn", name="X", uid=uid))
fails(422, svix.application.create, model("ApplicationIn", name="", uid="bad-name"))
assert svix.application.get(uid).id == app.id
assert any(one.id == app.id for one in svix.application.list().data)
update = method(svix.application, "update|upsert")
assert update(uid, model("ApplicationUpsertIn|ApplicationIn", name="South School", uid=uid)).name == "South School"
if has(svix.application, "patch"):
    assert svix.application.patch(uid, model("ApplicationPatch", name="North School")).name == "North School"
made = update(f"put-{VERSION}", model("ApplicationUpsertIn|ApplicationIn", name="Put"))
assert made.uid == f"put-{VERSION}"
svix.application.delete(made.id)
fails(404, svix.application.get, made.id)
step("applications")

# Event types
kind = f"course.completed_{VERSION.replace('.', '_')}"
schema = {"1": {"type": "object", "examples": [{"course": 1}]}}
svix.event_type.create(model("EventTypeIn", name=kind, description="A course", schemas=schema))
fails(409, svix.event_type.create, model("EventTypeIn", name=kind, description=""))
assert svix.event_type.get(kind).description == "A course"
assert any(one.name == kind for one in svix.event_type.list().data)
update = method(svix.event_type, "update|upsert")
assert update(kind, model("EventTypeUpdate|EventTypeUpsertIn", description="Updated", schemas=schema)).description == "Updated"
if has(svix.event_type, "patch"):
    assert svix.event_type.patch(kind, model("EventTypePatch", description="Patched")).description == "Patched"
gone = f"gone.{VERSION.replace('.', '_')}"
svix.event_type.create(model("EventTypeIn", name=gone, description=""))
svix.event_type.delete(gone)
assert svix.event_type.get(gone).archived
step("event types")

# Messages
payload = {"course": 12, "user": "u9"}
message = svix.message.create(uid, model("MessageIn", event_type=kind, event_id="m1", payload=payload, channels=["eu"]))
# Newer libraries ask for the answer without the payload.
assert message.id.startswith("msg_") and message.payload in (payload, {}) and message.event_id == "m1"
fails(409, svix.message.create, uid, model("MessageIn", event_type=kind, event_id="m1", payload=payload))
fails(404, svix.message.create, "nobody", model("MessageIn", event_type=kind, payload=payload))
assert svix.message.get(uid, "m1").id == message.id
assert whole(uid, message.id).payload == payload
assert [one.id for one in svix.message.list(uid).data] == [message.id]
step("messages")

# Endpoints: those of the file
endpoints = svix.endpoint.list(uid).data
endpoint = next(one for one in endpoints if one.metadata["webhooks.name"] == "crm")
assert svix.endpoint.get(uid, endpoint.id).url == endpoint.url
svix.endpoint.get_headers(uid, endpoint.id)
fails(403, svix.endpoint.get_secret, uid, endpoint.id)
fails(403, svix.endpoint.delete, uid, endpoint.id)
stats = svix.endpoint.get_stats(uid, endpoint.id)
assert get(stats, "success") >= 0
example = svix.endpoint.send_example(uid, endpoint.id, model("EventExampleIn", event_type=kind))
assert whole(uid, example.id).payload == {"course": 1}
since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
svix.endpoint.recover(uid, endpoint.id, model("RecoverIn", since=since))
if has(svix.endpoint, "transformation_get"):
    assert svix.endpoint.transformation_get(uid, endpoint.id).enabled is False
step("endpoints")

# Attempts
attempts = []
while not attempts:
    attempts = svix.message_attempt.list_by_msg(uid, message.id).data
    time.sleep(0.01)
attempt = attempts[0]
assert attempt.msg_id == message.id and attempt.endpoint_id == endpoint.id
assert int(getattr(attempt.status, "value", attempt.status)) == 0
assert svix.message_attempt.get(uid, message.id, attempt.id).id == attempt.id
assert any(one.id == attempt.id for one in svix.message_attempt.list_by_endpoint(uid, endpoint.id).data)
assert any(one.id == message.id for one in svix.message_attempt.list_attempted_messages(uid, endpoint.id).data)
assert any(one.id == endpoint.id for one in svix.message_attempt.list_attempted_destinations(uid, message.id).data)
svix.message_attempt.resend(uid, message.id, endpoint.id)
while len(svix.message_attempt.list_by_msg(uid, message.id).data) < 2:
    time.sleep(0.01)
again = svix.message_attempt.list_by_msg(uid, message.id).data[0]
assert int(getattr(again.trigger_type, "value", again.trigger_type)) == 1
step("attempts")

# Pages, back and forth
for number in range(5):
    svix.message.create(uid, model("MessageIn", event_type=kind, event_id=f"page-{number}", payload={}))
options = model("MessageListOptions", limit=2)
page = svix.message.list(uid, options)
seen = [one.event_id for one in page.data]
while not page.done:
    page = svix.message.list(uid, model("MessageListOptions", limit=2, iterator=page.iterator))
    seen += [one.event_id for one in page.data]
assert seen[:5] == [f"page-{number}" for number in (4, 3, 2, 1, 0)], seen
step("pages")

# Erasing
while True:
    try:
        svix.message.expunge_content(uid, message.id)
        break
    except Exception as error:
        assert getattr(error, "status_code", None) == 409, error
        time.sleep(0.01)
assert whole(uid, message.id).payload == {"expired": True}
step("erasing")

# Tokens
access = svix.authentication.app_portal_access(uid, model("AppPortalAccessIn"))
tenant = Svix(access.token, SvixOptions(server_url=SERVER))
assert tenant.application.get(uid).id == app.id
fails(403, tenant.application.list)
fails(404, tenant.application.get, "school-other")
tenant.authentication.logout()
fails(401, tenant.application.get, uid)
if has(svix.authentication, "expire_all"):
    expire = [uid, model("ApplicationTokenExpireIn")] if hasattr(api, "ApplicationTokenExpireIn") else [uid]
    try:
        svix.authentication.expire_all(*expire)
    except TypeError:
        svix.authentication.expire_all(uid)
wrong = fails(401, Svix("eyJ.jwt.secret", SvixOptions(server_url=SERVER)).application.list)
step("tokens")

if has(svix, "background_task"):
    tasks = svix.background_task.list().data
    assert any(get(one, "task") for one in tasks)
    svix.background_task.get(tasks[0].id)
    step("background tasks")
if has(svix, "health"):
    svix.health.get()
    step("health")

svix.application.delete(uid)
fails(404, svix.application.get, uid)
step("done")
