"""Has schemathesis make requests of the API's own description: good ones and bad ones, against what is there.

usage: description_fuzz.py SCHEMATHESIS SERVER TOKEN SECONDS
Ends with the tool's status. Works in the current folder.
"""

import json
import subprocess
import sys
import urllib.request

TOOL, SERVER, TOKEN, SECONDS = sys.argv[1:]
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# A stream has no end, and without these three everything else would soon be unknown.
LEFT_OUT = ["webhooks.stream-deliveries", "v1.application.delete", "v1.endpoint.delete", "v1.message.expunge-content"]


def post(path, body):
    request = urllib.request.Request(
        f"{SERVER}/api/v1{path}", json.dumps(body).encode(), {"Authorization": f"Bearer {TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["id"]


app = post("/app", {"name": "Fuzzed"})
endpoint = post(f"/app/{app}/endpoint", {"url": "https://receiver.example/"})
message = post(f"/app/{app}/msg", {"eventType": "course.completed", "payload": {"n": 1}})
with open("schemathesis.toml", "w") as file:
    file.write(f'[parameters]\n"path.app_id" = "{app}"\n"path.endpoint_id" = "{endpoint}"\n"path.msg_id" = "{message}"\n')
command = [TOOL, "run", f"{SERVER}/api/v1/openapi.json", "--url", SERVER, "-H", f"Authorization: Bearer {TOKEN}"]
command += ["--no-color", "--phases", "coverage,fuzzing", "--max-time", SECONDS, "--request-timeout", "20"]
command += ["--generation-deterministic", "--warnings", "off", "--suppress-health-check", "all", "--checks", CHECKS]
for name in LEFT_OUT:
    command += ["--exclude-operation-id", name]
sys.exit(subprocess.run(command).returncode)
