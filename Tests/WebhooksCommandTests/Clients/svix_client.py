"""Drives a server through one of the released client libraries: every operation that this server offers.

usage: svix_client.py SERVER TOKEN ENDPOINT_NAME
Prints a line for each step; ends with an error at the first that goes wrong.
"""

import datetime
import http.server
import importlib.metadata
import json
import queue
import sys
import threading
import time

import svix.api as api
from svix.api import Svix, SvixOptions
from svix.webhooks import Webhook, WebhookVerificationError

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


class Receiver:
    """A receiver on this machine: keeps what comes, and answers as it is told."""

    def __init__(self):
        self.requests = queue.Queue()
        self.status = 204
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.requests.put((self.path, dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self):
        return self.requests.get(timeout=60)


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

# Endpoints of the application's own, with what they receive
receiver = Receiver()
others = f"user.created_{VERSION.replace('.', '_')}"
svix.event_type.create(model("EventTypeIn", name=others, description=""))
types = "event_types" if MAJOR >= (2, 0) else "filter_types"
own = svix.endpoint.create(
    uid,
    model("EndpointIn", url=f"{receiver.url}/in", uid="crm", description="CRM", **{types: [kind]}, channels=["us"], version=1),
)
assert own.id.startswith("ep_") and own.uid == "crm" and own.description == "CRM" and own.channels == ["us"]
assert getattr(own, types) == [kind]
fails(409, svix.endpoint.create, uid, model("EndpointIn", url="https://a.example", uid="crm", version=1))
fails(422, svix.endpoint.create, uid, model("EndpointIn", url="https://169.254.169.254/", version=1))
fails(422, svix.endpoint.create, uid, model("EndpointIn", url="https://a.example", version=1, **{types: ["nobody.knows"]}))
assert svix.endpoint.get(uid, "crm").id == own.id
assert any(one.id == own.id for one in svix.endpoint.list(uid).data)
secret = svix.endpoint.get_secret(uid, "crm").key
assert secret.startswith("whsec_")


def send(payload, **members):
    return svix.message.create(uid, model("MessageIn", event_type=kind, payload=payload, channels=["us"], **members))


def received(keys):
    """The next request, and what it says by the library's own reading of it, with each of the keys."""
    path, headers, body = receiver.next()
    for key in keys:
        # Newer ones give nothing back.
        assert Webhook(key).verify(body, headers) in (None, json.loads(body))
    return headers, body


sent = send({"n": 1, "of": "own"})
headers, body = received([secret])
# The payload as it was sent, and no envelope.
assert json.loads(body) == {"n": 1, "of": "own"}, body
assert {name.lower(): value for name, value in headers.items()}["svix-id"] == sent.id
wrong = "whsec_" + "A" * 32
try:
    Webhook(wrong).verify(body, headers)
    raise AssertionError("a wrong secret verifies")
except WebhookVerificationError:
    pass
# Another topic isn't for it, nor another channel.
svix.message.create(uid, model("MessageIn", event_type=others, payload={"n": 2}, channels=["us"]))
svix.message.create(uid, model("MessageIn", event_type=kind, payload={"n": 2}, channels=["eu"]))
rotated = svix.endpoint.rotate_secret(uid, "crm", model("EndpointSecretRotateIn"))
fresh = svix.endpoint.get_secret(uid, "crm").key
assert fresh != secret and (MAJOR < (2, 7) or rotated.key == fresh)
send({"n": 3})
# Both verify until the old one's grace is over.
headers, body = received([secret, fresh])
assert json.loads(body) == {"n": 3}, body
set_headers = method(svix.endpoint, "headers_update|update_headers|set_headers")
set_headers(uid, "crm", model("EndpointHeadersIn|EndpointSetHeadersIn", headers={"X-Tenant": "North", "Authorization": "Bearer t"}))
assert svix.endpoint.get_headers(uid, "crm").headers == {"X-Tenant": "North"}
assert [name.lower() for name in svix.endpoint.get_headers(uid, "crm").sensitive] == ["authorization"]
send({"n": 4})
headers, body = received([fresh])
assert json.loads(body) == {"n": 4} and headers["X-Tenant"] == "North" and headers["Authorization"] == "Bearer t", headers
patch_headers = method(svix.endpoint, "headers_patch|patch_headers")
patch_headers(uid, "crm", model("EndpointHeadersPatchIn", headers={"X-Tenant": "South"}))
assert svix.endpoint.get_headers(uid, "crm").headers == {"X-Tenant": "South"}
update = method(svix.endpoint, "update|upsert")
changed = update(
    uid,
    "crm",
    model("EndpointUpdate|EndpointUpsertIn", url=f"{receiver.url}/two", uid="crm", version=2, channels=["us"]),
)
assert changed.id == own.id and getattr(changed, types) is None
send({"n": 5})
path, headers, body = receiver.next()
assert path == "/two" and headers["X-Tenant"] == "South" and json.loads(body) == {"n": 5}
if has(svix.endpoint, "patch"):
    assert svix.endpoint.patch(uid, "crm", model("EndpointPatch", disabled=True)).disabled
    assert svix.endpoint.get(uid, "crm").disabled
    send({"n": 6})
    assert not svix.endpoint.patch(uid, "crm", model("EndpointPatch", disabled=False)).disabled
    send({"n": 7})
    assert json.loads(receiver.next()[2]) == {"n": 7}
example = svix.endpoint.send_example(uid, "crm", model("EventExampleIn", event_type=kind))
assert json.loads(receiver.next()[2]) == {"course": 1}
made = svix.endpoint.create(uid, model("EndpointIn", url=f"{receiver.url}/late", uid="late", version=1))
if has(svix.endpoint, "replay_missing"):
    # It is younger than what was sent before.
    since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    svix.endpoint.replay_missing(uid, "late", model("ReplayIn", since=since))
    path, headers, body = receiver.next()
    assert path == "/late", path
    Webhook(svix.endpoint.get_secret(uid, "late").key).verify(body, headers)
svix.endpoint.delete(uid, "late")
fails(404, svix.endpoint.get, uid, "late")
stats = svix.endpoint.get_stats(uid, "crm")
assert get(stats, "success") >= 4, stats
if has(svix.endpoint, "get_attempt_stats"):
    assert get(svix.endpoint.get_attempt_stats(uid, "crm"), "success") >= 4
if has(svix.endpoint, "bulk_replay"):
    since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    svix.endpoint.bulk_replay(uid, "crm", model("BulkReplayIn", since=since, event_types=[kind], status=0))
    while True:
        # What replay_missing still brings goes to another path.
        path, _, body = receiver.next()
        if path == "/two" and json.loads(body) == {"n": 1, "of": "own"}:
            break
transformation = getattr(svix.endpoint, "transformation", None)
if transformation is not None and has(transformation, "get"):
    assert transformation.get(uid, "crm").enabled is False
elif has(svix.endpoint, "transformations_get"):
    assert svix.endpoint.transformations_get(uid, "crm").enabled is False
svix.endpoint.delete(uid, "crm")
fails(404, svix.endpoint.get_secret, uid, "crm")
step("own endpoints")

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
def attempts_of_file():
    """Those of the file's endpoint: another one got the message, too."""
    every = svix.message_attempt.list_by_msg(uid, message.id).data
    return [one for one in every if one.endpoint_id == endpoint.id]


attempts = []
while not attempts:
    attempts = attempts_of_file()
    time.sleep(0.01)
attempt = attempts[0]
assert attempt.msg_id == message.id and attempt.endpoint_id == endpoint.id
assert int(getattr(attempt.status, "value", attempt.status)) == 0
assert svix.message_attempt.get(uid, message.id, attempt.id).id == attempt.id
assert any(one.id == attempt.id for one in svix.message_attempt.list_by_endpoint(uid, endpoint.id).data)
assert any(one.id == message.id for one in svix.message_attempt.list_attempted_messages(uid, endpoint.id).data)
assert any(one.id == endpoint.id for one in svix.message_attempt.list_attempted_destinations(uid, message.id).data)
svix.message_attempt.resend(uid, message.id, endpoint.id)
while len(attempts_of_file()) < 2:
    time.sleep(0.01)
again = attempts_of_file()[0]
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
if has(svix, "statistics") and has(svix.statistics, "aggregate_app_stats"):
    now = datetime.datetime.now(datetime.timezone.utc)
    span = model("AppUsageStatsIn", since=now - datetime.timedelta(days=1), until=now, app_ids=[uid, "nobody"])
    begun = svix.statistics.aggregate_app_stats(span)
    assert get(begun, "unresolved_app_ids") == ["nobody"] and str(get(begun, "task")) == "application.stats", begun
    step("statistics")
if has(svix, "health"):
    svix.health.get()
    step("health")

svix.application.delete(uid)
fails(404, svix.application.get, uid)
step("done")
