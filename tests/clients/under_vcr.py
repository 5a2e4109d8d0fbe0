"""Runs an application under vcrpy: under_vcr.py CASSETTE SERIALIZER RECORD_MODE PROGRAM.

With `none` nothing reaches the network, and what of the cassette was not played is an error.
"""

import runpy
import sys
from pathlib import Path

import vcr

cassette, serializer, mode, program = sys.argv[1:5]
sys.path.insert(0, str(Path(program).parent))


def as_text(request):
    """botocore's headers are bytes, for which vcrpy's JSON serializer has no form: who uses it under boto3 needs this."""
    for name, value in list(request.headers.items()):
        request.headers[name] = value.decode() if isinstance(value, bytes) else value
    return request


# Bodies do not match: applications make their names and values anew. The order of the calls does it.
tape = vcr.VCR(
    serializer=serializer,
    record_mode=mode,
    match_on=["method", "host", "port", "path"],
    before_record_request=as_text if serializer == "json" else None,
).use_cassette(cassette)
with tape as played:
    runpy.run_path(program, run_name="__main__")
if mode == "none" and not played.all_played:
    sys.exit(f"{played.play_count} of {len(played)} exchanges were played")
