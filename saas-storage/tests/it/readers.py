"""Reads what was written with the clients of the vendors, and uses addresses that were signed for others."""

import hashlib
import json
import sys

import requests

what = json.load(sys.stdin)
wanted, new = what["sha256"], what["new"].encode()


def check(found, label):
    digest = hashlib.sha256(found).hexdigest()
    assert digest == wanted, f"{label}: {len(found)} bytes with {digest}"


if what["service"] == "s3":
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=what["endpoint"],
        region_name="us-east-1",
        aws_access_key_id=what["access_key"],
        aws_secret_access_key=what["secret_key"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    listed = client.list_objects_v2(Bucket=what["bucket"], Prefix=what["folder"])
    names = [entry["Key"] for entry in listed["Contents"]]
    assert names == [what["object"]], names
    got = client.get_object(Bucket=what["bucket"], Key=what["object"])
    assert got["ContentLength"] == what["size"], got
    check(got["Body"].read(), "boto3")
    part = client.get_object(Bucket=what["bucket"], Key=what["object"], Range="bytes=0-4")
    assert part["Body"].read().decode() == what["start"]
    answer = requests.put(what["put"], data=new, headers=what["headers"], timeout=10)
    assert answer.status_code == 200, answer.text
else:
    from azure.storage.blob import BlobClient, BlobServiceClient, ContentSettings

    service = BlobServiceClient(
        account_url=what["endpoint"],
        credential={"account_name": what["access_key"], "account_key": what["secret_key"]},
    )
    container = service.get_container_client(what["bucket"])
    names = list(container.list_blob_names(name_starts_with=what["folder"]))
    assert names == [what["object"]], names
    blob = container.get_blob_client(what["object"])
    assert blob.get_blob_properties().size == what["size"]
    check(blob.download_blob().readall(), "azure-storage-blob")
    assert blob.download_blob(offset=0, length=5).readall().decode() == what["start"]
    signed = BlobClient.from_blob_url(what["get"])
    check(signed.download_blob().readall(), "azure-storage-blob, signed")
    kind = ContentSettings(content_type="text/plain")
    BlobClient.from_blob_url(what["put"]).upload_blob(new, overwrite=True, content_settings=kind)

answer = requests.get(what["get"], timeout=10)
assert answer.status_code == 200, answer.text
assert answer.headers["content-disposition"].startswith("attachment"), answer.headers
check(answer.content, "signed")
# Good for reading only.
for method in (requests.put, requests.delete):
    answer = method(what["get"], data=b"overwritten", timeout=10)
    assert answer.status_code >= 400, f"{method}: {answer.status_code}"
print("read")
